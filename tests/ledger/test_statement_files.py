"""Files of any length in little memory, with nothing in them that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from domain.money import Money
from persistence.spreadsheets.workbook import read_workbook
from resolvers.downloads import delimited, workbook
from resolvers.downloads.table import Row

HEADER: Row = ("时间", "说明", "余额")
HOSTILE = (
    '=HYPERLINK("http://evil.example")', "+1", "-1+1", "@SUM(A1)", "\t=1", "\uff1d1", 'a "b", c\r\nd',
    "<&>\x01\ud83d\ude00"[:4],
)  # fmt: skip


async def parts(count: int, size: int = 1_000) -> AsyncIterator[Sequence[Row]]:
    """A header, and rows."""
    yield [HEADER]
    moment = datetime(2025, 11, 1, 12, 30, 15)  # noqa: DTZ001 - as a clock shows it
    for start in range(0, count, size):
        yield [(moment, f"row {n}", Money(n % 100)) for n in range(start, min(start + size, count))]


async def test_what_people_typed_is_text() -> None:
    async def told() -> AsyncIterator[Sequence[Row]]:
        yield [HEADER]
        yield [(None, text, Money(-12_345)) for text in HOSTILE]

    body = b"".join([part async for part in delimited.written(told())])
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert [row[1] for row in rows[1:]] == [*(f"'{text}" for text in HOSTILE[:6]), *HOSTILE[6:]]
    assert {row[2] for row in rows[1:]} == {"-123.45"}
    book = b"".join([part async for part in workbook.written(told())])
    cells = [row for _, row in read_workbook(io.BytesIO(book)).rows]
    assert [row[1] for row in cells[1:]] == [*HOSTILE[:6], 'a "b", c\nd', "<&>\ufffd"]
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert archive.testzip() is None
    assert "<f>" not in sheet
    assert "<v>-123.45</v>" in sheet
    assert "&lt;&amp;&gt;\ufffd" in sheet


async def test_a_sheet_that_is_full_goes_on_in_the_next() -> None:
    book = b"".join([part async for part in workbook.written(parts(7, 3), most_rows=4)])
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        names = [name for name in archive.namelist() if "sheet" in name]
        texts = [archive.read(name).decode() for name in names]
        listed = archive.read("xl/workbook.xml").decode()
    assert len(names) == listed.count("<sheet ") == 3
    assert [text.count("<row ") for text in texts] == [4, 4, 2]
    assert all(text.count("说明") == 1 for text in texts)
    assert "<v>45962.5210069444</v>" in texts[0]


async def test_a_long_file_is_written_in_little_memory() -> None:
    for written in (delimited.written, workbook.written):
        size, largest = 0, 0
        tracemalloc.start()
        async for part in written(parts(8_000)):
            size, largest = size + len(part), max(largest, len(part))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert size > 40_000
        assert peak < 2_000_000
        assert largest < 200_000
