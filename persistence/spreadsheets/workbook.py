"""xlsx as a stream of rows: the sheet's XML is parsed as it is unpacked, and no row outlives its turn."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import BinaryIO

from domain.cards.importing.rows import Row, UnreadableFile
from persistence.spreadsheets.parts import Archive, elements, feed, parser
from persistence.spreadsheets.sheet import Sheet
from persistence.spreadsheets.sheet_xml import SheetParser
from persistence.spreadsheets.strings import StringTable, read_strings

_WORKBOOK = "xl/workbook.xml"


def read_workbook(source: BinaryIO) -> Sheet:
    """The rows of the first visible sheet; text stays text, and numbers come as numbers.

    Formulas count with the value last computed. Raises `UnreadableFile` for what is not such a workbook.
    """
    archive = Archive(source)
    if "xl/workbook.bin" in archive:
        raise UnreadableFile("it is an .xlsb; save it as xlsx")
    book = elements(archive, _WORKBOOK)
    if any(name == "workbookPr" and _is_on(at.get("date1904")) for name, at in book):
        raise UnreadableFile("its dates count from 1904; switch that off in the workbook's options")
    targets, kinds = _relations(archive)
    part = targets.get(_first_visible(book), "")
    if part not in archive:
        raise UnreadableFile("it has no visible sheet")
    strings = next((targets[key] for key, kind in kinds.items() if kind == "sharedStrings"), None)
    reading = _Reading(archive, part, strings)
    return Sheet(reading.rows(), reading.percent_read)


def _is_on(value: str | None) -> bool:
    return value in ("1", "true")


def _first_visible(book: list[tuple[str, dict[str, str]]]) -> str:
    """The relation id of the first sheet that people see."""
    for name, attributes in book:
        if name == "sheet" and attributes.get("state", "visible") == "visible":
            return next((value for key, value in attributes.items() if key.endswith(":id")), "")
    raise UnreadableFile("it has no visible sheet")


def _relations(archive: Archive) -> tuple[dict[str, str], dict[str, str]]:
    """Part names and kinds by relation id."""
    targets, kinds = {}, {}
    for name, at in elements(archive, "xl/_rels/workbook.xml.rels"):
        if name == "Relationship" and "Id" in at:
            targets[at["Id"]] = posixpath.normpath(posixpath.join("/xl", at.get("Target", ""))).lstrip("/")
            kinds[at["Id"]] = at.get("Type", "").rpartition("/")[2]
    return targets, kinds


class _Reading:
    def __init__(self, archive: Archive, part: str, strings_part: str | None) -> None:
        self._archive, self._part, self._strings_part = archive, part, strings_part
        self._bytes_read = 0

    def percent_read(self) -> int:
        return self._bytes_read * 100 // max(1, self._archive.size(self._part))

    def rows(self) -> Iterator[Row]:
        known = self._strings_part is not None and self._strings_part in self._archive
        strings = read_strings(self._archive, self._strings_part or "") if known else StringTable()
        sheet = SheetParser(strings)
        made = parser()
        made.StartElementHandler, made.EndElementHandler = sheet.start, sheet.end
        made.CharacterDataHandler = sheet.text
        for block in self._archive.blocks(self._part):
            feed(made, block)
            self._bytes_read += len(block)
            yield from sheet.finished()
        feed(made, b"", final=True)
        yield from sheet.finished()
