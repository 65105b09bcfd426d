"""Commit one run's files to a table as one version: safe against other writers and crashes, and idempotent."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

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
from callcenter_etl.writers.tables.table_protocol import (
    Added,
    ConflictError,
    Table,
    TableChange,
    TableVersion,
)
from callcenter_etl.writers.tables.table_storage import TableStorage
from callcenter_etl.writers.tables.write_mode import (
    WriteMode,
    is_current,
    own_records,
    partition_texts,
    removal_of,
)

MAX_WAIT = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CommitRequest:
    """The finished files of one run. The commit is retried for `seconds` while other writers commit first.

    With `force` the files are committed even where the table has this very content.
    """

    origin: Provenance
    replacing: WriteMode
    files: tuple[DataFile, ...]
    scratch: Path
    seconds: float
    force: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """Result of a commit: version of the table, rows of the run, bytes and files that the commit added and removed.

    Where the content was in the table `already`, no commit was made.
    """

    version: int
    records: int
    bytes: int = 0
    added: int = 0
    removed: int = 0
    already: bool = False


def found_in(table: Table, origin: Provenance, replacing: WriteMode) -> Committed | None:
    """Return the earlier commit of this very content, None where the table does not have it or would change."""
    version = table.newest()
    return None if version is None else _already(version, origin, replacing)


def commit_files(
    table: Table, place: TableStorage, job: CommitRequest, present: tuple[Added, ...]
) -> Committed:
    """Commit files that several processes, such as executors, have put into the table's storage.

    Each has a path of `path_in_table`, with a number of its own. Raises OutputError, after files that are in no version
    were removed.
    """
    commit = Commit(table, place, job, present)
    try:
        return commit.commit()
    finally:
        commit.close()


class Commit:
    """Commit of one job's files to a table. Call `prepare`, then `commit`, and `close` in any case.

    `present` are files that are in the table's storage already, under names of their origin.
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
        """Put the files into the table's storage, in no version yet, unless the table has this very content already."""
        version = self._table.newest()
        if version is None or self._already(version) is None:
            self._put_all()

    def commit(self) -> Committed:
        """Commit the files, unless the table has this very content already.

        After a conflict the new version is read and the commit is retried, for the seconds of the job. Raises
        OutputError with the writer that came first, when the time is over.
        """
        # Retried here and not by the library: each try decides by the newest version which files it replaces.
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
        """Remove the files that are certainly in no version; a failure is logged."""
        if self._loose and self._tried and self._has_landed():
            self._loose.clear()
        for path in self._loose:
            try:
                self._place.remove(path)
            except OutputError as error:  # no reader sees the file, and the table's vacuum removes it
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
        # From here on the files may be in the table, also when the commit fails with another error than a conflict:
        # `close` must not remove them then.
        loose, self._loose = self._loose, []
        try:
            number = self._table.create(change) if version is None else self._table.commit(version, change)
        except ConflictError:
            self._loose = loose
            raise
        return Committed(
            version=number,
            records=sum(each.file.records for each in self._added),
            bytes=sum(each.file.bytes for each in (*change.added, *change.residuals)),
            added=len(change.added) + len(change.residuals),
            removed=len(change.removed),
        )

    def _has_landed(self) -> bool:
        """Return whether a commit of this run is in the table although it was reported as a conflict."""
        # A store may perform a conditional put, lose the response, and refuse the retry of its client.
        try:
            version = self._table.newest()
            return version is not None and version.has_commit_of(self._job.origin.run_id)
        except Exception:  # noqa: BLE001  where the history cannot be read, whatever the library's error, files stay
            return True

    def _already(self, version: TableVersion) -> Committed | None:
        job = self._job
        # With `force` only this run's own commit counts, which a lost response may hide.
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
            return TableChange(job.origin, self._added, metadata=self._metadata())
        new = {partition_texts(each.file.partition, names) for each in self._added}
        removal = removal_of(version.active, job.origin, job.replacing, new, version.sources_in)
        # A file of another program, such as a compaction, may have rows of several sources: the rows of the others are
        # written again, under a name that does not claim a single source.
        residuals = []
        for number, file in enumerate(removal.rewrites):
            residual = version.residual_of(file, job.origin.source, job.scratch)
            name = f"rest-{number:05d}-v{version.number}-{job.origin.run_id}.parquet"
            residuals.append(self._put(residual, number, mixed=name))
        return TableChange(job.origin, self._added, tuple(residuals), removal, metadata=self._metadata())

    def _metadata(self) -> dict[str, Any]:
        job = self._job
        records = sum(each.file.records for each in self._added)
        return job.origin.metadata(mode=job.replacing.mode, records=records)


def _already(version: TableVersion, origin: Provenance, replacing: WriteMode) -> Committed | None:
    if not version.holds(origin) or not is_current(version.active, origin, replacing, version.sources_in):
        return None
    records = own_records(version.active, origin, partial(version.rows_of, origin.source))
    return Committed(version.version_of(origin), records, already=True)


def _log_commit(state: RetryCallState) -> None:
    _log.info("another writer was first (try %d)", state.attempt_number)
