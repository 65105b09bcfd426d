"""Gives a stream of records folder by folder, as a layout has them, at constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.errors import OutputError
from callcenter_etl.writers.tables.arrow_schema import FOLDER
from callcenter_etl.writers.tables.external_sort import sort_records
from callcenter_etl.writers.tables.partition_folders import folders_of

MAX_FILES = 100_000  # of one run: more are a layout gone wrong


def sorted_by_of(layout: TableLayout) -> tuple[str, ...]:
    """Return the columns by which the records of one folder are sorted; none where they stay in source order."""
    return layout.sort_by or (() if layout.buckets is None else (layout.buckets.column,))


def by_folder(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, layout: TableLayout, scratch: Path
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """Give each folder of a layout that has some with its records, which must be taken before the next is asked for.

    The records have the column FOLDER behind those of the schema.
    """
    told = (batch.append_column(FOLDER, folders_of(batch, layout)) for batch in batches)
    wide = schema.append(pa.field(FOLDER, pa.string()))
    ordered = _cut(sort_records(told, wide, (FOLDER, *sorted_by_of(layout)), scratch))
    for folder, group in groupby(ordered, key=itemgetter(0)):
        yield folder, (part for _, part in group)


def refuse_number(number: int) -> None:
    """Raise OutputError where a run would write more files than a sound layout makes."""
    if number == MAX_FILES:
        raise OutputError(
            f"the layout makes over {MAX_FILES:,} files (partition by a column with fewer values)"
        )


def _cut(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Cut batches that are sorted by folder where it changes."""
    for batch in batches:
        runs = pc.run_end_encode(batch.column(FOLDER))
        start = 0
        for name, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            yield name, batch.slice(start, end - start)
            start = end
