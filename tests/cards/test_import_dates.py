"""Expiry dates as the trade writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cards.importing.dates import SHANGHAI, expiry
from domain.cards.importing.rows import Cell, Reason, RowRefused

NEW_YEAR = datetime(2027, 12, 31, 15, 59, 59, tzinfo=UTC)
days = st.dates(date(2000, 1, 1), date(9999, 12, 30))


@pytest.mark.parametrize(
    "written",
    [
        "2027-12-31",
        "2027/12/31",
        "2027.12.31",
        "20271231",
        "2027年12月31日",
        "2027年12月31号",
        " ２０２７－１２－３１ ",
        "'2027-12-31",
        "\ufeff2027-12-31\u00a0",
        20271231,
        46752,
        "2027-12-31 23:59:59",
        "2027-12-31T23:59:59+08:00",
        "2027-12-31T15:59:59Z",
        "2027-12-31T15:59:59.999z",
        "2027-12-31 17:59:59 +0200",
        "2027年12月31日 23:59:59",
    ],
)
def test_every_usual_spelling_is_one_moment(written: Cell) -> None:
    assert expiry(written) == NEW_YEAR


def test_a_time_without_an_offset_is_shanghais() -> None:
    assert expiry("2027/1/5 9:30") == datetime(2027, 1, 5, 1, 30, tzinfo=UTC)
    assert expiry(Decimal("46752.5")) == datetime(2027, 12, 31, 4, tzinfo=UTC)


@pytest.mark.parametrize("cell", [None, "", "  ", "'"])
def test_an_empty_cell_says_nothing_about_expiry(cell: Cell) -> None:
    assert expiry(cell) is None


@pytest.mark.parametrize(
    "written",
    [
        "待定",
        "soon",
        "2027-13-01",
        "2027-02-30",
        "31/12/2027",
        "12-31-2027",
        "2027-12",
        "2027-1/2",
        "27-12-31",
        "1900-01-01",
        "2027-12-31 25:00",
        "2027-12-31T10:00:00+99:00",
        True,
        0,
        -5,
        1,
        2027,
        99999999,
        10**30,
        Decimal("1E+999999999"),
        Decimal("1E-99999"),
        Decimal("NaN"),
        "2027-12-31\x00",
        "٢٠٢٧-12-31",
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(written: Cell) -> None:
    with pytest.raises(RowRefused) as refused:
        expiry(written)
    assert refused.value.reason is Reason.BAD_DATE


@given(days)
def test_a_day_ends_at_its_last_second_in_shanghai_however_it_is_stored(day: date) -> None:
    end = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=SHANGHAI)
    serial = (day - date(1899, 12, 30)).days
    for written in (day.isoformat(), f"{day:%Y%m%d}".zfill(8), f"{day.year}/{day.month}/{day.day}", serial):
        assert expiry(written) == end


@given(st.dates(date(2000, 1, 2), date(9999, 12, 30)), st.integers(0, 86_399), st.integers(-14, 14))
def test_a_moment_with_an_offset_is_that_moment(day: date, second: int, hours: int) -> None:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
    offset = f"{'-' if hours < 0 else '+'}{abs(hours):02}:00"
    assert expiry(f"{moment:%Y-%m-%dT%H:%M:%S}{offset}") == moment - timedelta(hours=hours)


@given(st.one_of(st.text(max_size=30), st.integers(), st.decimals(), st.booleans()))
def test_nothing_but_a_moment_or_a_refusal_comes_out(cell: Cell) -> None:
    try:
        found = expiry(cell)
    except RowRefused:
        return
    assert found is None or found.tzinfo is UTC
