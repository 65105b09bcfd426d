"""Write a run's accepted records into a table: data files in the table's storage, then one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import pyarrow as pa

from callcenter_etl.contract.table_layout import BUCKET, TableLayout
from callcenter_etl.errors import UsageError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.uris import same_place, shown, within
from callcenter_etl.writers.tables.data_file import DataFile
from callcenter_etl.writers.tables.data_file_writer import DataFileFormat, write_parts
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN, Provenance, source_of
from callcenter_etl.writers.tables.staged_records import read_batches
from callcenter_etl.writers.tables.table_commit import Commit, CommitRequest, found_in
from callcenter_etl.writers.tables.table_protocol import Table
from callcenter_etl.writers.tables.table_storage import TableStorage
from callcenter_etl.writers.tables.target_writer import BuiltTarget, SinkPlan, StagedRecords, TargetProvenance
from callcenter_etl.writers.tables.write_mode import WriteMode
from callcenter_etl.writers.target_forms import TARGET_FOLDER


@dataclass(frozen=True, slots=True)
class TableTarget:
    """The table of a run in its format: address, storage, and conversion of a batch into its files.

    `ready` returns the schema of the data files, and creates the table first where the format requires it.
    `translate_errors` turns the errors of the format's library, catalog and storage into OutputError; it is also needed
    around uses of a version, which reads its files and its history lazily.
    """

    format: str
    uri: str
    table: Table
    place: TableStorage
    ready: Callable[[], pa.Schema]
    convert: Callable[[pa.RecordBatch, pa.Schema, str], pa.RecordBatch]
    translate_errors: Callable[[], AbstractContextManager[None]]


class CommittingSink:
    """Sink that commits to a table, which other sources write to as well.

    The constructor raises UsageError where the contract does not fit the table, OutputError where it cannot be read.
    """

    def __init__(self, plan: SinkPlan, goal: TableTarget) -> None:
        self._plan = plan
        self._goal = goal
        self._replacing = replacing_of(plan)
        self._commit: Commit | None = None
        self._built: BuiltTarget | None = None
        # For its errors: a table that does not fit is refused before the source is read.
        goal.table.newest()

    @property
    def accumulates(self) -> bool:
        """Return True: rows of other runs stay where this run commits nothing."""
        return True

    def holds(self, provenance: TargetProvenance) -> bool:
        """Return whether the table has these records already and a commit would not change it. Raises OutputError."""
        with self._goal.translate_errors():
            return found_in(self._goal.table, origin_of(self._plan, provenance), self._replacing) is not None

    def stage(self, accepted: StagedRecords) -> BuiltTarget:
        """Write the data files and put them into the table's storage, in no version of the table. Raises OutputError."""
        origin = origin_of(self._plan, accepted.provenance)
        goal = self._goal
        schema = goal.ready()
        shape = DataFileFormat(
            self._plan.layout or TableLayout(),
            schema,
            lambda batch: goal.convert(batch, schema, origin.source),
            self._plan.mode,
        )
        with translate_os_errors(accepted.scratch):
            files = tuple(
                write_parts(read_batches(accepted.stream), accepted.schema, shape, accepted.scratch)
            )
        job = CommitRequest(
            origin,
            self._replacing,
            files,
            accepted.scratch,
            seconds=self._plan.storage.retry_seconds,
            force=accepted.force,
        )
        self._commit = Commit(goal.table, goal.place, job)
        with goal.translate_errors():
            self._commit.prepare()
        self._built = BuiltTarget(
            # A table elsewhere has an address, and a name only in the output itself.
            name=TARGET_FOLDER if same_place(goal.uri, default_uri(self._plan)) else "",
            format=goal.format,
            path=None,
            bytes=sum(file.bytes for file in files),
            sha256=_digest(files),
            records=sum(file.records for file in files),
            uri=shown(goal.uri),
        )
        return self._built

    def commit(self) -> BuiltTarget | None:
        """Commit the files, and return the target with its version and the bytes that the commit added."""
        if self._commit is None or self._built is None:
            return None
        with self._goal.translate_errors():
            done = self._commit.commit()
        return replace(self._built, version=done.version, bytes=done.bytes)

    def close(self) -> None:
        """Remove the files that were not committed."""
        if self._commit is not None:
            self._commit.close()


def refuse_names(plan: SinkPlan) -> None:
    """Raise UsageError for columns of which a table cannot have the names."""
    # Delta and Iceberg compare column names without regard to letter case, and each table has `_source`.
    layout = plan.layout or TableLayout()
    made = {key.name for key in layout.partition_by if key.by != "value"}
    made |= set() if layout.buckets is None else {BUCKET}
    seen = {SOURCE_COLUMN, *(name.lower() for name in made)}
    for column in plan.document.columns:
        if column.name.lower() in seen:
            raise UsageError(
                f"column {column.name!r}: a table has a column of that name already, whatever the case of its letters"
                " (rename it in the contract, with the header's name as an alias)"
            )
        seen.add(column.name.lower())


def replacing_of(plan: SinkPlan) -> WriteMode:
    """Return the write mode of a run. Raises UsageError where partitions are to be replaced and there are none."""
    plan.check_write()
    # Not `overwrite` as for files: a table keeps the records of other sources.
    return WriteMode(plan.document.run.write or "append", levels_of(plan.layout or TableLayout()))


def levels_of(layout: TableLayout) -> int | None:
    """Return the number of partition columns that identify what is replaced as a whole, None for all of them."""
    # The bucket does not count where there are other partition columns: a partition is replaced with all its buckets.
    return len(layout.partition_by) or None


def origin_of(plan: SinkPlan, run: TargetProvenance) -> Provenance:
    """Return the provenance of a run's rows in its table."""
    document = plan.document
    return Provenance(
        source=source_of(run.source_uri, run.source_sha256, document.run.table.identify_by),
        source_bytes=run.source_bytes,
        source_sha256=run.source_sha256,
        contract=document.contract,
        contract_version=document.version,
        contract_sha256=run.contract_sha256,
        run_id=run.run_id,
        options=run.options,
    )


def default_uri(plan: SinkPlan) -> str:
    """Return the address of a table without a declared one: `target` in the run's output."""
    return within(plan.output, TARGET_FOLDER)


def _digest(files: tuple[DataFile, ...]) -> str:
    """Return the SHA-256 of the files' hashes, in order, each as a line."""
    return hashlib.sha256("".join(f"{file.sha256}\n" for file in files).encode()).hexdigest()
