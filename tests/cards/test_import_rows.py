"""Cells, columns and reasons of an import, one sentence each."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.cards.importing.cleaning import clean
from domain.cards.importing.duplicates import SeenDigests
from domain.cards.importing.formats import CardForm, ImportFormat, secret_identity
from domain.cards.importing.headers import SEARCHED_ROWS
from domain.cards.importing.rows import Accepted, Cell, ColumnsNotFound, Reason
from domain.refusals import InvalidInput

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = ImportFormat.of(CardForm.KEY, "[A-Z0-9]{8}")
DIGITS = ImportFormat.of(CardForm.KEY, r"\d{8}")
NUMBERED = ImportFormat.of(CardForm.NUMBER_AND_KEY)
LINK = ImportFormat.of(CardForm.LINK)

Outcome = str | Reason


def outcomes(format: ImportFormat, *rows: list[Cell], **mapping: str | None) -> list[Outcome]:
    cleaned = clean(enumerate(rows, 1), format, NOW, mapping)
    return [row.secret.reveal() if isinstance(row, Accepted) else row.reason for row in cleaned]


def one(cell: Cell, format: ImportFormat = KEY) -> Outcome:
    return outcomes(format, ["secret", "note"], [cell, "x"])[0]


@pytest.mark.parametrize(
    "written",
    [
        "AB12CD34",
        "ab12cd34",
        " AB12-CD34 ",
        "AB12–CD34",
        "AB12\u00a0CD34\u200b",
        "\ufeffＡＢ１２ＣＤ３４\t",
        '="AB12CD34"',
        "'AB12CD34",
        "＇AB12CD34",
        '"AB12CD34"',
        "“AB12CD34”",
    ],
)
def test_a_code_is_cleaned_of_what_spreadsheets_and_people_add(written: str) -> None:
    assert one(written) == "AB12CD34"


@pytest.mark.parametrize(
    "written", ["AB12CD3", "AB12CD345", "AB12CD3!", "AB12\x00CD34", "AB12\x07CD34", "①B12CD34"]
)
def test_a_code_that_is_no_such_code_is_refused(written: str) -> None:
    assert one(written) is Reason.BAD_FORMAT


@pytest.mark.parametrize(
    "cell",
    [
        "1.23E+19",
        "9.46951E+16",
        "1e+16",
        "1.5E16",
        "12345678.0",
        "#######",
        "#N/A",
        Decimal("1.23E+19"),
        10**16,
        True,
    ],
)
def test_a_code_that_went_through_a_number_is_refused(cell: Cell) -> None:
    assert one(cell, DIGITS) is Reason.DAMAGED_BY_SPREADSHEET


def test_a_code_with_an_e_between_digits_is_no_number() -> None:
    assert one("12345E67") == "12345E67"


def test_a_whole_number_is_taken_only_where_the_pattern_says_how_many_digits() -> None:
    assert one(12345678, DIGITS) == "12345678"
    assert one(1234567, DIGITS) is Reason.DAMAGED_BY_SPREADSHEET
    assert one(12345678, ImportFormat.of(CardForm.KEY)) is Reason.DAMAGED_BY_SPREADSHEET


def test_a_pattern_with_lower_case_or_hyphens_keeps_them() -> None:
    assert one("aB3-dE6", ImportFormat.of(CardForm.KEY, "[A-Za-z0-9]{6}")) == "aB3dE6"
    assert one("ab3-de6", ImportFormat.of(CardForm.KEY, "[A-Z0-9]{3}-[A-Z0-9]{3}")) == "AB3-DE6"


@pytest.mark.parametrize("cell", [None, "", "  ", "\u200b", "'", '=""', "--"])
def test_a_row_without_its_secret_says_so(cell: Cell) -> None:
    assert one(cell) is Reason.MISSING_SECRET


def test_blank_rows_are_passed_over_and_keep_their_place() -> None:
    rows = clean(enumerate([["卡密"], [], ["", None], ["AB12CD34"]], 1), KEY, NOW)
    assert [row.row for row in rows] == [4]


def test_a_row_has_the_first_of_its_reasons() -> None:
    header: list[Cell] = ["卡号", "卡密", "有效期至"]
    assert outcomes(
        NUMBERED,
        header,
        ["", "", "soon"],
        ["", "AB12CD34", "soon"],
        ["1.2E+16", "?", "soon"],
        ["10001", "?", "soon"],
        ["10001", "AB12CD34", "soon"],
        ["10001", "AB12CD34", "2020-01-01"],
        ["10001", "AB12CD34", "2030-01-01"],
        ["10001", "ZZ12CD34", "2030-01-01"],
        ["10002", "AB12-cd34", "2030-01-01"],
    ) == [
        Reason.MISSING_SECRET,
        Reason.MISSING_NUMBER,
        Reason.DAMAGED_BY_SPREADSHEET,
        Reason.BAD_FORMAT,
        Reason.BAD_DATE,
        Reason.EXPIRED,
        "AB12CD34",
        Reason.DUPLICATE_IN_FILE,
        Reason.DUPLICATE_IN_FILE,
    ]


def test_a_refused_row_does_not_make_the_good_one_below_a_duplicate() -> None:
    header: list[Cell] = ["code", "expiry"]
    assert outcomes(KEY, header, ["AB12CD34", "?"], ["AB12CD34", ""]) == [Reason.BAD_DATE, "AB12CD34"]


def test_short_pins_may_repeat_under_different_numbers() -> None:
    assert outcomes(NUMBERED, ["number", "pin"], ["10001", "1234"], ["10002", "1234"]) == ["1234", "1234"]
    assert secret_identity("1234", "10001") != secret_identity("1234", "10002")
    assert secret_identity("12345678", "10001") == secret_identity("12345678", "10002")


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        (" HTTPS://Movie.Example.com/R/aB ", "https://movie.example.com/R/aB"),
        ("https://movie.example.com/r?t=1", "https://movie.example.com/r?t=1"),
        ("https://m.example.com/券/1", "https://m.example.com/券/1"),
        ("http://movie.example.com/r/1", Reason.INSECURE_LINK),
        ("http://user@movie.example.com/r/1", Reason.BAD_LINK),
        ("https://user:p@movie.example.com/r/1", Reason.BAD_LINK),
        ("https://movie.example.com/", Reason.BAD_LINK),
        ("https://localhost/r/1", Reason.BAD_LINK),
        ("https://10.0.0.1/r/1", Reason.BAD_LINK),
        ("https://movie.example.com:99999/r/1", Reason.BAD_LINK),
        ("https://movie.example.com\\@evil.example/r", Reason.BAD_LINK),
        ("https://movie.example.com/r/1 2", Reason.BAD_LINK),
        ("https://movie.example.com/\x00", Reason.BAD_LINK),
        ("https://[::1/r", Reason.BAD_LINK),
        ("javascript:alert(1)//movie.example.com", Reason.BAD_LINK),
        ("data:text/html,x", Reason.BAD_LINK),
        ("movie.example.com/r/1", Reason.BAD_LINK),
        (12345678, Reason.BAD_LINK),
    ],
)
def test_a_link_is_one_that_a_buyer_can_open_safely(written: Cell, outcome: Outcome) -> None:
    assert one(written, LINK) == outcome


def test_links_that_differ_in_case_of_the_path_are_two_cards() -> None:
    rows: list[list[Cell]] = [
        ["链接"],
        ["https://a.example/x"],
        ["https://A.example/x"],
        ["https://a.example/X"],
    ]
    assert outcomes(LINK, *rows) == ["https://a.example/x", Reason.DUPLICATE_IN_FILE, "https://a.example/X"]


def test_a_link_cut_in_two_by_its_own_delimiter_is_refused() -> None:
    link = "https://a.example/x?a=1"
    assert outcomes(LINK, ["link"], [link, "b=2"], [link, ""]) == [Reason.BAD_LINK, link]
    assert outcomes(LINK, ["link", "note"], [link, "b", "c"]) == [link]


@pytest.mark.parametrize(
    "header",
    ["卡密", "兑换码", " 激活码 ", "密码", "Secret", "CODE", "Card Key", "pin", "【卡密】", "cd_key"],
)
def test_headers_are_known_in_both_languages(header: str) -> None:
    assert outcomes(KEY, ["x"], ["no", header], ["1", "AB12CD34"]) == ["AB12CD34"]


def test_the_surer_of_two_names_is_the_secret() -> None:
    assert outcomes(KEY, ["序列号", "卡密"], ["1", "AB12CD34"]) == ["AB12CD34"]
    assert outcomes(KEY, ["序列号"], ["AB12CD34"]) == ["AB12CD34"]
    link = "https://a.example/x"
    assert outcomes(LINK, ["提取", "密码", "链接"], ["", "8842", link]) == [link]


def test_two_columns_for_one_role_need_a_mapping() -> None:
    rows: list[list[Cell]] = [["卡密", "密码"], ["AB12CD34", "ZZ12CD34"]]
    with pytest.raises(ColumnsNotFound) as refused:
        outcomes(KEY, *rows)
    assert refused.value.message == (
        "2 columns could be the secret; say which in columns. Found: 卡密, 密码. "
        "Expected: 卡密 / secret for the secret, 有效期至 / expires_at for the expiry (optional)."
    )
    assert refused.value.field == ["columns"]
    assert outcomes(KEY, *rows, secret="密码") == ["ZZ12CD34"]


def test_a_mapped_column_must_be_there() -> None:
    with pytest.raises(ColumnsNotFound):
        outcomes(KEY, ["卡密"], ["AB12CD34"], secret="voucher")
    with pytest.raises(ColumnsNotFound):
        outcomes(KEY, ["卡密"], ["AB12CD34"], expiresAt="until")


def test_a_file_without_header_is_refused_without_repeating_a_card() -> None:
    for row in (["AB12CD34", "卡密AB12CD34"], ["canary", "ab12cd34"], ["https://a.example/canary"]):
        with pytest.raises(ColumnsNotFound) as refused:
            outcomes(NUMBERED, list(row))
        assert "12CD" not in refused.value.message.upper()
        assert "canary" not in refused.value.message
        assert "column 1" in refused.value.message


def test_the_header_is_not_looked_for_forever() -> None:
    titles: list[list[Cell]] = [["标题"]] * (SEARCHED_ROWS - 1)
    assert outcomes(KEY, *titles, ["卡密"], ["AB12CD34"]) == ["AB12CD34"]
    with pytest.raises(ColumnsNotFound):
        outcomes(KEY, ["标题"], *titles, ["卡密"], ["AB12CD34"])
    with pytest.raises(ColumnsNotFound):
        outcomes(KEY)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "[A-Z]+",
        r"\w{4}",
        "a*",
        ".",
        "A|",
        "^A$",
        "[^A]{4}",
        "[Z-A]{4}",
        "[A-Z]{0}",
        "[A-Z]{999}",
        "[A-Z]{9,4}",
        "card:[A-Z]{4}",
        r"\d{1,9}\d{1,9}\d{1,9}",
        r"\d{4} \d{4}",
        r"secret:\d{4} secret:\d{5}",
    ],
)
def test_a_pattern_that_is_not_plain_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ImportFormat.of(CardForm.NUMBER_AND_KEY, pattern)
    assert refused.value.field == ["secretPattern"]


def test_a_pattern_belongs_to_its_form() -> None:
    assert ImportFormat.of(CardForm.KEY, "") == ImportFormat.of(CardForm.KEY)
    assert one("GIFT-00001234", ImportFormat.of(CardForm.KEY, r"[0-9A-F]{8}|GIFT\d{8}")) == "GIFT00001234"
    with pytest.raises(InvalidInput):
        ImportFormat.of(CardForm.LINK, r"\d{4}")
    with pytest.raises(InvalidInput):
        ImportFormat.of(CardForm.KEY, r"number:\d{4}")


def test_a_hundred_thousand_cards_are_remembered_exactly_in_a_megabyte() -> None:
    seen = SeenDigests()
    assert all(seen.first_time(f"card {n}") for n in range(100_000))
    assert not any(seen.first_time(f"card {n}") for n in range(0, 100_000, 7))
    assert seen.first_time("another")
