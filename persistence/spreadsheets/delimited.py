"""Delimited text (csv) as a stream of rows, in UTF-8 with or without BOM, GBK or GB18030."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from domain.cards.importing.rows import Row, UnreadableFile
from persistence.spreadsheets.sheet import BLOCK_BYTES, Sheet

_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = (",", ";", "\t")
_SAMPLE_CHARACTERS = 1 << 16
_SAMPLE_ROWS = 50


def read_delimited(source: BinaryIO) -> Sheet:
    """The rows of a csv; every cell is text.

    The file is read twice: its encoding is the first that decodes all of it, because a guess from the
    beginning is wrong where the first Chinese note stands in row 900,000. Text in UTF-8 is practically never
    valid by chance.
    """
    encoding = _encoding(source)
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    text = io.TextIOWrapper(source, encoding, newline="")
    delimiter = _delimiter(text.read(_SAMPLE_CHARACTERS))
    text.detach()
    source.seek(0)
    return Sheet(_rows(source, encoding, delimiter), lambda: source.tell() * 100 // max(1, size))


def _rows(source: BinaryIO, encoding: str, delimiter: str) -> Iterator[Row]:
    text = io.TextIOWrapper(source, encoding, newline="")
    # Strict, because a quote that is never closed would swallow the rest of the file as one cell.
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, cells
    except csv.Error:
        raise UnreadableFile(f"the quotes in row {number + 1} do not match, or a cell is too long") from None
    finally:
        # Detached rather than closed: the bytes belong to the caller.
        text.detach()


def _encoding(source: BinaryIO) -> str:
    for encoding in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        source.seek(0)
        try:
            while block := source.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile("it is neither xlsx nor text in UTF-8, GBK or GB18030")


def _delimiter(sample: str) -> str:
    """The delimiter that cuts most rows into the same number of cells, more than one.

    Links hold delimiters of their own, so rows with links are not asked; the header above them is.
    """
    lines = [line for line in sample.splitlines(keepends=True)[:_SAMPLE_ROWS] if "://" not in line]
    scores = {delimiter: _regularity(lines, delimiter) for delimiter in _DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0, 0) else ","


def _regularity(lines: list[str], delimiter: str) -> tuple[int, int]:
    try:
        widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if len(cells) > 1)
    except csv.Error:
        return 0, 0
    width, rows = max(widths.items(), key=lambda item: item[1], default=(0, 0))
    return rows, width
