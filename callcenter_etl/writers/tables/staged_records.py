"""The staged stream of accepted records: an Arrow IPC stream that is only ever appended to, one message a batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from callcenter_etl.errors import AccountingError, OutputError
from callcenter_etl.os_errors import os_cause
from callcenter_etl.writers.tables.arrow_schema import UNCONVERTED


def schema_message(schema: pa.Schema) -> memoryview:
    """Return the bytes that a stream of batches of this schema begins with."""
    return memoryview(schema.serialize())


def batch_message(batch: pa.RecordBatch) -> memoryview:
    """Return the bytes of one batch; none where it has no records."""
    return memoryview(batch.serialize()) if batch.num_rows else memoryview(b"")


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a staged stream, one at a time; the system may take back the memory of those before.

    Raises OutputError where the file cannot be read, AccountingError where it is no such stream.
    """
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
            yield from stream
    except pa.ArrowInvalid as error:
        raise AccountingError(f"{path}: the staged records cannot be read back: {error}") from error
    except OSError as error:
        raise OutputError(f"{path}: {os_cause(error)}") from error


def count_unconverted(path: Path, schema: pa.Schema) -> int | None:
    """Return how many records of a stream have values that do not fit, None where the schema holds them all."""
    at = schema.get_field_index(UNCONVERTED)
    return (
        None if at < 0 else sum(batch.num_rows - batch.column(at).null_count for batch in read_batches(path))
    )
