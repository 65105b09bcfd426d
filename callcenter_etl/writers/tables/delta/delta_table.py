"""Commit files to a Delta table through delta-rs, each commit as the version right after the one that was read."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Field, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import (
    AddAction,
    CommitProperties,
    RemoveAction,
    Transaction,
    create_table_with_add_actions,
)

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.os_errors import os_cause
from callcenter_etl.store.s3_table_options import delta_options
from callcenter_etl.store.uris import is_local, local_path, shown
from callcenter_etl.writers.tables.arrow_schema import OWN_COLUMNS
from callcenter_etl.writers.tables.delta.delta_log_check import check_log
from callcenter_etl.writers.tables.delta.delta_version import MESSAGE, DeltaVersion, app_of, content_app_of
from callcenter_etl.writers.tables.delta.file_statistics import statistics_of
from callcenter_etl.writers.tables.table_protocol import Added, ConflictError, TableChange, TableVersion
from callcenter_etl.writers.tables.table_storage import TableStorage

LOG = "_delta_log"
# Table features under which a writer may add and remove files with statistics and do nothing else. A table with any
# other feature is refused: a writer that ignores it would damage the table.
_KNOWN_FEATURES = frozenset(
    {
        "timestampNtz",
        "appendOnly",
        "invariants",
        "changeDataFeed",
        "domainMetadata",
        "v2Checkpoint",
        "vacuumProtocolCheck",
    }
)
_MAX_WORDS = 500
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|\u21b3")
_FOUND_BY_ANOTHER = "already exists"


class DeltaLakeTable:
    """The Delta table of one contract. `redacted` are the columns of which its log holds no values."""

    def __init__(
        self,
        uri: str,
        schema: pa.Schema,
        *,
        partition_columns: tuple[str, ...],
        contract: str,
        description: str | None,
        redacted: Collection[str],
        place: TableStorage,
        storage: StorageOptions,
        mode: int | None = None,
    ) -> None:
        self._uri = uri
        self._schema = Schema.from_arrow(schema)
        self._partition_columns = partition_columns
        self._contract = contract
        self._description = description
        self._redacted = redacted
        self._place = place
        self._storage = storage
        self._mode = mode

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """Return the partition columns of the table."""
        return self._partition_columns

    def newest(self) -> DeltaVersion | None:
        """Return the newest version, None where the table does not exist.

        Raises UsageError where the table does not fit this contract, OutputError where it cannot be read.
        """
        options = delta_options(self._uri, self._storage)
        with self.translate_errors():
            check_log(f"{self._uri}/{LOG}", self._storage)
            try:
                table = DeltaTable(self._address, storage_options=options or None)
            except TableNotFoundError:
                return None
            self._check(table)
            return DeltaVersion(table, options, self._mode)

    def create(self, change: TableChange) -> int:
        """Create the table with its first files, and return its version. Raises ConflictError where it exists by now."""
        options = delta_options(self._uri, self._storage)
        with self.translate_errors():
            try:
                create_table_with_add_actions(
                    self._address,
                    self._schema,
                    [self._add(each) for each in change.added],
                    mode="error",
                    partition_by=list(self._partition_columns),
                    name=self._contract,
                    description=self._description,
                    storage_options=options or None,
                    commit_properties=_properties(change, _counts(change, None)),
                )
            except CommitFailedError as error:
                raise ConflictError from error
            except DeltaError as error:
                # delta-rs raises its general class here; only the message distinguishes an existing table.
                if _FOUND_BY_ANOTHER in str(error):
                    raise ConflictError from error
                raise
        self._settle(0)
        return 0

    def commit(self, version: TableVersion, change: TableChange) -> int:
        """Commit a change as the version after this one, and return its number. Missing columns are added before.

        Raises ConflictError where another writer has committed that version.
        """
        if not isinstance(version, DeltaVersion):
            raise TypeError(f"not a version of a Delta table: {version!r}")
        table = version.table
        with self.translate_errors():
            try:
                self._add_columns(table)
                actions = [_remove(path) for path in (each.path for each in change.removed)]
                table.create_write_transaction(
                    [*actions, *(self._add(each) for each in (*change.added, *change.residuals))],
                    "append",  # the files to remove are listed as actions
                    table.schema(),
                    partition_by=list(self._partition_columns),
                    commit_properties=_properties(change, _counts(change, version)),
                )
            except CommitFailedError as error:
                raise ConflictError from error
        # Without retries delta-rs commits exactly the next version or fails; it does not report the number.
        number = table.version() + 1
        self._settle(number)
        return number

    @property
    def _address(self) -> str:
        return local_path(self._uri) if is_local(self._uri) else self._uri

    def _add(self, added: Added) -> AddAction:
        file = added.file
        return AddAction(
            path=added.path,
            size=file.bytes,
            partition_values=dict(file.partition),
            modification_time=_now(),
            data_change=True,
            stats=statistics_of(file.footer, self._redacted),
        )

    def _check(self, table: DeltaTable) -> None:
        """Raise UsageError with all reasons why this contract's files must not be added to the table."""
        wrong = [
            *self._protocol_faults(table),
            *self._schema_faults(table),
        ]
        if wrong:
            raise UsageError(f"{shown(self._uri)}: " + "; ".join(wrong))

    def _protocol_faults(self, table: DeltaTable) -> Iterator[str]:
        protocol, metadata = table.protocol(), table.metadata()
        features = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
        if unknown := sorted(features - _KNOWN_FEATURES):
            yield f"the table asks its writers for {', '.join(unknown)}, which this program does not do (name another table)"
        if any(key.startswith("delta.constraints.") for key in metadata.configuration):
            yield "the table has constraints of its own, against which this program does not check files (drop them: the contract has rules)"
        if metadata.name not in (None, self._contract):
            yield f"is the table of contract {metadata.name!r}, not of {self._contract!r} (name another table)"
        if tuple(metadata.partition_columns) != self._partition_columns:
            found, wanted = (
                list(each) or "nothing" for each in (metadata.partition_columns, self._partition_columns)
            )
            yield f"is partitioned by {found}, run.layout says {wanted} (keep it, or name another table)"

    def _schema_faults(self, table: DeltaTable) -> Iterator[str]:
        """Yield the differences between the table's columns and the contract's, which may only add columns."""
        wanted = {field.name: field for field in self._schema.fields}
        for there in table.schema().fields:
            here = wanted.get(there.name)
            if here is None and there.name not in OWN_COLUMNS:
                yield f"has a column {there.name!r} that the contract does not declare (declare it, or name another table)"
            elif here is not None and here.type != there.type:
                yield (
                    f"column {there.name!r} is {_kind(there)} in the table and {_kind(here)} under this contract"
                    " (only new columns can be added: keep its type, or name another table)"
                )

    def _add_columns(self, table: DeltaTable) -> None:
        """Add the columns that the contract has and the table lacks."""
        # In a commit of its own before the rows': should that one fail, the table has a column of nulls, no more.
        there = {field.name for field in table.schema().fields}
        missing = [field for field in self._schema.fields if field.name not in there]
        if missing:
            table.alter.add_columns(missing, commit_properties=CommitProperties(max_commit_retries=0))
            self._settle(table.version())

    # delta-rs neither syncs its commit file nor sets its permissions.
    def _settle(self, version: int) -> None:
        self._place.settle(LOG, (f"{version:020d}.json",))

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turn the errors of delta-rs into OutputError, with secrets removed and the text shortened."""
        try:
            yield
        except DeltaError as error:
            raise OutputError(f"{shown(self._uri)}: {one_line(str(error))}") from error
        except OSError as error:
            raise OutputError(f"{shown(self._uri)}: {one_line(os_cause(error))}") from error


def _kind(field: Field) -> str:
    return str(getattr(field.type, "type", field.type))


def one_line(text: str) -> str:
    """Return a message of delta-rs in one line, without secrets, colours and the arrows of its nested errors."""
    return shown(" ".join(_DECORATION.sub(" ", text).split()))[:_MAX_WORDS]


def _remove(path: str) -> RemoveAction:
    return RemoveAction(path, data_change=True, deletion_timestamp=_now())


def _now() -> int:
    return time.time_ns() // 1_000_000


def _counts(change: TableChange, version: DeltaVersion | None) -> list[Transaction]:
    """Return the transaction counters of a commit, by which later runs recognise the content.

    The counter of this source is increased, and that of this content set to the same number. The counter of every other
    source that loses rows is increased, so that its last content no longer counts as present.
    """
    origin = change.origin
    count = 1 if version is None else version.count_of(origin.source_key) + 1
    found = [Transaction(app_of(origin.source_key), count), Transaction(content_app_of(origin), count)]
    if version is not None:
        lost = sorted(change.removal.disturbed)
        found += [Transaction(app_of(key), version.count_of(key) + 1) for key in lost]
    return found


def _properties(change: TableChange, counts: list[Transaction]) -> CommitProperties:
    """Return the properties of a commit: its metadata, its counters, and no retries by delta-rs."""
    metadata: dict[str, Any] = {MESSAGE: json.dumps(change.metadata, ensure_ascii=False)}
    # A retry of the library would commit after another writer's version, which nobody has compared with this change.
    return CommitProperties(custom_metadata=metadata, max_commit_retries=0, app_transactions=counts)
