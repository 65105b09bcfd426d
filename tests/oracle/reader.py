"""Bytes to records and surroundings, as sections 4 and 8 of the specification say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.framing import Record, frame
from tests.oracle.header_places import names_of, place_columns, places_of
from tests.oracle.lines import Line, RefusedError, size, split_lines
from tests.oracle.splitter import MAX_RECORD_BYTES, dialect_of
from tests.oracle.surroundings import HeadReader, read_foot

__all__ = ["BOM", "SHIFTED", "ReadResult", "Record", "RefusedError", "place_columns", "read_source"]

BOM = "\ufeff"
# Encodings in which the meaning of a byte depends on a shift before it (RFC 1468, RFC 1843, RFC 2152).
SHIFTED = ("iso2022", "hz", "utf-7")


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A source as records. `positions` maps a declared column that is there to its place in `fields`.

    `counts` has lines and bytes of each kind of line that is no record. Where the encoding is no superset of
    ASCII all bytes here are UTF-8.
    """

    header: bytes
    records: list[Record]
    blank_lines: int
    lines: int
    positions: dict[str, int]
    width: int
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: frozenset[str] = frozenset()


def read_source(data: bytes, contract: dict[str, Any], *, max_bytes: int = MAX_RECORD_BYTES) -> ReadResult:
    """Frame `data` into records; raises RefusedError where the contract refuses the source."""
    source: dict[str, Any] = contract.get("source", {})
    data, encoding = to_ascii_superset(data, source.get("encoding", "utf-8"))
    dialect = dialect_of(source, encoding, max_bytes)
    mark = BOM.encode(encoding, errors="ignore")
    bom = mark if data.startswith(mark) else b""
    lines = split_lines(data[len(bom) :])
    head = HeadReader(lines, source, dialect).read()
    names = names_of(head.header, dialect) if head.header else None
    places = places_of(names, contract["columns"], source)
    width = len(contract["columns"]) if names is None else len(names)
    body = lines[head.end :]
    foot = read_foot(body, source.get("footer"), dialect)
    framed = frame(body[: foot.start], dialect, width)
    blank = head.blank + framed.blank + foot.blank
    kinds: dict[str, list[Line]] = {
        "preamble": head.preamble,
        "header": head.header,
        "after_header": head.after_header,
        "comments": head.comments + framed.comments + foot.comments,
        "footer": foot.footer,
        "blank": blank,
    }
    return ReadResult(
        bom + b"".join(line.raw for line in head.header),
        framed.records,
        len(blank),
        len(lines),
        places.positions,
        width,
        {kind: (len(found), size(found)) for kind, found in kinds.items()},
        {"preamble": head.values, "footer": foot.values},
        frozenset(["file.footer"] * foot.is_broken + ["header.unexpected"] * places.has_unexpected),
    )


def to_ascii_superset(data: bytes, encoding: str) -> tuple[bytes, str]:
    """Return the data as they are, or as UTF-8 where a line end is not one ASCII byte in their encoding.

    In a shifted encoding ASCII bytes are halves of other characters, so it is decoded first too.
    """
    if "\n,".encode(encoding) == b"\n," and not encoding.startswith(SHIFTED):
        return data, encoding
    return data.decode(encoding).encode(), "utf-8"
