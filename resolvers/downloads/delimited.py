"""Writing csv: UTF-8 with a byte order mark, and nothing in it that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from domain.money import Money
from resolvers.downloads.table import Cell, Row

CONTENT_TYPE = "text/csv; charset=utf-8"
_BOM = b"\xef\xbb\xbf"
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With the full-width forms, which some spreadsheets take for the narrow ones."""


async def written(parts: AsyncIterator[Sequence[Row]]) -> AsyncIterator[bytes]:
    """The file, a part at a time."""
    yield _BOM
    async for rows in parts:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([_text(cell) for cell in row] for row in rows)
        yield text.getvalue().encode()


def _text(cell: Cell) -> str:
    if isinstance(cell, Money):
        return cell.amount
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    # What people typed is text, whatever it looks like (OWASP, "CSV injection").
    return f"'{cell}" if cell and cell.startswith(_STARTS_A_FORMULA) else cell or ""
