"""Version of a Delta table: its files, the sources of their rows, and the metadata of its commits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler

from callcenter_etl.documents import DocumentError, parse_object
from callcenter_etl.writers.tables.data_file import value_text
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN, Provenance
from callcenter_etl.writers.tables.source_rows import RowsInFiles
from callcenter_etl.writers.tables.write_mode import ActiveFile

MESSAGE = "userMetadata"  # the key that Spark and delta-rs both show in a table's history
_MAX_VERSIONS = 200  # the number of latest commits that are searched for an earlier commit


def app_of(source_key: str) -> str:
    """Return the name under which a table counts the commits that changed a source's rows."""
    return f"callcenter_etl-{source_key}"


def content_app_of(origin: Provenance) -> str:
    """Return the name under which a table stores the count at which this content was committed."""
    return f"{app_of(origin.source_key)}-{origin.content_key}"


def commit_metadata_in(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of a commit in a table's history, empty for a commit of another program."""
    try:
        metadata = parse_object(entry.get(MESSAGE) or "{}")
    except DocumentError:  # another program's message, in whatever form
        return {}
    return metadata if "run_id" in metadata else {}


class DeltaVersion(RowsInFiles):
    """Version of a Delta table at the time when it was read."""

    def __init__(self, table: DeltaTable, storage: dict[str, str], mode: int | None) -> None:
        super().__init__(mode)
        self.table = table
        self._storage = storage

    @property
    def partition_columns(self) -> list[str]:
        """Return the partition columns of the table."""
        return list(self.table.metadata().partition_columns)

    @property
    def number(self) -> int:
        """Return the number of the version."""
        return self.table.version()

    @cached_property
    def active(self) -> Sequence[ActiveFile]:
        """Return the data files of the version."""
        names = self.partition_columns
        wanted = ("path", "size_bytes", "num_records", f"min.{SOURCE_COLUMN}", f"max.{SOURCE_COLUMN}")
        found = pa.table(self.table.get_add_actions(flatten=True))
        columns = {
            name: found.column(name).to_pylist() if name in found.column_names else [None] * found.num_rows
            for name in (*wanted, *(f"partition.{name}" for name in names))
        }
        partitions = zip(*(map(value_text, columns[f"partition.{name}"]) for name in names), strict=True)
        places = list(partitions) if names else [()] * found.num_rows
        rows = zip(*(columns[name] for name in wanted), places, strict=True)
        return tuple(
            ActiveFile(path, size, -1 if records is None else records, place, least, greatest)
            for path, size, records, least, greatest, place in rows
        )

    def count_of(self, source_key: str) -> int:
        """Return the number of this program's commits that changed a source's rows."""
        return self.table.transaction_version(app_of(source_key)) or 0

    def holds(self, origin: Provenance) -> bool:
        """Return whether this content is the source's last one, and none of its rows was removed since."""
        noted = self.table.transaction_version(content_app_of(origin))
        return noted is not None and noted == self.count_of(origin.source_key)

    def version_of(self, origin: Provenance) -> int:
        """Return the version that committed this content; this version where the history no longer lists it."""
        for entry in self.table.history(_MAX_VERSIONS):
            metadata = commit_metadata_in(entry)
            if metadata.get("source") == origin.source and metadata.get("content") == origin.content_key:
                return int(entry["version"])
        return self.number

    def has_commit_of(self, run_id: str) -> bool:
        """Return whether one of the latest commits was made by a run."""
        return any(
            commit_metadata_in(entry).get("run_id") == run_id for entry in self.table.history(_MAX_VERSIONS)
        )

    def last_run(self) -> str:
        """Return the writer of this version, for messages."""
        (entry,) = self.table.history(1)
        metadata = commit_metadata_in(entry)
        if not metadata:
            return f"{entry.get('engineInfo') or 'another program'} (version {self.number})"
        return f"run {metadata['run_id']} (version {self.number}, source {metadata.get('source')})"

    def opened(self, file: ActiveFile) -> pq.ParquetFile:
        """Open a data file for reading."""
        handler = DeltaStorageHandler.from_table(self.table._table, self._storage, {file.path: file.bytes})  # noqa: SLF001  the library's own reader does so
        return pq.ParquetFile(pafs.PyFileSystem(handler).open_input_file(file.path))
