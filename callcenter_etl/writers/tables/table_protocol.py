"""Protocols of a table and its versions, and the change that a commit makes; one implementation a table format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from callcenter_etl.writers.tables.data_file import DataFile
from callcenter_etl.writers.tables.provenance import Provenance
from callcenter_etl.writers.tables.write_mode import ActiveFile, Removal


class ConflictError(Exception):
    """The table has a newer version than the one that was read, by another writer or by a commit of this run itself."""


@dataclass(frozen=True, slots=True)
class Added:
    """A data file that was put into the table's storage. `path` is relative to the table."""

    path: str
    file: DataFile


@dataclass(frozen=True, slots=True)
class TableChange:
    """Change of one commit: the run's files, the files that they replace, and the metadata of the commit.

    `residuals` hold the rows of other sources from the files that are rewritten.
    """

    origin: Provenance
    added: tuple[Added, ...]
    residuals: tuple[Added, ...] = ()
    removal: Removal = field(default_factory=lambda: Removal((), (), frozenset()))
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def removed(self) -> tuple[ActiveFile, ...]:
        """All files that the commit removes from the table, those that are rewritten included."""
        return (*self.removal.files, *self.removal.rewrites)


class TableVersion(Protocol):
    """Version of a table at the time when it was read."""

    @property
    def number(self) -> int:
        """Return the number of the version (Delta) or the id of the snapshot (Iceberg)."""

    @property
    def active(self) -> Sequence[ActiveFile]:
        """Return the data files of the version."""

    def holds(self, origin: Provenance) -> bool:
        """Return whether this content is the source's last one, and none of its rows was removed since."""

    def version_of(self, origin: Provenance) -> int:
        """Return the version that committed this content, this version where that is no longer known."""

    def has_commit_of(self, run_id: str) -> bool:
        """Return whether one of the latest commits was made by a run."""

    def sources_in(self, file: ActiveFile) -> frozenset[str | None]:
        """Return the sources of a file's rows, None among them for rows without one."""

    def rows_of(self, source: str, file: ActiveFile) -> int:
        """Return the number of a source's rows in a file."""

    def residual_of(self, file: ActiveFile, source: str, scratch: Path) -> DataFile:
        """Write the rows of a file that are not a source's into a new file in `scratch`, and return that file."""

    def last_run(self) -> str:
        """Return the writer of this version, for messages."""


class Table(Protocol):
    """A table in one format. Its methods raise OutputError, and ConflictError where they say so."""

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """Return the partition columns of the table."""

    def newest(self) -> TableVersion | None:
        """Return the newest version, None where the table does not exist.

        Raises UsageError where the table does not fit the contract.
        """

    def create(self, change: TableChange) -> int:
        """Create the table with its first files, and return its version. Raises ConflictError where it exists by now."""

    def commit(self, version: TableVersion, change: TableChange) -> int:
        """Commit a change as the version right after this one, and return its number.

        Raises ConflictError where another writer has committed since.
        """
