"""Detect sources that are not delimited text, by their first bytes, and name their format."""

from __future__ import annotations

from callcenter_etl.store.compression import SUFFIXES, suffix_of

HEAD_BYTES = 4096
MAX_CONTROL_SHARE = 0.3
_SIGNATURES = (
    (
        b"PK\x03\x04",
        "a spreadsheet or zip archive",
        "declare source.format: excel, or export the sheet as CSV; an archive is read where its name ends in .zip",
    ),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook",
        "declare source.format: excel, or export the sheet as CSV",
    ),
    (b"%PDF-", "a PDF document", "ask for the data as CSV"),
    (b"PAR1", "a Parquet file", "convert it to CSV, or load it directly"),
    (b"ORC", "an ORC file", "convert it to CSV, or load it directly"),
    (b"Obj\x01", "an Avro file", "convert it to CSV, or load it directly"),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"\x89PNG\r\n", "a PNG picture", "ask for the data as CSV"),
    (b"\xff\xd8\xff", "a JPEG picture", "ask for the data as CSV"),
    (b"GIF8", "a GIF picture", "ask for the data as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack the archive"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack the archive"),
    (b"\x7fELF", "a program", "ask for the data as CSV"),
)
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<body", b"<script")
_LFS = b"version https://git-lfs.github.com/spec/"


def compressed_otherwise(head: bytes, name: str) -> str | None:
    """Return a sentence where the name and the content of a file disagree about compression, None where they agree."""
    suffix = suffix_of(name)
    if suffix is not None:
        kind, magic, _ = SUFFIXES[suffix]
        if head and not head.startswith(magic):
            return f"the name ends in {suffix!r} but the content is not {kind} data"
        return None
    for suffix, (kind, magic, _) in SUFFIXES.items():
        if head.startswith(magic) and not (suffix == ".bz2" and not head[3:4].isdigit()):
            return f"the content is {kind} data (a name ending in {suffix!r} would have it decompressed)"
    return None


def not_delimited(head: bytes, *, text: bool) -> str | None:
    """Return a sentence that names the format of a source from its first bytes, None where it may be delimited text.

    `text` is False for an encoding in which bytes below 32 are part of ordinary characters, such as UTF-16.
    """
    # Three of the signatures are letters that a header may begin with: these need a byte that no ASCII text has.
    for magic, kind, remedy in _SIGNATURES:
        if head.startswith(magic) and not (
            magic in (b"ORC", b"GIF8", b"PAR1") and head[:64].isascii() and b"\0" not in head[:64]
        ):
            return f"the source is {kind}, not delimited text ({remedy})"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if start.startswith(_HTML_STARTS):
        return "the source is an HTML or XML page, not delimited text (often a login or error page saved under the file's name)"
    if text and len(head) >= 64 and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        control = sum(
            byte < 32 and byte not in b"\0\t\n\r\f\x1b\x1c\x1d\x1e\x1f" for byte in head[:HEAD_BYTES]
        )
        if control > MAX_CONTROL_SHARE * min(len(head), HEAD_BYTES):
            return "the source is binary data, not delimited text"
    return None


def is_lfs_pointer(head: bytes) -> bool:
    """Return whether a source is a Git LFS pointer, which replaces a file that was not fetched."""
    return head.startswith(_LFS)
