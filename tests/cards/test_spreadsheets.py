"""csv and xlsx are read as streams, whatever wrote them, and hostile files are refused."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from domain.cards.importing.rows import Cell, UnreadableFile
from persistence.spreadsheets import open_sheet
from tests.cards.workbooks import MAIN, sheet, workbook


def read(content: bytes | io.BytesIO) -> list[tuple[int, Sequence[Cell]]]:
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    return [(row, list(cells)) for row, cells in open_sheet(source).rows]


def problem(content: bytes | io.BytesIO) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read(content)
    assert refused.value.field == ["file"]
    return refused.value.problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_is_read_in_every_encoding_of_the_trade(encoding: str, end: str) -> None:
    text = end.join(["卡号,卡密", "001,甲", "", '"a,""b",乙'])
    assert read(text.encode(encoding)) == [
        (1, ["卡号", "卡密"]),
        (2, ["001", "甲"]),
        (3, []),
        (4, ['a,"b', "乙"]),
    ]


def test_an_encoding_is_told_by_the_whole_file_not_its_beginning() -> None:
    plain = "code,note\n" + "AB12CD34,x\n" * 20_000
    for encoding in ("utf-8", "gb18030"):
        rows = read((plain + "AB12CD34,最后\n").encode(encoding))
        assert rows[-1] == (20_002, ["AB12CD34", "最后"])
    four_bytes = "卡密,备注\nA,\U0002070e\n"
    assert read(four_bytes.encode("gb18030"))[1] == (2, ["A", "\U0002070e"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_cuts_evenly(delimiter: str) -> None:
    text = f'标题\n卡号{delimiter}卡密\n1{delimiter}"a,b;c\td"\n'
    assert [cells for _, cells in read(text.encode())] == [["标题"], ["卡号", "卡密"], ["1", "a,b;c\td"]]


def test_one_column_needs_no_delimiter() -> None:
    assert read(b"link\nhttps://a.example/x?a=1;b=2\n") == [
        (1, ["link"]),
        (2, ["https://a.example/x?a=1;b=2"]),
    ]


def test_a_quote_that_never_closes_does_not_swallow_the_rest() -> None:
    assert (
        problem(b'code,note\nA,"x\nB,y\nC,z\n') == "the quotes in row 2 do not match, or a cell is too long"
    )


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls or has a password"),
        (b"%PDF-1.7", "PDF"),
        (b"\xff\xfec\x00o\x00", "UTF-16"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"code\n\xff\xff\xff\n", "neither xlsx nor text"),
        (b"PK\x03\x04 and then nothing", "damaged"),
    ],
)
def test_what_is_neither_is_refused_by_name(start: bytes, words: str) -> None:
    assert words in problem(start)


def test_cells_keep_their_kind_and_place() -> None:
    strings = "<si><t>卡密</t></si><si><r><t>A</t></r><r><t>B</t></r><rPh><t>guide</t></rPh></si>"
    rows = (
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c></row>'
        '<row r="5"><c r="A5"><v>46568</v></c><c r="B5" t="n"><v>1.2345678901234568E+16</v></c>'
        '<c r="C5"><v>1.5</v></c><c r="D5" t="b"><v>1</v></c>'
        '<c r="E5" t="str"><f>A1</f><v>x_x0009_y</v></c></row>'
        '<row><c t="inlineStr"><is><t xml:space="preserve"> a </t></is></c>'
        "<c><v>1.23456789012E11</v></c></row>"
    )
    assert read(workbook(rows, strings)) == [
        (2, ["卡密", None, "AB"]),
        (5, [46568, Decimal("1.2345678901234568E+16"), Decimal("1.5"), True, "x\ty"]),
        (6, [" a ", 123456789012]),
    ]


def test_a_prefix_on_every_element_changes_nothing() -> None:
    rows = '<x:row r="1"><x:c r="A1" t="str"><x:v>a</x:v></x:c></x:row>'
    part = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    assert read(workbook("", **{"xl/worksheets/sheet1.xml": part})) == [(1, ["a"])]


def test_the_first_sheet_that_people_see_is_read() -> None:
    book = '<sheet name="h" state="hidden" r:id="rId1"/><sheet name="v" r:id="rId2"/>'
    assert read(workbook('<row r="1"><c t="str"><v>first</v></c></row>', book=book)) == [(1, ["second"])]
    assert "no visible sheet" in problem(workbook("", book='<sheet name="h" state="hidden" r:id="rId1"/>'))


def test_what_another_program_writes_is_read_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    active = book.active
    assert active is not None
    for row in (["卡号", "卡密"], ["00123", 42], [None, "x"], [1.5, True]):
        active.append(row)
    book.save(tmp_path / "cards.xlsx")
    with (tmp_path / "cards.xlsx").open("rb") as file:
        rows = [(row, list(cells)) for row, cells in open_sheet(file).rows]
    assert rows == [(1, ["卡号", "卡密"]), (2, ["00123", 42]), (3, [None, "x"]), (4, [Decimal("1.5"), True])]


def test_a_number_of_any_size_costs_nothing_to_read() -> None:
    rows = "".join(f"<row><c><v>{raw}</v></c></row>" for raw in ("1E+999999999", "1E-99999", "NaN", "12E2"))
    huge = [Decimal("1E+999999999"), Decimal("1E-99999"), "NaN", 1200]
    assert [cells for _, cells in read(workbook(rows))] == [[cell] for cell in huge]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('<row r="5"/><row r="3"/>', "out of order after row 5"),
        ('<row r="9999999"/>', "out of order"),
        ('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>', "out of order"),
        ('<row r="1"><c t="s"><v>7</v></c></row>', "damaged"),
        ("<row><c>", "damaged"),
        (f'<row><c t="str"><v>{"x" * 40_000}</v></c></row>', "longer than any"),
    ],
)
def test_a_broken_sheet_is_refused(rows: str, words: str) -> None:
    assert words in problem(workbook(rows))


def test_entities_are_refused_before_they_expand() -> None:
    bomb = f'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>{sheet("<row><c><v>&b;</v></c></row>")}'
    assert "document type" in problem(workbook("", **{"xl/worksheets/sheet1.xml": bomb}))


def test_a_bomb_is_refused_by_what_it_declares() -> None:
    assert "far more" in problem(workbook(" " * (1 << 25)))


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    assert "no visible sheet" in problem(workbook("", book=""))
    assert ".xlsb" in problem(workbook("", **{"xl/workbook.bin": "x"}))
    old_dates = '<x><workbookPr date1904="1"/></x>'
    assert "1904" in problem(workbook("", **{"xl/workbook.xml": old_dates}))


def test_progress_goes_from_nothing_to_all() -> None:
    rows = "".join(f'<row r="{n}"><c t="str"><v>{n:09}</v></c></row>' for n in range(1, 5001))
    for source in (workbook(rows), io.BytesIO(b"code\n" + b"12345678\n" * 50_000)):
        opened = open_sheet(source)
        next(opened.rows)
        assert 0 < opened.percent_read() < 100
        assert sum(1 for _ in opened.rows) > 0
        assert opened.percent_read() == 100


def test_reading_costs_memory_for_the_strings_and_not_for_the_rows() -> None:
    strings = "".join(f"<si><t>{n:016}</t></si>" for n in range(50_000))
    rows = "".join(f'<row r="{n + 1}"><c t="s"><v>{n}</v></c></row>' for n in range(50_000))
    source = workbook(rows, strings)
    tracemalloc.start()
    assert sum(1 for _ in open_sheet(source).rows) == 50_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 50,000 strings of 16 bytes with 4 bytes each for where they end, and the blocks under way.
    assert peak < 4_000_000
