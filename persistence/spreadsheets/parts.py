"""The parts of an xlsx archive, read as XML streams that cannot be made to explode."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from domain.cards.importing.rows import UnreadableFile
from persistence.spreadsheets.sheet import BLOCK_BYTES

MOST_BYTES = 1 << 31
"""A part of more than 2 GiB unpacked is refused; a million rows of five columns are about 0.25 GiB."""

MOST_RATIO = 200
"""A part that unpacks to more than 200 times its size, beyond the first 16 MiB, is a bomb."""

_HARMLESS_BYTES = 1 << 24


class Archive:
    """An xlsx file's parts by name; every fault of the archive becomes `UnreadableFile`."""

    def __init__(self, source: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, ValueError, OSError):
            raise UnreadableFile("the xlsx is damaged") from None

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def size(self, name: str) -> int:
        """Bytes of the part unpacked, as the archive declares and `blocks` enforces."""
        return self._zip.getinfo(name).file_size

    def blocks(self, name: str) -> Iterator[bytes]:
        """The part's bytes, in blocks."""
        if name not in self:
            raise UnreadableFile("it is a zip archive but not an xlsx workbook")
        part = self._zip.getinfo(name)
        bomb = part.file_size > max(_HARMLESS_BYTES, MOST_RATIO * part.compress_size)
        if bomb or part.file_size > MOST_BYTES:
            raise UnreadableFile("it unpacks to far more than a sheet of cards can hold")
        try:
            with self._zip.open(part) as stream:
                while block := stream.read(BLOCK_BYTES):
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError):
            raise UnreadableFile("the xlsx is damaged or has a password") from None


def parser() -> expat.XMLParserType:
    """An XML parser that refuses document types, and with them every entity a bomb could be made of."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse_doctype
    return made


def feed(made: expat.XMLParserType, block: bytes, final: bool = False) -> None:
    """Parse a block more; raises `UnreadableFile` where it is not XML."""
    try:
        made.Parse(block, final)
    except expat.ExpatError:
        raise UnreadableFile("the xlsx is damaged") from None


def elements(archive: Archive, name: str) -> list[tuple[str, dict[str, str]]]:
    """All elements of a small part: local name and attributes, in document order."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((tag.rpartition(":")[2], attributes))
        if len(found) > 10_000:
            raise UnreadableFile("its workbook has more parts than any real one")

    made = parser()
    made.StartElementHandler = start
    for block in archive.blocks(name):
        feed(made, block)
    feed(made, b"", final=True)
    return found


def _refuse_doctype(*_: object) -> None:
    raise UnreadableFile("its XML declares a document type, which no spreadsheet program writes")
