"""Workbooks for tests, written with the standard library alone."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_RELATION = f'<Relationship Id="{{}}" Type="{_OFFICE}/{{}}" Target="{{}}"/>'
# By the index that a cell names: plain, date, date and time, time, duration.
_STYLES = ("0", "14", "22", "21", "164")
Rows = Mapping[int, Sequence[str]]


def _escaped(value: str) -> str:
    # A parser of XML would read a lone CR as a line end of its own.
    return escape(value, {"\r": "&#13;"})


def number(text: str, style: int = 0) -> str:
    return f'<c s="{style}"><v>{text}</v></c>'


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{_escaped(value)}</t></is></c>'


def boolean(value: int) -> str:
    return f'<c t="b"><v>{value}</v></c>'


def error(value: str) -> str:
    return f'<c t="e"><v>{value}</v></c>'


EMPTY = "<c/>"


def write_xlsx(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """Write a workbook; a row is a sequence of cells, by its 1-based number."""
    names = list(sheets)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": _relations([_RELATION.format("r1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{at}" r:id="s{at}"/>' for at, name in enumerate(names, start=1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [
                *(
                    _RELATION.format(f"s{at}", "worksheet", f"worksheets/{at}.xml")
                    for at in range(1, len(names) + 1)
                ),
                _RELATION.format("t", "styles", "/xl/styles.xml"),
            ]
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
        '<numFmts count="1"><numFmt numFmtId="164" formatCode="[h]:mm:ss"/></numFmts>'
        f'<cellXfs count="5">{"".join(f"""<xf numFmtId="{style}"/>""" for style in _STYLES)}</cellXfs></styleSheet>',
    }
    for at, rows in enumerate(sheets.values(), start=1):
        body = "".join(f'<row r="{row}">{"".join(cells)}</row>' for row, cells in sorted(rows.items()))
        parts[f"xl/worksheets/{at}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return path


def _relations(relations: Sequence[str]) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(relations)}</Relationships>'


def write_ods(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write a workbook of OpenDocument with one sheet of text cells."""
    cells = [
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{_escaped(value)}</text:p></table:table-cell>'
            for value in row
        )
        + "</table:table-row>"
        for row in rows
    ]
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="Calls">{"".join(cells)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{_MANIFEST}"/>')
    return path
