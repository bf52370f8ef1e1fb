"""Turns a worksheet's elements into rows of cells; called several times a cell, so it is kept plain."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from domain.cards.importing.rows import Cell, Row, UnreadableFile
from persistence.spreadsheets.strings import LONGEST_CELL, StringTable, unescaped

MOST_ROWS = 1_048_576
"""Rows of a sheet, the limit of spreadsheet programs themselves."""

MOST_COLUMNS = 256
"""Cells further right are passed over: no file of cards is that wide."""

_EXACT = 10**15
_INTERESTING = {"row", "c", "v", "t", "rPh"}


class SheetParser:
    """Handlers for an XML parser; `finished` hands over the rows that are complete."""

    def __init__(self, strings: StringTable) -> None:
        self._strings = strings
        self._rows: list[Row] = []
        self._cells: list[Cell] = []
        self._row = self._column = self._length = 0
        self._type = "n"
        self._pieces: list[str] = []
        self._reading = self._guide = False
        self._names: dict[str, str] = {}

    def finished(self) -> list[Row]:
        """The rows completed since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        name = self._name(tag)
        if name == "c":
            reference = attributes.get("r")
            self._column = _column(reference) if reference else self._column + 1
            self._type = attributes.get("t", "n")
            self._pieces.clear()
            self._length = 0
        elif name == "v" or name == "t":
            self._reading = not self._guide
        elif name == "row":
            row = attributes.get("r")
            following = int(row) if row is not None and row.isdecimal() else self._row + 1
            if not self._row < following <= MOST_ROWS:
                raise UnreadableFile(f"its rows are out of order after row {self._row}")
            self._row, self._column, self._cells = following, 0, []
        elif name == "rPh":
            self._guide = True

    def end(self, tag: str) -> None:
        """An element closes."""
        name = self._name(tag)
        if name == "v" or name == "t":
            self._reading = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            self._rows.append((self._row, self._cells))
        elif name == "rPh":
            self._guide = False

    def text(self, data: str) -> None:
        """Characters between two tags."""
        if not self._reading:
            return
        self._length += len(data)
        if self._length > LONGEST_CELL:
            raise UnreadableFile(f"a cell of row {self._row} is longer than any spreadsheet program allows")
        self._pieces.append(data)

    def _end_cell(self) -> None:
        if not self._pieces or not 0 < self._column <= MOST_COLUMNS:
            return
        cells = self._cells
        if len(cells) >= self._column:
            raise UnreadableFile(f"the cells of row {self._row} are out of order")
        while len(cells) < self._column - 1:
            cells.append(None)
        cells.append(self._value("".join(self._pieces)))

    def _value(self, raw: str) -> Cell:
        kind = self._type
        if kind == "s":
            return self._strings[int(raw)] if raw.isdecimal() else None
        if kind == "n":
            return _number(raw)
        return raw == "1" if kind == "b" else unescaped(raw)

    def _name(self, tag: str) -> str:
        """The element's name without a namespace prefix; empty for those that say nothing about cells."""
        name = self._names.get(tag)
        if name is None:
            local = tag.rpartition(":")[2]
            name = self._names[tag] = local if local in _INTERESTING else ""
        return name


def _column(reference: str) -> int:
    """`B12` → 2."""
    column = 0
    for letter in reference:
        place = ord(letter) - 64
        if not 0 < place <= 26:
            break
        column = column * 26 + place
    return column


def _number(raw: str) -> Cell:
    """A whole number of up to 15 digits as such; anything longer, which programs round, stays a decimal."""
    raw = raw.strip()
    if raw.isdecimal() and len(raw) <= 15:
        return int(raw)
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return raw
    if not number.is_finite():
        return raw
    # The size is asked first: 1E+999999999 has a billion digits once it is an integer.
    return int(number) if number.copy_abs() < _EXACT and number == number.to_integral_value() else number
