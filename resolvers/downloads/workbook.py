"""Writing xlsx: the fewest parts that ECMA-376 asks for, compressed while they are written."""

from __future__ import annotations

import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import IO
from xml.sax.saxutils import escape

from domain.money import DIGITS, Money
from resolvers.downloads.table import Cell, Row

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576
"""Rows of one sheet (Excel's limit); more go on in the next."""

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - clocks of spreadsheets have no zone
_DAY = timedelta(days=1)
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PLAIN, _BOLD, _MOMENT, _FIRST_AMOUNT = range(4)
"""Places in the list of styles; an amount's is `_FIRST_AMOUNT` and as many as it has decimals."""

_SHEET = f"""{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">\
<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>\
<cols><col min="1" max="1" width="20" customWidth="1"/><col min="2" max="3" width="22" customWidth="1"/>\
<col min="4" max="4" width="48" customWidth="1"/><col min="5" max="7" width="14" customWidth="1"/></cols>\
<sheetData>"""
_SHEET_END = "</sheetData></worksheet>"


class _Sink:
    """Where the archive is written to: it is taken away again before much has gathered."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._written)
        self._written.clear()
        return data


async def written(parts: AsyncIterator[Sequence[Row]], most_rows: int = MOST_ROWS) -> AsyncIterator[bytes]:
    """The file, a part at a time; every sheet repeats the table's header."""
    sink, sheets, header = _Sink(), 0, None
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        sheet, at = None, 0
        async for rows in parts:
            for row in rows:
                if sheet is None or at == most_rows:
                    if sheet is not None:
                        _end(sheet)
                    sheets, at = sheets + 1, 0
                    sheet = archive.open(f"xl/worksheets/sheet{sheets}.xml", "w")
                    sheet.write(_SHEET.encode())
                    if header is not None:
                        at += 1
                        sheet.write(_row(header, at, _BOLD))
                at += 1
                sheet.write(_row(row, at, _BOLD if header is None else _PLAIN))
                header = row if header is None else header
            yield sink.taken()
        if sheet is not None:
            _end(sheet)
        for name, text in _parts(sheets).items():
            archive.writestr(name, _HEAD + text)
    yield sink.taken()


def _end(sheet: IO[bytes]) -> None:
    sheet.write(_SHEET_END.encode())
    sheet.close()


def _row(cells: Row, at: int, style: int) -> bytes:
    written = "".join(
        _cell(cell, f"{chr(ord('A') + column)}{at}", style)
        for column, cell in enumerate(cells)
        if cell is not None
    )
    return f'<row r="{at}">{written}</row>'.encode()


def _cell(cell: Cell, at: str, style: int) -> str:
    """A number has its own digits, so that it is to the fen what was booked; text is never a formula."""
    if isinstance(cell, Money):
        return f'<c r="{at}" s="{_FIRST_AMOUNT + DIGITS[cell.currency]}"><v>{cell.amount}</v></c>'
    if isinstance(cell, datetime):
        return f'<c r="{at}" s="{_MOMENT}"><v>{(cell - _EPOCH) / _DAY:.10f}</v></c>'
    text = escape(_NOT_IN_XML.sub("\ufffd", cell or ""))
    return f'<c r="{at}" t="inlineStr" s="{style}"><is><t xml:space="preserve">{text}</t></is></c>'


def _parts(sheets: int) -> dict[str, str]:
    """What a workbook has beside its sheets; they say how many there are, so they are written last."""
    numbers = range(1, sheets + 1)
    listed = "".join(f'<sheet name="Statement {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    return {
        "[Content_Types].xml": f"""<Types xmlns="{_PACKAGE}/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>\
<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{kinds}</Types>""",
        "_rels/.rels": f"""<Relationships xmlns="{_PACKAGE}/relationships">\
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
        "xl/workbook.xml": f"""<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets>\
</workbook>""",
        "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{_PACKAGE}/relationships">{related}\
<Relationship Id="rId{sheets + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>""",
        "xl/styles.xml": _STYLES,
    }


_STYLES = f"""<styleSheet xmlns="{_MAIN}">\
<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>\
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>\
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>\
</styleSheet>"""
