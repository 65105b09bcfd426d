"""One run's files become one version of a table: against other writers, against crashes, and never twice."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from callcenter_etl.errors import OutputError
from callcenter_etl.writers.tables.data_file import DataFile, path_in_table
from callcenter_etl.writers.tables.provenance import Provenance
from callcenter_etl.writers.tables.table_storage import TableStorage
from callcenter_etl.writers.tables.write_mode import (
    ActiveFile,
    Removal,
    WriteMode,
    is_current,
    own_records,
    partition_texts,
    removal_of,
)

MAX_WAIT = 5.0
_log = logging.getLogger(__name__)


class ConflictError(Exception):
    """There is a newer version than the one that was looked at: another writer's, or this one's own after all."""


@dataclass(frozen=True, slots=True)
class Added:
    """A file that lies in the table's place, and what it holds. `path` is relative to the table."""

    path: str
    file: DataFile


@dataclass(frozen=True, slots=True)
class TableChange:
    """What one commit does: new files, and what gives way to them."""

    origin: Provenance
    added: tuple[Added, ...]
    rests: tuple[Added, ...] = ()
    removal: Removal = field(default_factory=lambda: Removal((), (), frozenset()))
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def removed(self) -> tuple[ActiveFile, ...]:
        """All files that are no more part of the table, in whole or but for the rest that was written again."""
        return (*self.removal.files, *self.removal.rewrites)


class TableVersion(Protocol):
    """One version of a table."""

    @property
    def number(self) -> int:
        """Return what the version is called."""

    @property
    def active(self) -> Sequence[ActiveFile]:
        """Return its files."""

    def holds(self, origin: Provenance) -> bool:
        """Return whether this content of the source is its last one, none of whose rows another run took away."""

    def version_of(self, origin: Provenance) -> int:
        """Return the version that has this content since; this one where that is not known any more."""

    def has_commit_of(self, run_id: str) -> bool:
        """Return whether one of the latest commits is that run's."""

    def sources_in(self, file: ActiveFile) -> frozenset[str | None]:
        """Return the sources of a file's rows."""

    def rows_of(self, source: str, file: ActiveFile) -> int:
        """Count a source's rows in a file."""

    def residual_of(self, file: ActiveFile, source: str, scratch: Path) -> DataFile:
        """Write a file's rows again without those of a source."""

    def last_run(self) -> str:
        """Say who made it, as a person is reported."""


class Table(Protocol):
    """A table in one format. All but ConflictError that its methods raise is an OutputError."""

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """Return the columns by which it is partitioned."""

    def newest(self) -> TableVersion | None:
        """Return the newest version, None where there is no table. Raises UsageError where the contract does not fit."""

    def create(self, change: TableChange) -> int:
        """Make the table with its first files. Raises ConflictError where another writer was first."""

    def commit(self, version: TableVersion, change: TableChange) -> int:
        """Make the version after this one. Raises ConflictError where another writer was first."""


@dataclass(frozen=True, slots=True)
class CommitRequest:
    """The finished files of one run. `seconds` is how long other writers may come first.

    With `force` they are committed even where the table holds this very content.
    """

    origin: Provenance
    replacing: WriteMode
    files: tuple[DataFile, ...]
    scratch: Path
    seconds: float
    force: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a job. Where it was `already` there, nothing was added."""

    version: int
    records: int
    bytes: int = 0
    added: int = 0
    removed: int = 0
    already: bool = False


def found_in(table: Table, origin: Provenance, replacing: WriteMode) -> Committed | None:
    """Return the commit of this very content, None where the table has to change to hold it as the run asks."""
    version = table.newest()
    return None if version is None else _already(version, origin, replacing)


def commit_files(
    table: Table, place: TableStorage, job: CommitRequest, present: tuple[Added, ...]
) -> Committed:
    """Commit files that several processes wrote where the table lies, as executors of an engine do.

    Each has a path that `path_in_table` gave, with a number that no other one has. Raises OutputError; what is in no
    version is then removed.
    """
    commit = Commit(table, place, job, present)
    try:
        return commit.commit()
    finally:
        commit.close()


class Commit:
    """The way of one job's files into a table. Call `prepare`, then `commit`, and `close` in any case.

    Files that are `present` lie where the table does already, under names that their origin gave.
    """

    def __init__(
        self, table: Table, place: TableStorage, job: CommitRequest, present: tuple[Added, ...] = ()
    ) -> None:
        self._table = table
        self._place = place
        self._job = job
        self._added = present
        self._loose = [each.path for each in present]
        self._is_put = bool(present)
        self._tried = False

    def prepare(self) -> None:
        """Put the files where the table lies, seen by no reader; not where it holds this very content already."""
        version = self._table.newest()
        if version is None or self._already(version) is None:
            self._put_all()

    def commit(self) -> Committed:
        """Make the files part of the table, in one commit, unless it holds this very content already.

        Of several writers one is first; the others look at what it did and try again, for as long as the job says.
        Raises OutputError, naming the last winner, after that.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(ConflictError),
            stop=stop_after_delay(self._job.seconds),
            wait=wait_random_exponential(multiplier=0.05, max=MAX_WAIT),
            before_sleep=_log_commit,
            retry_error_callback=lambda _: None,
        )
        committed: Committed | None = retrying(self._try)
        if committed is None:
            version = self._table.newest()
            winner = "another writer" if version is None else version.last_run()
            raise OutputError(
                f"other writers were first for {self._job.seconds:.0f} s, at last {winner}; nothing of this run is in"
                " the table (run again)"
            )
        return committed

    def close(self) -> None:
        """Remove what was put and is in no version for sure."""
        if self._loose and self._tried and self._has_landed():
            self._loose.clear()
        for path in self._loose:
            try:
                self._place.remove(path)
            except OutputError as error:  # no reader sees it, and the table's vacuum removes it
                _log.warning("a file that is in no version stays: %s", error)
        self._loose.clear()

    def _try(self) -> Committed:
        version = self._table.newest()
        done = None if version is None else self._already(version)
        if done is not None:
            return done
        self._put_all()
        change = self._change(version)
        self._tried = True
        loose, self._loose = self._loose, []  # once the commit is under way, they may be in the table
        try:
            number = self._table.create(change) if version is None else self._table.commit(version, change)
        except ConflictError:
            self._loose = loose
            raise
        return Committed(
            version=number,
            records=sum(each.file.records for each in self._added),
            bytes=sum(each.file.bytes for each in (*change.added, *change.rests)),
            added=len(change.added) + len(change.rests),
            removed=len(change.removed),
        )

    def _has_landed(self) -> bool:
        """Return whether a commit is there after all: a store may call one a conflict that it did, its answer lost."""
        try:
            version = self._table.newest()
            return version is not None and version.has_commit_of(self._job.origin.run_id)
        except Exception:  # noqa: BLE001  a version reads through its library: where it cannot, the files stay
            return True

    def _already(self, version: TableVersion) -> Committed | None:
        job = self._job
        if job.force and not (self._tried and version.has_commit_of(job.origin.run_id)):
            return None
        return _already(version, job.origin, job.replacing)

    def _put_all(self) -> None:
        if self._is_put:
            return
        self._place.begin()
        self._added = tuple(self._put(file, number) for number, file in enumerate(self._job.files))
        self._is_put = True

    def _put(self, file: DataFile, number: int, *, mixed: str = "") -> Added:
        path = path_in_table(file, self._job.origin, number)
        if mixed:
            path = f"{path.rpartition('/')[0]}/{mixed}".lstrip("/")
        self._loose.append(path)
        self._place.put(file.file, path, file.sha256)
        return Added(path, file)

    def _change(self, version: TableVersion | None) -> TableChange:
        job, names = self._job, self._table.partition_columns
        if version is None:
            return TableChange(job.origin, self._added, told=self._told())
        new = {partition_texts(each.file.partition, names) for each in self._added}
        removal = removal_of(version.active, job.origin, job.replacing, new, version.sources_in)
        rests = []
        for number, file in enumerate(removal.rewrites):
            rest = version.residual_of(file, job.origin.source, job.scratch)
            rests.append(
                self._put(
                    rest, number, mixed=f"rest-{number:05d}-v{version.number}-{job.origin.run_id}.parquet"
                )
            )
        return TableChange(job.origin, self._added, tuple(rests), removal, told=self._told())

    def _told(self) -> dict[str, Any]:
        job = self._job
        records = sum(each.file.records for each in self._added)
        return job.origin.told(mode=job.replacing.mode, records=records)


def _already(version: TableVersion, origin: Provenance, replacing: WriteMode) -> Committed | None:
    if not version.holds(origin) or not is_current(version.active, origin, replacing, version.sources_in):
        return None
    records = own_records(version.active, origin, partial(version.rows_of, origin.source))
    return Committed(version.version_of(origin), records, already=True)


def _log_commit(state: RetryCallState) -> None:
    _log.info("another writer was first (try %d)", state.attempt_number)
