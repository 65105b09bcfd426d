"""Rows that tasks and driver exchange, with their Arrow schemas.

Arrow and not pandas: there a nullable integer becomes a float, which loses digits of large numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from callcenter_etl import errors
from callcenter_etl.engines.block_steps import RoutedBlock
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.judge.tally import Tally
from callcenter_etl.memory_errors import OutOfMemoryError

# Lines that start within a cut, and the offset of the first one, null where no line starts there.
COUNTED = pa.schema(
    [("part", pa.int32()), ("lines", pa.int64()), ("first", pa.int64()), ("error", pa.string())]
)
# A key of a unique rule (by its number), and its line.
KEYS = pa.schema(
    [
        ("part", pa.int32()),
        ("rule", pa.int32()),
        ("key", pa.binary()),
        ("line", pa.int64()),
        ("error", pa.string()),
    ]
)
# A record that repeats a key: its line, and the line of the first occurrence. A row with HEAD begins each part.
REPEATS = pa.schema(
    [
        ("part", pa.int32()),
        ("line", pa.int64()),
        ("rule", pa.int32()),
        ("first", pa.int64()),
        ("error", pa.string()),
    ]
)
HEAD = -1
# A judged block, an error, or the end of the part. `details` is JSON: counts, error, or length and CRC-32.
JUDGED = pa.schema(
    [
        ("part", pa.int32()),
        ("number", pa.int64()),
        ("kind", pa.string()),
        ("target", pa.binary()),
        ("rejected", pa.binary()),
        ("exceptions", pa.binary()),
        ("exception_records", pa.int64()),
        ("target_records", pa.int64()),
        ("details", pa.string()),
    ]
)
BLOCK, ERROR, END = "block", "error", "end"

_RAISED: Mapping[str, type[CallcenterEtlError]] = {
    kind.__name__: kind for kind in (errors.SourceError, errors.OutputError, errors.AccountingError)
}


def batch_of(schema: pa.Schema, **columns: Iterable[Any]) -> pa.RecordBatch:
    """Return rows of a schema; a column that is not given is null."""
    length = len(list(next(iter(columns.values()))))
    arrays = [
        pa.array(columns[field.name], type=field.type)
        if field.name in columns
        else pa.nulls(length, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def encode_error(error: CallcenterEtlError) -> str:
    """Return an error as the text of a row."""
    # An exception of a task makes Spark run it four times and wrap the message in a Java stack, so an error of data or
    # storage is returned as a row.
    return json.dumps({"kind": type(error).__name__, "message": str(error)})


def decode_error(text: str) -> CallcenterEtlError:
    """Return the error from the text of a row."""
    found = json.loads(text)
    if found["kind"] == OutOfMemoryError.__name__:
        return OutOfMemoryError()
    return _RAISED.get(found["kind"], errors.SourceError)(found["message"])


def block_row(part: int, number: int, done: RoutedBlock) -> pa.RecordBatch:
    """Return a judged block as a row."""
    return batch_of(
        JUDGED,
        part=[part],
        number=[number],
        kind=[BLOCK],
        target=[b"".join(routed.target for routed in done.routed)],
        rejected=[b"".join(routed.rejected for routed in done.routed)],
        exceptions=[b"".join(routed.exceptions for routed in done.routed)],
        exception_records=[sum(routed.exception_records for routed in done.routed)],
        target_records=[sum(routed.target_records for routed in done.routed)],
        details=[json.dumps(asdict(done.counts))],
    )


def decode_counts(text: str) -> Tally:
    """Return the counts of a block from the text of its row."""
    return Tally.from_dict(json.loads(text))
