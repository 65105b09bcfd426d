"""Storage of an Iceberg table's data files, in the table's own location."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pyiceberg.table import Table

from callcenter_etl.store.uris import is_local, local_path
from callcenter_etl.writers.tables.iceberg.iceberg_table import IcebergTable, data_uri
from callcenter_etl.writers.tables.table_storage import LocalTableStorage


class IcebergTableStorage:
    """Storage of an Iceberg table's data files: its own location, accessed through its own file IO."""

    def __init__(self, table: IcebergTable, mode: int | None) -> None:
        self._table = table
        self._mode = mode
        self._found: Table | None = None

    def begin(self) -> None:
        """Load the table, and with it its location. Raises OutputError."""
        with self._table.translate_errors():
            self._found = self._table.loaded()

    def put(self, file: Path, path: str, sha256: str) -> None:
        """Put a finished local file under a new path, relative to the table's data. Raises OutputError."""
        uri = data_uri(self._there)
        # pyiceberg's file IO neither syncs a local file nor sets its permissions.
        if is_local(uri):
            LocalTableStorage(Path(local_path(uri)), self._mode).put(file, path, sha256)
            return
        with (
            self._table.translate_errors(),
            file.open("rb") as source,
            self._there.io.new_output(f"{uri}/{path}").create() as target,
        ):
            shutil.copyfileobj(source, target)

    def remove(self, path: str) -> None:
        """Remove a file where it exists. Raises OutputError."""
        uri = f"{data_uri(self._there)}/{path}"
        with self._table.translate_errors():
            if self._there.io.new_input(uri).exists():
                self._there.io.delete(uri)

    def settle(self, folder: str, written: Sequence[str]) -> None:
        """Do nothing: the catalog stores its metadata itself."""

    @property
    def _there(self) -> Table:
        if self._found is None:
            self.begin()
        assert self._found is not None  # noqa: S101  `begin` found it, or raised
        return self._found
