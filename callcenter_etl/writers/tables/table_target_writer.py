"""Brings a run's accepted records into a table: data files, put where the table lies, then one commit."""

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
from callcenter_etl.writers.tables.table_commit import Commit, CommitRequest, Table, found_in
from callcenter_etl.writers.tables.table_storage import TableStorage
from callcenter_etl.writers.tables.target_writer import BuiltTarget, SinkPlan, StagedRecords, TargetProvenance
from callcenter_etl.writers.tables.write_mode import WriteMode
from callcenter_etl.writers.target_forms import TARGET_FOLDER


@dataclass(frozen=True, slots=True)
class TableTarget:
    """The table of a run in its format: where it is, and how a batch comes into its files.

    `ready` gives the schema of the files, for which a table may have to be there first. `translate_errors` raises
    OutputError for whatever the format's library, its catalog or its storage raises: a version reads its files and its
    history only where it is asked for them.
    """

    format: str
    uri: str
    table: Table
    place: TableStorage
    ready: Callable[[], pa.Schema]
    convert: Callable[[pa.RecordBatch, pa.Schema, str], pa.RecordBatch]
    translate_errors: Callable[[], AbstractContextManager[None]]


class CommittingSink:
    """Adds to a table, which holds what other sources wrote too. Making one looks whether the contract fits it."""

    def __init__(self, plan: SinkPlan, goal: TableTarget) -> None:
        self._plan = plan
        self._goal = goal
        self._replacing = replacing_of(plan)
        self._commit: Commit | None = None
        self._built: BuiltTarget | None = None
        goal.table.newest()

    @property
    def accumulates(self) -> bool:
        """Always: what other runs committed stays where this one commits nothing."""
        return True

    def holds(self, whose: TargetProvenance) -> bool:
        """Return whether the table has these records already, and would stay as it is."""
        with self._goal.translate_errors():
            return found_in(self._goal.table, origin_of(self._plan, whose), self._replacing) is not None

    def stage(self, accepted: StagedRecords) -> BuiltTarget:
        """Write the files and put them where the table lies, where no reader sees them."""
        origin = origin_of(self._plan, accepted.whose)
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
        """Make the one commit; the target is then known with its version, and with the bytes that were added."""
        if self._commit is None or self._built is None:
            return None
        with self._goal.translate_errors():
            done = self._commit.commit()
        return replace(self._built, version=done.version, bytes=done.bytes)

    def close(self) -> None:
        """Remove what was put and not committed."""
        if self._commit is not None:
            self._commit.close()


def refuse_names(plan: SinkPlan) -> None:
    """Raise UsageError for names of columns that a table cannot have.

    Tables know columns whatever the case of their letters, and have one of their own.
    """
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
    """Return what gives way to a run's records. Raises UsageError where the layout has nothing to replace by."""
    plan.check_write()
    return WriteMode(plan.document.run.write or "append", levels_of(plan.layout or TableLayout()))


def levels_of(layout: TableLayout) -> int | None:
    """Return how many of the partition columns say what is replaced as a whole: not the bucket, where there are others."""
    return len(layout.partition_by) or None


def origin_of(plan: SinkPlan, whose: TargetProvenance) -> Provenance:
    """Return whose records these are."""
    document = plan.document
    return Provenance(
        source=source_of(whose.source_uri, whose.source_sha256, document.run.table.identify_by),
        source_bytes=whose.source_bytes,
        source_sha256=whose.source_sha256,
        contract=document.contract,
        contract_version=document.version,
        contract_sha256=whose.contract_sha256,
        run_id=whose.run_id,
        options=whose.options,
    )


def default_uri(plan: SinkPlan) -> str:
    """Return where a table lies that no address is declared for: beside the run's other files."""
    return within(plan.output, TARGET_FOLDER)


def _digest(files: tuple[DataFile, ...]) -> str:
    """Return one hash for all files: of theirs, in their order, each as a line."""
    return hashlib.sha256("".join(f"{file.sha256}\n" for file in files).encode()).hexdigest()
