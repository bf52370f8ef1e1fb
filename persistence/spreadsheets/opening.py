"""Tells by its first bytes what was uploaded, whatever its name says."""

from __future__ import annotations

from typing import BinaryIO

from domain.cards.importing.rows import UnreadableFile
from persistence.spreadsheets.delimited import read_delimited
from persistence.spreadsheets.sheet import Sheet
from persistence.spreadsheets.workbook import read_workbook

_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_OTHERS = {
    b"%PDF": "it is a PDF; send xlsx or csv",
    b"\x1f\x8b": "it is compressed; unpack it first",
    b"Rar!": "it is a RAR archive; unpack it first",
    b"7z\xbc\xaf": "it is a 7z archive; unpack it first",
    b"\xff\xfe": "it is UTF-16; save it as xlsx or as csv in UTF-8 or GBK",
    b"\xfe\xff": "it is UTF-16; save it as xlsx or as csv in UTF-8 or GBK",
}


def open_sheet(source: BinaryIO) -> Sheet:
    """The first visible sheet of an xlsx, or a csv; `source` must be seekable and outlive the reading.

    Raises `UnreadableFile` for anything else, here or while the rows are read.
    """
    source.seek(0)
    start = source.read(4)
    source.seek(0)
    if not start:
        raise UnreadableFile("it is empty")
    if start == _OLE:
        raise UnreadableFile("it is an old .xls or has a password; save it as xlsx without one")
    for magic, problem in _OTHERS.items():
        if start.startswith(magic):
            raise UnreadableFile(problem)
    return read_workbook(source) if start == _ZIP else read_delimited(source)
