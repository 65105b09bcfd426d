"""Version of an Iceberg table: its files, the sources of their rows, and the metadata of its snapshots."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import pyarrow.parquet as pq
from pydantic import ValidationError
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile as IcebergFile
from pyiceberg.table import Table
from pyiceberg.types import StringType

from callcenter_etl.errors import OutputError
from callcenter_etl.sqlite_errors import sqlite_cause
from callcenter_etl.store.uris import shown
from callcenter_etl.writers.tables.iceberg.iceberg_types import text_of
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN, Provenance
from callcenter_etl.writers.tables.source_rows import RowsInFiles
from callcenter_etl.writers.tables.write_mode import ActiveFile, Partition

SOURCE_PROPERTY = (
    "callcenter_etl.source."  # prefix of a source's key: a table property with its content's key
)
PROPERTY_PREFIX = "callcenter_etl."  # prefix of the names of a commit's metadata in a snapshot's summary
_MAX_WORDS = 500


class IcebergVersion(RowsInFiles):
    """Version of an Iceberg table at the time when it was read."""

    def __init__(self, table: Table, mode: int | None) -> None:
        super().__init__(mode)
        self.table = table

    @property
    def partition_columns(self) -> list[str]:
        """Return the names of the table's partition fields."""
        return [field.name for field in self.table.spec().fields]

    @property
    def number(self) -> int:
        """Return the id of the snapshot, 0 for a table without snapshots."""
        snapshot = self.table.current_snapshot()
        return 0 if snapshot is None else snapshot.snapshot_id

    @cached_property
    def files(self) -> dict[str, IcebergFile]:
        """Return the data files by address. Raises OutputError where the table has delete files."""
        tasks = list(self.table.scan().plan_files())
        if any(task.delete_files for task in tasks):
            raise OutputError(
                f"{'.'.join(self.table.name())}: has delete files, which this program does not merge"
                " (compact the table first, with rewrite_data_files)"
            )
        return {task.file.file_path: task.file for task in tasks}

    @cached_property
    def active(self) -> Sequence[ActiveFile]:
        """Return the data files of the version."""
        at = self.table.schema().find_field(SOURCE_COLUMN).field_id
        return tuple(
            ActiveFile(
                path,
                file.file_size_in_bytes,
                file.record_count,
                self._partition(file),
                _text(file.lower_bounds, at),
                _text(file.upper_bounds, at),
            )
            for path, file in self.files.items()
        )

    def holds(self, origin: Provenance) -> bool:
        """Return whether this content is the source's last one, and none of its rows was removed since."""
        return self.table.properties.get(SOURCE_PROPERTY + origin.source_key) == origin.content_key

    def version_of(self, origin: Provenance) -> int:
        """Return the id of the snapshot that committed this content; this snapshot's where that one has expired."""
        wanted = {
            f"{PROPERTY_PREFIX}source": origin.source,
            f"{PROPERTY_PREFIX}content": origin.content_key,
        }
        # The latest first: a content may have been replaced and committed again.
        for snapshot in reversed(self.table.snapshots()):
            if wanted.items() <= self._metadata(snapshot).items():
                return snapshot.snapshot_id
        return self.number

    def has_commit_of(self, run_id: str) -> bool:
        """Return whether one of the snapshots was committed by a run."""
        name = f"{PROPERTY_PREFIX}run_id"
        return any(self._metadata(each).get(name) == run_id for each in self.table.snapshots())

    def last_run(self) -> str:
        """Return the writer of this version, for messages."""
        metadata = self._metadata(self.table.current_snapshot())
        run_id = metadata.get(f"{PROPERTY_PREFIX}run_id")
        if run_id is None:
            return f"another program (snapshot {self.number})"
        return f"run {run_id} (snapshot {self.number}, source {metadata[f'{PROPERTY_PREFIX}source']})"

    @contextmanager
    def opened(self, file: ActiveFile) -> Iterator[pq.ParquetFile]:
        """Open a data file for reading."""
        with self.table.io.new_input(file.path).open() as stream, pq.ParquetFile(stream) as opened:
            yield opened

    def _partition(self, file: IcebergFile) -> Partition:
        # A file keeps the partition spec under which it was written.
        schema, spec = self.table.schema(), self.table.specs()[file.spec_id]
        return tuple(
            text_of(file.partition[at], field, schema.find_type(field.source_id))
            for at, field in enumerate(spec.fields)
        )

    @staticmethod
    def _metadata(snapshot: Any) -> dict[str, str]:
        if snapshot is None or snapshot.summary is None:
            return {}
        return dict(snapshot.summary.additional_properties)


def _text(bounds: dict[int, bytes] | None, at: int) -> str | None:
    bound = (bounds or {}).get(at)
    return None if bound is None else str(from_bytes(StringType(), bound))


def cause_of(error: Exception) -> str:
    """Return what a library says is wrong; of damaged metadata no text, which the message of pydantic would quote."""
    stored = getattr(error, "orig", None)  # SQLAlchemy's own text would quote the statement and its values
    if isinstance(stored, sqlite3.OperationalError):
        return sqlite_cause(stored)
    refused = error.__cause__ or error  # pyiceberg puts pydantic's error into one of its own
    if isinstance(refused, ValidationError):
        (first, *_) = refused.errors(include_input=False, include_url=False, include_context=False)
        cause = first["msg"]
    elif isinstance(error, RecursionError):
        cause = "nested too deeply"
    else:
        return shown(" ".join(str(error).split()))[:_MAX_WORDS] or type(error).__name__
    return f"the table's metadata cannot be read: {cause} (restore it from a copy, or name another table)"
