"""Parse framed records into columns of values, also those with a delimiter at their end or with fields missing there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from callcenter_etl.sources.block_marks import STAND_INS, VERBATIM, Marks
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.framing import Frame
from callcenter_etl.sources.lines import CR, LF

Indices = NDArray[np.int64]
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ParsedRecords:
    """Records of a frame by their indices, ascending, with one array of values a column.

    `others` has a row (record, number of fields) for each record that has another number of fields, shape (others, 2).
    `short` marks the records with fields missing at the end, of shape (records,), None where none may be.
    """

    records: Indices
    columns: tuple[pa.StringArray, ...]
    others: Indices
    short: NDArray[np.bool_] | None = None


def parse_records(frame: Frame, records: Indices, fields: int, dialect: Dialect) -> ParsedRecords:
    """Return the values of those records that have a number of fields that the dialect allows."""
    if dialect.trailing_delimiter or dialect.short_records:
        return _parse_ragged(frame, records, fields, dialect)
    parsed = _parse(frame, records, fields)
    columns = tuple(_restore(column, frame.marks) for column in parsed.columns)
    return ParsedRecords(parsed.records, columns, parsed.others)


def _parse_ragged(frame: Frame, records: Indices, fields: int, dialect: Dialect) -> ParsedRecords:
    """Return the values of records of several numbers of fields: the records of each number are parsed together."""
    # Parsed with one field more at once, since usually all records end with a delimiter where one does.
    ended = _ends_with_delimiter(frame, records) & dialect.trailing_delimiter
    whole = [_parse(frame, records[~ended], fields), _parse(frame, records[ended], fields + 1)]
    others = np.concatenate([part.others for part in whole])
    short: list[ParsedRecords] = []
    for number in np.unique(others[:, 1]).tolist():
        if number == fields or (number < fields and dialect.short_records):
            chosen = others[:, 1] == number
            part = _parse(frame, np.sort(others[chosen, 0]), number)
            (whole if number == fields else short).append(part)
            others = others[~chosen]
    parts = [*whole, *short]
    found = np.concatenate([part.records for part in parts])
    order = np.argsort(found, kind="stable")
    is_short = np.repeat([False, True], [sum(len(part.records) for part in each) for each in (whole, short)])
    return ParsedRecords(
        records=found[order],
        columns=tuple(_restore(_column(parts, at, order), frame.marks) for at in range(fields)),
        others=others,
        short=is_short[order] if dialect.short_records else None,
    )


def _column(parts: Sequence[ParsedRecords], at: int, order: Indices) -> pa.StringArray:
    """Return one column of all parts in an order; a field that a record lacks is empty."""
    arrays = [
        part.columns[at]
        if at < len(part.columns)
        else pa.repeat(pa.scalar("", pa.string()), len(part.records))
        for part in parts
        if len(part.records)
    ]
    if len(arrays) == 1:
        return arrays[0]
    return pa.concat_arrays(arrays).take(pa.array(order)) if arrays else pa.array([], type=pa.string())


def _ends_with_delimiter(frame: Frame, records: Indices) -> NDArray[np.bool_]:
    """Return which records end with a delimiter; shape (records,)."""
    data = np.frombuffer(frame.text, dtype=np.uint8)
    last = frame.text_stops[records] - 1
    for line_end in (LF, CR):
        last = last - (data[np.maximum(last, 0)] == line_end)
    return np.asarray(
        (last >= frame.text_starts[records]) & (data[np.maximum(last, 0)] == frame.marks.delimiter)
    )


def _parse(frame: Frame, records: Indices, fields: int) -> ParsedRecords:
    """Return the fields of those records of the frame that have so many."""
    text = text_of(frame, records)
    if not frame.marks.has_stand_ins:
        return _parsed(records, *_read_csv(text, frame=frame, fields=fields))
    try:
        return _parsed(records, *_read_csv(text, frame=frame, fields=fields, note_others=False))
    except pa.ArrowInvalid:
        invalid = _invalid_rows(text, frame, fields)
    sound = np.delete(records, [number - 1 for number, _ in invalid])
    table, _ = _read_csv(text_of(frame, sound), frame=frame, fields=fields, note_others=False)
    return _parsed(records, table, invalid)


def _parsed(records: Indices, table: pa.Table, invalid: list[tuple[int, int]]) -> ParsedRecords:
    # Numbers of rows count from 1.
    others = np.array(invalid, dtype=np.int64).reshape(-1, 2)
    at = others[:, 0] - 1
    others[:, 0] = records[at]
    sound = np.delete(records, at) if len(at) else records
    return ParsedRecords(sound, tuple(_flat(column) for column in table.columns), others)


def _invalid_rows(text: memoryview, frame: Frame, fields: int) -> list[tuple[int, int]]:
    """Return number and fields of each record that has another number of fields than `fields`."""
    # Arrow reports a row with its text, in which the stand-ins are not UTF-8.
    other = next(byte for byte in b"?!_" if byte not in (frame.marks.delimiter, frame.marks.quote))
    table = bytes.maketrans(STAND_INS, bytes([other]) * len(STAND_INS))
    return _read_csv(memoryview(bytes(text).translate(table)), frame=frame, fields=fields)[1]


def text_of(frame: Frame, records: NDArray[np.int64]) -> memoryview:
    """Return the text of records of the frame, joined."""
    if not len(records):
        return memoryview(b"")
    # Neighbouring records are one slice of the block: mostly there is a single one, and nothing is copied.
    starts, stops = frame.text_starts[records], frame.text_stops[records]
    breaks = np.flatnonzero(starts[1:] != stops[:-1])
    run_starts = starts[np.concatenate(([0], breaks + 1))]
    run_stops = stops[np.concatenate((breaks, [len(stops) - 1]))]
    view = memoryview(frame.text)
    if len(run_starts) == 1:
        return view[int(run_starts[0]) : int(run_stops[0])]
    runs = [view[start:stop] for start, stop in zip(run_starts.tolist(), run_stops.tolist(), strict=True)]
    return memoryview(b"".join(_kept_apart(runs)))


def _kept_apart(runs: list[memoryview]) -> Iterator[memoryview | bytes]:
    """Yield the runs so that a CR and an LF that were not neighbours do not become one line end."""
    carriage = False
    for run in runs:
        if carriage and bytes(run[:1]) == b"\n":  # an empty record of a one-column source
            yield b"\n"
        yield run
        carriage = bytes(run[-1:]) == b"\r"


def _read_csv(
    text: memoryview, *, frame: Frame, fields: int, note_others: bool = True
) -> tuple[pa.Table, list[tuple[int, int]]]:
    names = [str(position) for position in range(fields)]
    if not len(text):
        return pa.table({name: pa.array([], type=pa.string()) for name in names}), []
    if text[:3] == _BOM:
        # Arrow drops a BOM at the start of every buffer. This one is data, so a second one is put before it.
        text = memoryview(_BOM + bytes(text))
    invalid: list[tuple[int, int]] = []

    # The handler's `row.number` counts from 1, the first record included, since no header line is parsed.
    def note(row: pa_csv.InvalidRow) -> str:
        invalid.append((row.number, row.actual_columns))
        return "skip"

    quote = frame.marks.quote
    table = pa_csv.read_csv(
        pa.py_buffer(text),
        # One block, so that numbers of invalid rows are those of the whole text; the caller's threads work in parallel.
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=len(text) + 16, column_names=names),
        parse_options=pa_csv.ParseOptions(
            delimiter=chr(frame.marks.delimiter),
            quote_char=False if quote is None else chr(quote),
            double_quote=quote is not None and frame.marks.double_quote,
            escape_char=False,
            newlines_in_values=frame.joined,
            ignore_empty_lines=False,
            invalid_row_handler=note if note_others else None,
        ),
        convert_options=pa_csv.ConvertOptions(
            # The framing has decoded the block already. Nothing is a null here: the contract says which values are empty.
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            null_values=[],
        ),
    )
    return table, invalid


def _flat(column: pa.ChunkedArray) -> pa.StringArray:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], type=pa.string())


def _restore(values: pa.StringArray, marks: Marks) -> pa.StringArray:
    """Return the values with the text of the source for each stand-in."""
    # Most columns hold none, and replacing takes longer than looking for a byte.
    if marks.verbatim and _holds(values, VERBATIM):
        for found, wanted in marks.verbatim:
            values = pc.if_else(pc.equal(values, _text(found)), _text(wanted), values)
        values = pc.replace_substring(values, pattern=bytes([VERBATIM]), replacement=b"")
    for stand_in, wanted in marks.restore:
        if _holds(values, stand_in[0]):
            values = pc.replace_substring(values, pattern=stand_in, replacement=wanted)
    return values


def _holds(values: pa.StringArray, byte: int) -> bool:
    data = values.buffers()[2]
    return data is not None and bool((np.frombuffer(data, dtype=np.uint8) == byte).any())


def _text(data: bytes) -> pa.StringScalar:
    # A stand-in is not UTF-8, which the constructor of a text checks.
    return pa.array([data], pa.binary()).view(pa.string())[0]
