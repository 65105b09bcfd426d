"""Decides whether the first record of the samples is a header, and compares the headers of several samples."""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import UsageError
from callcenter_etl.tools.infer.likenesses import looks_given, looks_unmistakable
from callcenter_etl.tools.infer.sample_chunks import read_chunks

HEADER_ROWS = 1_000
MAX_NAMES_COMPARED = 20  # values below a header cell that are tested for given names
_VALUE_LIKE = re.compile(r"[+-]?[$€£]?[0-9][0-9 .,:/%TZ+-]*(?:[AaPp][Mm])?")
_NO_NAME = re.compile(r"[\W\d_]*")


def has_header(uri: str, document: ContractDocument) -> tuple[bool, str]:
    """Return whether the first record is a header, and the evidence: its cells are names and the values below are not."""
    chunks = read_chunks(uri, document, max_records=HEADER_ROWS, on_bytes=lambda *_: None)
    sound = next(chunks, None)
    if sound is None or not len(sound.sound) or sound.sound[0] != 0:
        return True, "the first record is no sound one"
    columns = [values.to_pylist() for values in sound.values]
    cells = [values[0].strip() for values in columns]
    votes = [
        _vote(cell, [value.strip() for value in values[1:]])
        for cell, values in zip(cells, columns, strict=True)
    ]
    speaking = sum(votes)
    if speaking > 0:
        return True, f"{votes.count(1)} of {len(votes)} names stand over values of another kind"
    filled = [cell for cell in cells if cell]
    named = bool(filled) and len(set(filled)) == len(filled)
    if speaking == 0 and named and all(not _VALUE_LIKE.fullmatch(cell) for cell in filled):
        return True, "the first record's values are all different and stand in no other record"
    return False, "the first record holds values like the others"


def _vote(cell: str, below: list[str]) -> int:
    """Return 1 if the cell is a name above values, -1 if it is a value like those below, else 0."""
    filled = [value for value in below[: HEADER_ROWS - 1] if value]
    if not filled:
        return 0
    values = sum(_VALUE_LIKE.fullmatch(value) is not None for value in filled) * 2 > len(filled)
    if _VALUE_LIKE.fullmatch(cell):
        return -1 if values else 0
    if looks_unmistakable([cell]) is not None:  # an e-mail address, for example, is never a column name
        return -1
    if cell in filled or looks_given([cell, *filled[:MAX_NAMES_COMPARED]]):
        return -1
    return 1 if values and cell and _NO_NAME.fullmatch(cell) is None else 0


def check_names(uris: Sequence[str], headers: Sequence[tuple[str, ...]]) -> None:
    """Raise UsageError if the samples have different headers."""
    for uri, names in zip(uris[1:], headers[1:], strict=True):
        if names != headers[0]:
            raise UsageError(
                f"{uris[0]} and {uri} have different headers: {_difference(headers[0], names)}"
                " (infer a contract from each)"
            )


def _difference(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} columns"
    place = next(place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    return f"column {place + 1} is {_cell(one[place])} in the one and {_cell(other[place])} in the other"


def _cell(cell: str) -> str:
    """Return a header cell for a message, masked if it looks personal: a sample without a header has values there."""
    personal = looks_unmistakable([cell]) is not None or looks_given([cell])
    return "a value that looks personal" if personal else repr(cell)
