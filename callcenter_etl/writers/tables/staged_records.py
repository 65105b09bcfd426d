"""Staged stream of accepted records: an Arrow IPC stream to which a message is appended for each batch.

A stream of messages only grows, so a checkpoint of the file is its size and hash, as for CSV.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from callcenter_etl.errors import AccountingError, OutputError
from callcenter_etl.os_errors import os_cause
from callcenter_etl.writers.tables.arrow_schema import UNCONVERTED


def schema_message(schema: pa.Schema) -> memoryview:
    """Return the first message of a stream of batches of this schema."""
    return memoryview(schema.serialize())


def batch_message(batch: pa.RecordBatch) -> memoryview:
    """Return the message of one batch, empty where the batch has no records."""
    return memoryview(batch.serialize()) if batch.num_rows else memoryview(b"")


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a staged stream, one at a time.

    Raises OutputError where the file cannot be read, AccountingError where it is not such a stream.
    """
    # Mapped into memory, so that the system can reclaim the pages of batches that were consumed.
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
            yield from stream
    except pa.ArrowInvalid as error:
        raise AccountingError(f"{path}: the staged records cannot be read back: {error}") from error
    except OSError as error:
        raise OutputError(f"{path}: {os_cause(error)}") from error


def count_unconverted(path: Path, schema: pa.Schema) -> int | None:
    """Return the number of records with unconverted values, None where the schema fits all values."""
    at = schema.get_field_index(UNCONVERTED)
    return (
        None if at < 0 else sum(batch.num_rows - batch.column(at).null_count for batch in read_batches(path))
    )
