"""Sources delivered into a table without a run around them: rows, whose they are, and how they are committed."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.writers.tables.data_file import DataFile
from callcenter_etl.writers.tables.data_file_writer import DataFileFormat, write_parts
from callcenter_etl.writers.tables.delta.delta_table import DeltaLakeTable
from callcenter_etl.writers.tables.delta.delta_types import (
    as_delta,
    delta_schema,
    file_schema,
    partition_columns,
)
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN, Provenance
from callcenter_etl.writers.tables.table_commit import Commit, CommitRequest, Committed
from callcenter_etl.writers.tables.table_protocol import Table
from callcenter_etl.writers.tables.table_storage import TableStorage, table_storage
from callcenter_etl.writers.tables.table_target_writer import levels_of
from callcenter_etl.writers.tables.write_mode import TableMode, WriteMode

SCHEMA = pa.schema([("day", pa.date32()), ("id", pa.int64()), ("note", pa.string())])
BY_DAY = TableLayout.model_validate({"partition_by": ["day"]})
PLAIN = TableLayout()
_run_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One version of a source: its rows, as (day of January 2025, id)."""

    source: str
    rows: tuple[tuple[int, int], ...]

    @property
    def origin(self) -> Provenance:
        text = json.dumps(self.rows)
        return Provenance(
            source=self.source,
            source_bytes=len(text),
            source_sha256=hashlib.sha256(text.encode()).hexdigest(),
            contract="calls",
            contract_version="1.0.0",
            contract_sha256="c" * 64,
            run_id=f"20250101T000000Z-{next(_run_numbers):08x}",
        )

    @property
    def batch(self) -> pa.RecordBatch:
        days = [date(2024, 12, 31) + timedelta(day) for day, _ in self.rows]
        ids = [number for _, number in self.rows]
        notes = [f"{self.source} {number}" for number in ids]
        return pa.record_batch([pa.array(days, pa.date32()), pa.array(ids, pa.int64()), notes], schema=SCHEMA)

    @property
    def in_table(self) -> list[tuple[str, int, int]]:
        return sorted((self.source, day, number) for day, number in self.rows)


def delta_table(
    uri: str, layout: TableLayout = PLAIN, schema: pa.Schema = SCHEMA, **more: Any
) -> DeltaLakeTable:
    storage = more.pop("storage", StorageOptions())
    return DeltaLakeTable(
        uri,
        delta_schema(schema, layout),
        partition_columns=partition_columns(layout),
        contract=more.pop("contract", "calls"),
        description=None,
        redacted=more.pop("unsaid", ()),
        place=table_storage(uri, storage, None),
        storage=storage,
    )


@dataclass(frozen=True, slots=True)
class Goal:
    """A table of a format, as deliveries need it."""

    table: Table
    place: TableStorage
    schema: pa.Schema
    convert: Callable[[pa.RecordBatch, pa.Schema, str], pa.RecordBatch]


def delta_goal(uri: str, layout: TableLayout) -> Goal:
    schema = file_schema(delta_schema(SCHEMA, layout), layout)
    return Goal(delta_table(uri, layout), table_storage(uri, StorageOptions(), None), schema, as_delta)


def deliver(
    goal: Goal | str,
    delivery: Delivery,
    scratch: Path,
    mode: TableMode = "append",
    layout: TableLayout = PLAIN,
    *,
    seconds: float = 60,
    force: bool = False,
) -> Committed:
    """Commit one delivery as a run does; into the Delta table of an address, or another goal."""
    goal = delta_goal(goal, layout) if isinstance(goal, str) else goal
    commit = commit_of(
        goal, delivery, delivery.origin, scratch, mode=mode, layout=layout, seconds=seconds, force=force
    )
    try:
        commit.prepare()
        return commit.commit()
    finally:
        commit.close()


def commit_of(
    goal: Goal | str,
    delivery: Delivery,
    origin: Provenance,
    scratch: Path,
    *,
    mode: TableMode = "append",
    layout: TableLayout = PLAIN,
    seconds: float = 60,
    force: bool = False,
) -> Commit:
    goal = delta_goal(goal, layout) if isinstance(goal, str) else goal
    files = files_of(goal, delivery, origin, scratch, layout)
    job = CommitRequest(
        origin, WriteMode(mode, levels_of(layout)), files, scratch / origin.run_id, seconds, force
    )
    return Commit(goal.table, goal.place, job)


def files_of(
    goal: Goal, delivery: Delivery, origin: Provenance, scratch: Path, layout: TableLayout
) -> tuple[DataFile, ...]:
    """Write a delivery's files, in a folder of its own."""
    folder = scratch / origin.run_id
    folder.mkdir(parents=True)
    shape = DataFileFormat(
        layout, goal.schema, lambda batch: goal.convert(batch, goal.schema, origin.source), None
    )
    return tuple(write_parts([delivery.batch], SCHEMA, shape, folder))


def rows_in(uri: str) -> list[tuple[str, int, int]]:
    """Read a table by delta-rs, as what deliveries have."""
    from deltalake import DeltaTable

    return rows_of(DeltaTable(uri).to_pyarrow_table())


def rows_of(table: Any) -> list[tuple[str, int, int]]:
    found: Sequence[dict[str, Any]] = table.select([SOURCE_COLUMN, "day", "id"]).to_pylist()
    return sorted((row[SOURCE_COLUMN], row["day"].timetuple().tm_yday, row["id"]) for row in found)
