"""Workbooks in binary formats for tests (.xls, .xlsb): texts and numbers alone, written with the standard library."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
# A shorter stream would be in the small sectors.
_MIN_STREAM = 4096
Cells = Sequence[Sequence[str | float | None]]


def write_xls(path: Path, rows: Cells) -> Path:
    """Write a workbook of BIFF8 with the sheet `Calls`; None is an error cell #N/A."""
    start = _biff(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    name = b"Calls"
    size = len(start) + 4 + 8 + len(name) + 4
    book = start + _biff(0x85, struct.pack("<IHBB", size, 0, len(name), 0) + name) + _biff(0x0A, b"")
    sheet = _biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            place = struct.pack("<HHH", at, column, 0)
            if value is None:
                sheet += _biff(0x205, place + bytes([0x2A, 1]))
            elif isinstance(value, str):
                text = value.encode("utf-16-le")
                sheet += _biff(0x204, place + struct.pack("<HB", len(value), 1) + text)
            else:
                sheet += _biff(0x203, place + struct.pack("<d", value))
    path.write_bytes(_compound_file((book + sheet + _biff(0x0A, b"")).ljust(_MIN_STREAM, b"\0")))
    return path


def _biff(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _compound_file(stream: bytes) -> bytes:
    """Return a compound file with one stream: its table of sectors, its folder, then the sectors of the stream."""
    sectors = -(-len(stream) // _SECTOR)
    table = [_FAT, _END, *range(3, 2 + sectors), _END]
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, _MIN_STREAM, _END, 0, _END, 0)
        + struct.pack("<109I", 0, *[_FREE] * 108)
    )
    folder = _entry("Root Entry", 5, child=1, first=_END, size=0) + _entry(
        "Workbook", 2, child=_FREE, first=2, size=len(stream)
    )
    packed = struct.pack("<128I", *table, *[_FREE] * (128 - len(table)))
    return header + packed + folder.ljust(_SECTOR, b"\0") + stream.ljust(sectors * _SECTOR, b"\0")


def _entry(name: str, kind: int, *, child: int, first: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text) + 2, kind, 1, _FREE, _FREE, child)
    return head + bytes(36) + struct.pack("<IQ", first, size)


def write_xlsb(path: Path, rows: Cells) -> Path:
    """Write a workbook of BIFF12 with the sheet `Calls`; None is an error cell #N/A."""
    book = (
        _record(0x0183)
        + _record(0x018F)
        + _record(0x019C, struct.pack("<II", 0, 1) + _wide("r1") + _wide("Calls"))
        + _record(0x0190)
        + _record(0x0184)
    )
    sheet = _record(0x0181) + _record(0x0194, struct.pack("<IIII", 0, len(rows) - 1, 0, len(rows[0]) - 1))
    sheet += _record(0x0191)
    for at, row in enumerate(rows):
        sheet += _record(0, struct.pack("<IIHHBI", at, 0, 0, 0, 0, 0))
        for column, value in enumerate(row):
            place = struct.pack("<II", column, 0)
            if value is None:
                sheet += _record(3, place + bytes([0x2A]))
            elif isinstance(value, str):
                sheet += _record(6, place + _wide(value))
            else:
                sheet += _record(5, place + struct.pack("<d", value))
    sheet += _record(0x0192) + _record(0x0182)
    relation = '<Relationship Id="{}" Type="{}/{}" Target="{}"/>'
    relations = f'<Relationships xmlns="{_PACKAGE}">{{}}</Relationships>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        main = relation.format("r0", _OFFICE, "officeDocument", "xl/workbook.bin")
        part = relation.format("r1", _OFFICE, "worksheet", "worksheets/sheet1.bin")
        archive.writestr("_rels/.rels", relations.format(main))
        archive.writestr("xl/_rels/workbook.bin.rels", relations.format(part))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return path


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(kind: int, data: bytes = b"") -> bytes:
    """Return a record; kind and size have seven bits a byte."""
    number = bytes([kind]) if kind < 0x80 else bytes([kind & 0xFF, kind >> 8])
    size = len(data)
    length = bytearray()
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return number + bytes(length) + data
