"""Writes small xlsx archives by hand, so that tests can also write broken and hostile ones."""

from __future__ import annotations

import io
import zipfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(
    rows: str, strings: str = "", book: str = '<sheet name="1" r:id="rId1"/>', **parts: str
) -> io.BytesIO:
    """An xlsx whose sheet data is `rows`, XML as it stands; `parts` replace whole parts by a short name."""
    relations = (
        f'<Relationship Id="rId1" Type="{DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{DOCUMENT}/worksheet" Target="/xl/worksheets/sheet2.xml"/>'
        f'<Relationship Id="rId3" Type="{DOCUMENT}/sharedStrings" Target="sharedStrings.xml"/>'
    )
    content = {
        "xl/workbook.xml": f'<book xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>{book}</sheets></book>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": sheet(rows),
        "xl/worksheets/sheet2.xml": sheet('<row r="1"><c t="str"><v>second</v></c></row>'),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (content | parts).items():
            archive.writestr(name, text)
    return written


def sheet(rows: str) -> str:
    """A worksheet part around its rows."""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
