"""One version of an Iceberg table: its files, whose rows are in them, and what its snapshots said of themselves."""

from __future__ import annotations

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
from callcenter_etl.store.uris import shown
from callcenter_etl.writers.tables.iceberg.iceberg_types import text_of
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN, Provenance
from callcenter_etl.writers.tables.source_rows import RowsInFiles
from callcenter_etl.writers.tables.write_mode import ActiveFile, Partition

SOURCE_PROPERTY = "callcenter_etl.source."  # and a source's key: the content that its rows are of
TOLD = "callcenter_etl."  # and a word of what a commit says of itself
_MAX_WORDS = 500


class IcebergVersion(RowsInFiles):
    """One version, as it was when it was looked at."""

    def __init__(self, table: Table, mode: int | None) -> None:
        super().__init__(mode)
        self.table = table

    @property
    def partition_columns(self) -> list[str]:
        """Return the columns by which it is partitioned."""
        return [field.name for field in self.table.spec().fields]

    @property
    def number(self) -> int:
        """Return the id of the snapshot, 0 where there is none yet."""
        snapshot = self.table.current_snapshot()
        return 0 if snapshot is None else snapshot.snapshot_id

    @cached_property
    def files(self) -> dict[str, IcebergFile]:
        """Return its data files by their address. Raises OutputError where rows are deleted beside them."""
        tasks = list(self.table.scan().plan_files())
        if any(task.delete_files for task in tasks):
            raise OutputError(
                f"{'.'.join(self.table.name())}: has delete files, which this program does not merge"
                " (compact the table first, with rewrite_data_files)"
            )
        return {task.file.file_path: task.file for task in tasks}

    @cached_property
    def active(self) -> Sequence[ActiveFile]:
        """Return its files."""
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
        """Return whether this content is the source's last one, and nobody took away a row of it since."""
        return self.table.properties.get(SOURCE_PROPERTY + origin.source_key) == origin.content_key

    def version_of(self, origin: Provenance) -> int:
        """Return the snapshot that holds this content since; this one where the table does not know it any more."""
        wanted = {f"{TOLD}source": origin.source, f"{TOLD}content": origin.content_key}
        for snapshot in reversed(self.table.snapshots()):
            if wanted.items() <= self._told(snapshot).items():
                return snapshot.snapshot_id
        return self.number

    def has_commit_of(self, run_id: str) -> bool:
        """Return whether one of the snapshots is that run's."""
        return any(self._told(each).get(f"{TOLD}run_id") == run_id for each in self.table.snapshots())

    def last_run(self) -> str:
        """Say who made it, as a person is reported."""
        told = self._told(self.table.current_snapshot())
        if f"{TOLD}run_id" not in told:
            return f"another program (snapshot {self.number})"
        return f"run {told[f'{TOLD}run_id']} (snapshot {self.number}, source {told[f'{TOLD}source']})"

    @contextmanager
    def opened(self, file: ActiveFile) -> Iterator[pq.ParquetFile]:
        """Open a file."""
        with self.table.io.new_input(file.path).open() as stream, pq.ParquetFile(stream) as opened:
            yield opened

    def _partition(self, file: IcebergFile) -> Partition:
        schema, spec = self.table.schema(), self.table.specs()[file.spec_id]
        return tuple(
            text_of(file.partition[at], field, schema.find_type(field.source_id))
            for at, field in enumerate(spec.fields)
        )

    @staticmethod
    def _told(snapshot: Any) -> dict[str, str]:
        if snapshot is None or snapshot.summary is None:
            return {}
        return dict(snapshot.summary.additional_properties)


def _text(bounds: dict[int, bytes] | None, at: int) -> str | None:
    bound = (bounds or {}).get(at)
    return None if bound is None else str(from_bytes(StringType(), bound))


def cause_of(error: Exception) -> str:
    """Return what a library says is wrong; of damaged metadata no text, which the message of pydantic would quote."""
    refused = error.__cause__ or error  # pyiceberg puts pydantic's error into one of its own
    if isinstance(refused, ValidationError):
        (first, *_) = refused.errors(include_input=False, include_url=False, include_context=False)
        cause = first["msg"]
    elif isinstance(error, RecursionError):
        cause = "nested too deeply"
    else:
        return shown(" ".join(str(error).split()))[:_MAX_WORDS] or type(error).__name__
    return f"the table's metadata cannot be read: {cause} (restore it from a copy, or name another table)"
