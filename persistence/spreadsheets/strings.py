"""The shared strings of a workbook, kept as bytes end to end: a million codes take 20 MB instead of 75."""

from __future__ import annotations

import re
from array import array

from domain.cards.importing.rows import UnreadableFile
from persistence.spreadsheets.parts import Archive, feed, parser

MOST_BYTES = 1 << 28
"""All strings together; two million codes are about 40 MiB."""

LONGEST_CELL = 32_767
"""Characters in a cell, the limit of spreadsheet programs themselves."""

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class StringTable:
    """The workbook's strings by their number."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("I", [0])

    def append(self, text: str) -> None:
        """Add the next string."""
        self._bytes += unescaped(text).encode("utf-8", "surrogatepass")
        if len(self._bytes) > MOST_BYTES:
            raise UnreadableFile("it holds more text than a sheet of cards can")
        self._ends.append(len(self._bytes))

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise UnreadableFile("the xlsx is damaged")
        raw = self._bytes[self._ends[number] : self._ends[number + 1]]
        return raw.decode("utf-8", "surrogatepass")


def unescaped(text: str) -> str:
    """The text with `_x000D_` and the like as the characters they stand for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def read_strings(archive: Archive, part: str) -> StringTable:
    """All strings of the part; phonetic guides beside them are left out."""
    table = StringTable()
    pieces: list[str] = []
    reading = guide = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal reading, guide
        name = tag.rpartition(":")[2]
        reading = name == "t" and not guide
        guide = guide or name == "rPh"

    def end(tag: str) -> None:
        nonlocal reading, guide
        name = tag.rpartition(":")[2]
        if name == "t":
            reading = False
        elif name == "rPh":
            guide = False
        elif name == "si":
            table.append("".join(pieces))
            pieces.clear()

    def text(data: str) -> None:
        if reading:
            pieces.append(data)

    made = parser()
    made.StartElementHandler, made.EndElementHandler, made.CharacterDataHandler = start, end, text
    for block in archive.blocks(part):
        feed(made, block)
    feed(made, b"", final=True)
    return table
