"""Ledger in a SQLite file, to which many processes write at the same time."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from callcenter_etl.documents import DocumentError, parse_object
from callcenter_etl.errors import CallcenterEtlError, OutputError, SourceError
from callcenter_etl.os_errors import entry_exists, os_cause
from callcenter_etl.run.ledger.ledger import RunFilter
from callcenter_etl.run.ledger.run_record import (
    RUNNING,
    LedgerEntry,
    RunRecord,
    UnreadableRecord,
    readable_entries,
)
from callcenter_etl.sqlite_errors import sqlite_cause
from callcenter_etl.writers.permissions import open_private

FILE_NAME = "ledger.sqlite"
SCHEMA_VERSION = 1
_COMPANIONS = ("", "-wal", "-shm", "-journal")  # suffixes of the files that SQLite creates next to the ledger
RETRY_SECONDS = 30.0
_SECONDS_BETWEEN = 0.02
_GROUPS = {
    "contract": ("id", "version", "sha256"),
    "source": ("uri", "bytes", "sha256", "version"),
    "records": ("read", "accepted", "rejected", "malformed", "warned"),
    "process": ("pid", "host", "program"),
}
_PLAIN = (
    "run_id",
    "status",
    "exit_code",
    "cause",
    "output",
    "options",
    "started_at",
    "finished_at",
    "seconds",
)
_COLUMNS = (*_PLAIN, *(f"{group}_{name}" for group, names in _GROUPS.items() for name in names), "outputs")
_SCHEMA = """
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, status TEXT NOT NULL, exit_code INTEGER, cause TEXT, output TEXT NOT NULL,
    options TEXT, started_at TEXT NOT NULL, finished_at TEXT, seconds REAL,
    contract_id TEXT NOT NULL, contract_version TEXT NOT NULL, contract_sha256 TEXT NOT NULL,
    source_uri TEXT NOT NULL, source_bytes INTEGER, source_sha256 TEXT, source_version TEXT,
    records_read INTEGER, records_accepted INTEGER, records_rejected INTEGER, records_malformed INTEGER,
    records_warned INTEGER, process_pid INTEGER, process_host TEXT, process_program TEXT,
    outputs TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_by_output ON runs (output, status);
"""
_REPLACE = f"INSERT OR REPLACE INTO runs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  names of this module
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM runs"  # noqa: S608  same
_REMEDY = "move it away: the next run begins a new ledger"
_Given = TypeVar("_Given")


class SqliteLedger:
    """The ledger of a local folder. Methods raise OutputError or SourceError, as `Ledger` says."""

    # Each call opens a connection of its own: a forked worker must not inherit one, which SQLite forbids.

    def __init__(self, folder: Path, *, mode: int | None = None) -> None:
        self._path = folder / FILE_NAME
        self._mode = mode

    def put(self, record: RunRecord) -> None:
        """Write the entry of a run, replacing an earlier one."""
        with _translate_sqlite_errors(self._path, OutputError):
            self._refuse_other_files()
            _retry_while_busy(lambda: self._put(_row_of(record)))

    def get(self, run_id: str) -> LedgerEntry | None:
        """Return the entry of a run by its whole id, None where there is none."""
        return next(iter(self._select("WHERE run_id = ?", (run_id,))), None)

    def ids(self, prefix: str) -> Sequence[str]:
        """Return the run ids that start with `prefix`, sorted."""
        query = "WHERE substr(run_id, 1, ?) = ? ORDER BY run_id"
        return [entry.run_id for entry in self._select(query, (len(prefix), prefix))]

    def runs(self, wanted: RunFilter) -> Sequence[LedgerEntry]:
        """Return the entries of the wanted runs, the latest first; unreadable ones where contract and status match."""
        query = (
            "WHERE (?1 IS NULL OR contract_id = ?1) AND (?2 IS NULL OR status = ?2)"
            " ORDER BY started_at DESC, run_id DESC LIMIT ?3"
        )
        return self._select(
            query, (wanted.contract, wanted.status, -1 if wanted.limit is None else wanted.limit)
        )

    def unfinished(self, output: str) -> Sequence[RunRecord]:
        """Return the runs into one output that have no recorded end."""
        return readable_entries(self._select("WHERE output = ? AND status = ?", (output, RUNNING)))

    def _put(self, row: tuple[Any, ...]) -> None:
        # O_NOFOLLOW: through a dangling link the file would be created somewhere else.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        os.close(open_private(self._path, flags, self._mode))
        with closing(_connect(f"{self._path.absolute().as_uri()}?mode=rw")) as connection:
            if _version_of(connection) == 0:
                _create(connection)
            # NORMAL may lose the last rows at a power loss, which the next run recovers from the summary.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_REPLACE, row)

    def _select(self, query: str, values: tuple[object, ...]) -> list[LedgerEntry]:
        with _translate_sqlite_errors(self._path, SourceError):
            if not entry_exists(self._path):
                return []
            self._refuse_other_files()
            rows: list[tuple[Any, ...]] = _retry_while_busy(lambda: self._rows(query, values))
        return [_entry_of(row) for row in rows]

    def _refuse_other_files(self) -> None:
        """Raise OSError where the ledger or another file of SQLite is a link, a folder or a pipe."""
        # SQLite would write through a link into a file outside of the output.
        for suffix in _COMPANIONS:
            path = self._path.with_name(f"{self._path.name}{suffix}")
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue
            if not stat.S_ISREG(mode):
                kind = "a symbolic link" if stat.S_ISLNK(mode) else "not a regular file"
                raise OSError(None, f"{path.name} is {kind} ({_REMEDY})")

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        uri = self._path.absolute().as_uri()
        if all(os.access(path, os.W_OK) for path in (self._path, self._path.parent)):
            return _read_writable(f"{uri}?mode=rw", query, values)
        try:
            return _read(f"{uri}?mode=ro", query, values)
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise
            # Reading with a WAL needs to write its index. In a read-only folder there is no writer either, so the file
            # can be read as one that does not change.
            return _read(f"{uri}?immutable=1", query, values)


def _read_writable(uri: str, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
    # A writable connection, although it only reads: the last one to close it removes the WAL and its index.
    try:
        return _read(uri, query, values)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL):
            raise
        # A full disk has no room for the index of the WAL; an exclusive connection keeps it in memory.
        return _read(uri, query, values, locking="EXCLUSIVE")


def _read(
    uri: str, query: str, values: tuple[object, ...], *, locking: str = "NORMAL"
) -> list[tuple[Any, ...]]:
    with closing(_connect(uri)) as connection:
        connection.execute(f"PRAGMA locking_mode = {locking}")
        return connection.execute(f"{_SELECT} {query}", values).fetchall() if _version_of(connection) else []


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=RETRY_SECONDS, isolation_level=None)
    # By default, text that is not UTF-8 fails the whole query; so it makes its own row unreadable only.
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    return connection


def _version_of(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError(
            f"it has schema {version}, this program knows up to {SCHEMA_VERSION} (use the later version)"
        )
    return version


def _create(connection: sqlite3.Connection) -> None:
    # WAL: readers and a writer do not block each other. On a file system without shared memory SQLite keeps its
    # rollback journal, which is as safe, and slower.
    connection.execute("PRAGMA journal_mode = WAL")
    # The version is read again under the write lock: another process may have created the schema meanwhile.
    connection.execute("BEGIN IMMEDIATE")
    if _version_of(connection) == 0:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _retry_while_busy(step: Callable[[], _Given]) -> _Given:
    """Return the result of a step, which is retried for RETRY_SECONDS while the database is locked."""
    # SQLite's busy timeout does not cover all of its locks, for example those of a recovery.
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(_SECONDS_BETWEEN)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
    )


@contextmanager
def _translate_sqlite_errors(path: Path, kind: type[CallcenterEtlError]) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise kind(f"{path}: the ledger cannot be used: {sqlite_cause(error)}") from error
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise kind(f"{path}: is not a usable ledger: {error} ({_REMEDY})") from error
    except OSError as error:
        raise kind(f"{path}: {os_cause(error)}") from error


def _row_of(record: RunRecord) -> tuple[Any, ...]:
    values = asdict(record)
    flat = {name: values[name] for name in _PLAIN}
    for group, names in _GROUPS.items():
        flat |= {f"{group}_{name}": (values[group] or {}).get(name) for name in names}
    flat["outputs"] = json.dumps({name: file.to_dict() for name, file in record.outputs.items()})
    return tuple(flat[name] for name in _COLUMNS)


def _entry_of(row: tuple[Any, ...]) -> LedgerEntry:
    flat = dict(zip(_COLUMNS, row, strict=True))
    try:
        return _record_of(flat)
    except DocumentError as error:
        return UnreadableRecord(str(flat["run_id"]), str(error))


def _record_of(flat: dict[str, Any]) -> RunRecord:
    values: dict[str, Any] = {name: flat[name] for name in _PLAIN}
    for group, names in _GROUPS.items():
        found = {name: flat[f"{group}_{name}"] for name in names}
        absent = group in ("records", "process") and not any(value is not None for value in found.values())
        values[group] = None if absent else found
    outputs = flat["outputs"]
    if not isinstance(outputs, str):
        raise DocumentError("outputs: is not text")
    return RunRecord.from_dict({**values, "outputs": parse_object(outputs)})
