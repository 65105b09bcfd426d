"""Writes corrected rows as records of the source's dialect, and reads them back to check them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from callcenter_etl.errors import AccountingError
from callcenter_etl.sources.blocks import LineBlock, RecordFormat
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.encodings import is_ascii_superset
from callcenter_etl.sources.field_text import LINE_BREAKS
from callcenter_etl.sources.framing import ENCODING, FIELDS, STRUCTURAL_RULES
from callcenter_etl.sources.line_format import LineFormat
from callcenter_etl.tools.reprocess.exceptions_sheet import Row

_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Batch:
    """Records to validate, ordered by line.

    `keys` identify them across reprocess runs; `raws` are their bytes as in the source, with a line end. `sound` has
    the indices of the well-formed records, and `values` their columns by source position. `malformed` maps the index
    of each other record to its structural rule and reason, and `shown` to its text. `short` marks those of the
    well-formed records that lack fields, None where the source has no such records.
    """

    keys: Sequence[str]
    lines: NDArray[np.int64]
    raws: Sequence[bytes]
    sound: NDArray[np.int64]
    values: tuple[pa.StringArray, ...]
    malformed: dict[int, tuple[str, str]]
    shown: dict[int, str]
    short: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class Writing:
    """The format of written records: the source's format and names, and the line end of its files."""

    form: LineFormat
    names: tuple[str, ...]
    line_end: str

    @property
    def encoding(self) -> str:
        """The encoding of target and rejected: the source's, or UTF-8 if that is not a superset of ASCII."""
        declared = self.form.dialect.encoding
        return declared if is_ascii_superset(declared) else "utf-8"

    @property
    def as_text(self) -> RecordFormat:
        """The format of the records as text, before they are encoded."""
        return replace(
            self.form.records(len(self.names), None), dialect=replace(self.form.dialect, encoding="utf-8")
        )


def batch_of(rows: Sequence[Row], writing: Writing) -> Batch:
    """Write rows as records and read them back.

    If all source values of a row are empty, its raw text is the record; otherwise the values are.
    """
    written = [_without_comment(_written(row, writing), writing) for row in rows]
    malformed = {at: (each.rule, each.reason) for at, each in enumerate(written) if each.rule}
    parts: list[tuple[list[int], Chunk]] = []
    for places in _framed_together(rows, written, writing):
        text = "\n".join(written[at].text for at in places)
        chunk = _read(text, writing, len(places))
        if chunk is None:  # more than one record, or none
            malformed[places[0]] = (STRUCTURAL_RULES[FIELDS], "the text is not one record")
            continue
        malformed |= {places[m.record]: (STRUCTURAL_RULES[m.status], m.reason) for m in chunk.malformed}
        parts.append(([places[at] for at in chunk.sound.tolist()], chunk))
    sound, values, short = _in_order(parts, len(writing.names))
    batch = Batch(
        keys=[str(row.line) for row in rows],
        lines=np.array([row.line for row in rows], dtype=np.int64),
        raws=[each.bytes(writing) for each in written],
        sound=sound,
        values=values,
        malformed=malformed,
        shown={at: written[at].text for at in malformed},
        short=short,
    )
    _prove(batch, rows)
    return batch


@dataclass(frozen=True, slots=True)
class _Written:
    """A row as the text of a record; `rule` and `reason` if it cannot be one."""

    text: str
    rule: str = ""
    reason: str = ""
    escaped: bool = False

    def bytes(self, writing: Writing) -> bytes:
        """Return the encoded record; undecodable bytes become the original bytes."""
        text = self.text + writing.line_end
        if not self.escaped:
            # A record with a character that the encoding lacks is malformed, but still written to `rejected`.
            return text.encode(writing.encoding, "backslashreplace")
        # `split` with one group returns text and hex digits in turn, with text at both ends.
        pieces = _ESCAPED.split(text)
        plain = [piece.encode(writing.encoding, "backslashreplace") for piece in pieces[::2]]
        raw = [bytes.fromhex(piece) for piece in pieces[1::2]]
        return b"".join(part for pair in zip(plain, [*raw, b""], strict=True) for part in pair)


def _written(row: Row, writing: Writing) -> _Written:
    if any(row.values):
        return _encodable(_from_values(row.values, writing), writing)
    if row.raw:
        # Only under this rule: in other records `\xe9` may be four characters of the value.
        if STRUCTURAL_RULES[ENCODING] == row.rules and _ESCAPED.search(row.raw):
            found = ", ".join(dict.fromkeys(f"\\x{byte}" for byte in _ESCAPED.findall(row.raw)))
            reason = f"reject_raw still has undecodable bytes, written as {found}"
            return _Written(row.raw, STRUCTURAL_RULES[ENCODING], reason, escaped=True)
        return _encodable(_Written(row.raw), writing)
    # After any other rule the row is a well-formed record of empty values.
    if row.rules in STRUCTURAL_RULES.values():
        return _Written(
            "", STRUCTURAL_RULES[FIELDS], "the row is empty: neither values nor reject_raw are there"
        )
    return _from_values(row.values, writing)


def _without_comment(written: _Written, writing: Writing) -> _Written:
    """Return a record, malformed where it would be read as a comment, and so be lost."""
    comment = writing.form.dialect.comment
    if written.rule or comment is None or not written.text.startswith(comment):
        return written
    reason = f"the record begins with {comment!r} and would be a comment (source.comment)"
    return replace(written, rule=STRUCTURAL_RULES[FIELDS], reason=reason)


def _from_values(values: Sequence[str], writing: Writing) -> _Written:
    text = writing.form.text(values)
    for position, (name, value) in enumerate(zip(writing.names, values, strict=True)):
        wrong = writing.form.unwritable(position, value)
        if wrong is not None:
            status, reason = wrong
            return _Written(text, STRUCTURAL_RULES[status], f"the value of {name} {reason}")
    return _Written(text)


def _encodable(written: _Written, writing: Writing) -> _Written:
    try:
        written.text.encode(writing.encoding)
    except UnicodeEncodeError as error:
        character = written.text[error.start]
        reason = f"{character!r} cannot be written as {writing.encoding}"
        # A malformed record has one structural reason, the first that was found.
        return written if written.rule else replace(written, rule=STRUCTURAL_RULES[ENCODING], reason=reason)
    return written


def _framed_together(
    rows: Sequence[Row], written: Sequence[_Written], writing: Writing
) -> Iterator[list[int]]:
    """Yield rows to frame as one text; a row that could take in its neighbours is framed alone."""
    together: list[int] = []
    for at, (row, each) in enumerate(zip(rows, written, strict=True)):
        if each.rule:
            continue
        breaks = any(mark in each.text for mark in LINE_BREAKS)
        # Quotes of values are written in pairs; those of raw text may be open and join the next lines.
        joins = writing.form.dialect.multiline and not any(row.values)
        if breaks or joins:
            yield [at]
        else:
            together.append(at)
    if together:
        yield together


def _read(text: str, writing: Writing, records: int) -> Chunk | None:
    """Read records back; None if their number differs."""
    # With a line end, because the last record of a one-column source may be empty.
    raw = f"{text}\n".encode()
    chunk = next(iter(LineBlock(raw, first_line=1, offset=0, format=writing.as_text).parse().chunks), None)
    return chunk if chunk is not None and len(chunk) == records else None


def _in_order(
    parts: list[tuple[list[int], Chunk]], fields: int
) -> tuple[NDArray[np.int64], tuple[pa.StringArray, ...], NDArray[np.bool_] | None]:
    if not parts:
        return np.empty(0, dtype=np.int64), (pa.array([], type=pa.string()),) * fields, None
    # Rows that were framed alone come first in `parts`.
    places = np.array([at for found, _ in parts for at in found], dtype=np.int64)
    order = np.argsort(places, kind="stable")
    picks = pa.array(order)
    columns = (pa.concat_arrays([chunk.values[at] for _, chunk in parts]).take(picks) for at in range(fields))
    marks = [chunk.short for _, chunk in parts if chunk.short is not None]
    # The dialect decides whether records may be short, so that all parts have marks or none has.
    short = np.concatenate(marks)[order] if marks else None
    return places[order], tuple(columns), short


def _prove(batch: Batch, rows: Sequence[Row]) -> None:
    """Raise AccountingError unless every corrected value is read back unchanged."""
    # Rows of raw text are left out: there are no values to compare with.
    given = [at for at, place in enumerate(batch.sound.tolist()) if any(rows[place].values)]
    if len(batch.sound) + len(batch.malformed) != len(rows):
        raise AccountingError(
            f"{len(rows)} rows were written, {len(batch.sound)} and {len(batch.malformed)} were read back"
        )
    picks = pa.array(given, type=pa.int64())
    for position, column in enumerate(batch.values):
        wanted = pa.array([rows[int(batch.sound[at])].values[position] for at in given], type=pa.string())
        if not column.take(picks).equals(wanted):
            raise AccountingError(
                "corrected values do not read back as they were given: nothing is published"
            )
