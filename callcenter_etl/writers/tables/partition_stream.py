"""Group a stream of records by the folders of a layout, at constant memory."""

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

MAX_FILES = 100_000  # of one run: more files indicate a layout by a column with too many values


def sorted_by_of(layout: TableLayout) -> tuple[str, ...]:
    """Return the columns by which the records of a folder are sorted, none for source order."""
    return layout.sort_by or (() if layout.buckets is None else (layout.buckets.column,))


def by_folder(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, layout: TableLayout, scratch: Path
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """Yield each folder with its records; consume them before the next folder is requested.

    The records have the column FOLDER after those of the schema. Raises OSError, OutputError.
    """
    with_folder = (batch.append_column(FOLDER, folders_of(batch, layout)) for batch in batches)
    wide = schema.append(pa.field(FOLDER, pa.string()))
    ordered = _cut(sort_records(with_folder, wide, (FOLDER, *sorted_by_of(layout)), scratch))
    for folder, group in groupby(ordered, key=itemgetter(0)):
        yield folder, (part for _, part in group)


def refuse_number(number: int) -> None:
    """Raise OutputError where a run would write more than MAX_FILES files."""
    if number == MAX_FILES:
        raise OutputError(
            f"the layout makes over {MAX_FILES:,} files (partition by a column with fewer values)"
        )


def _cut(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield slices of batches, which are sorted by folder, with one folder each."""
    for batch in batches:
        runs = pc.run_end_encode(batch.column(FOLDER))
        start = 0
        for name, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            yield name, batch.slice(start, end - start)
            start = end
