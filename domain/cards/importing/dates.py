"""Expiry dates as the trade writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache

from domain.cards.folding import fold_width, without_invisible
from domain.cards.importing.rows import Cell, Reason, RowRefused

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China's one time zone; a fixed offset since 1991, so no zone data is needed."""

_END_OF_DAY = time(23, 59, 59)
_DAY_ZERO = datetime(1899, 12, 30, tzinfo=SHANGHAI)
_FIRST_YEAR = 2000
_LAST_SERIAL = 2_958_465
_DATE = (
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})"
    r"|年(\d{1,2})月(\d{1,2})[日号]|(\d\d)(\d\d))"
)
_TIME = r"(?:[T\s]*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
_WRITTEN = re.compile(_DATE + _TIME, re.ASCII | re.IGNORECASE)


def expiry(cell: Cell) -> datetime | None:
    """The moment in UTC after which the card is worthless; nothing where the cell is empty.

    A date without a time means the end of that day in Shanghai, a time without an offset is Shanghai's.
    Numbers are spreadsheet dates (days since 1899-12-30) or `20271231`. Raises `RowRefused` (BAD_DATE) for
    anything else, and for orders of day and month that can be read in two ways.
    """
    if cell is None:
        return None
    if isinstance(cell, bool):
        raise RowRefused(Reason.BAD_DATE)
    found = _from_text(cell) if isinstance(cell, str) else _from_number(cell)
    if found == "":
        return None
    if not isinstance(found, datetime):
        raise RowRefused(Reason.BAD_DATE)
    return found


@lru_cache(maxsize=4096)
def _from_text(text: str) -> datetime | str | None:
    """The moment, an empty text for an empty cell, or nothing."""
    text = without_invisible(fold_width(text)).removeprefix("'").strip()
    if not text:
        return ""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    year, *rest = match.groups()
    month, day = (part for part in rest[:10] if part is not None)
    hour, minute, second, offset = rest[10:]
    try:
        date = datetime(int(year), int(month), int(day), tzinfo=_zone(offset))
        if hour is not None:
            return _in_range(date.replace(hour=int(hour), minute=int(minute), second=int(second or 0)))
    except ValueError:
        return None
    return _in_range(datetime.combine(date, _END_OF_DAY, SHANGHAI))


def _zone(offset: str | None) -> timezone:
    if offset is None:
        return SHANGHAI
    if offset in "Zz":
        return UTC
    digits = offset[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if offset[0] == "-" else span)


def _from_number(number: int | Decimal) -> datetime | str | None:
    if isinstance(number, int) and number > _LAST_SERIAL:
        return _from_text(str(number)) if len(str(number)) == 8 else None
    if not _is_finite(number) or not 0 < number <= _LAST_SERIAL + 1:
        return None
    moment = _DAY_ZERO + timedelta(days=int(number), seconds=round(number % 1 * 86_400))
    if number == int(number):
        moment = datetime.combine(moment, _END_OF_DAY, SHANGHAI)
    return _in_range(moment)


def _is_finite(number: int | Decimal) -> bool:
    return isinstance(number, int) or number.is_finite()


def _in_range(moment: datetime) -> datetime | None:
    try:
        return moment.astimezone(UTC) if moment.year >= _FIRST_YEAR else None
    except OverflowError:
        return None
