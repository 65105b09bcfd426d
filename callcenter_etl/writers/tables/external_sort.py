"""Sort a stream of batches at constant memory: sorted runs on disk, which are merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.writers.tables.arrow_schema import ORDER
from callcenter_etl.writers.tables.row_groups import row_groups

_MERGE_ROWS = 2**18  # records in memory while runs are merged, of all runs together
_MIN_ROWS = 2**10
_MAX_RUNS = 256  # open at the same time


def sort_records(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, names: Sequence[str], scratch: Path
) -> Iterator[pa.RecordBatch]:
    """Yield the records sorted by the named columns, ascending, nulls last; equal records keep their order.

    Up to one row group is sorted in memory, more are sorted through files in `scratch`. Raises OSError.
    """
    # The position in the stream is the last key, so that equal records keep their order across runs too.
    keys = (*names, ORDER)
    groups = row_groups(_numbered(batches), schema.append(pa.field(ORDER, pa.int64())))
    runs: list[Path] = []
    waiting: pa.RecordBatch | None = None
    for number, group in enumerate(groups):
        if waiting is not None:
            runs.append(_written([waiting], waiting.schema, scratch / f"run-{number}"))
        waiting = group.take(_order(group, keys))
    if waiting is None:
        return
    if not runs:
        yield waiting.drop_columns([ORDER])
        return
    wide = waiting.schema
    runs.append(_written([waiting], wide, scratch / "run-last"))
    del waiting
    while len(runs) > _MAX_RUNS:
        merged = scratch / f"{runs[0].name}-merged"
        runs = [*runs[_MAX_RUNS:], _written(_merged(runs[:_MAX_RUNS], keys), wide, merged)]
    for batch in _merged(runs, keys):
        yield batch.drop_columns([ORDER])


def _order(batch: pa.RecordBatch, keys: Sequence[str]) -> pa.Array:
    """Return the indices of the records in sorted order, shape (records,)."""
    # Arrow reads some column names as paths into nested fields, so the columns are named by numbers.
    numbers = [str(number) for number in range(len(keys))]
    columns = pa.record_batch([batch.column(name) for name in keys], names=numbers)
    return pc.sort_indices(columns, sort_keys=[(number, "ascending") for number in numbers])


def _numbered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    first = 0
    for batch in batches:
        order = pa.array(np.arange(first, first + batch.num_rows))
        yield batch.append_column(pa.field(ORDER, pa.int64()), order)
        first += batch.num_rows


def _written(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> Path:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for batch in batches:
            for start in range(0, batch.num_rows, _MIN_ROWS):
                writer.write_batch(batch.slice(start, _MIN_ROWS))
    return path


class _SortedRun:
    """A sorted run on disk, with its next records in memory."""

    def __init__(self, path: Path, wanted: int, opened: ExitStack) -> None:
        file = opened.enter_context(pa.memory_map(str(path)))
        self._batches = opened.enter_context(pa.ipc.open_file(file))
        self._next = 0
        self._wanted = wanted
        self.held = self._batches.get_batch(0).slice(0, 0)
        self.read_more()

    @property
    def ended(self) -> bool:
        """Return whether all remaining records are in memory."""
        return bool(self._next == self._batches.num_record_batches)

    def read_more(self) -> None:
        """Read further records until the wanted number is in memory."""
        parts, rows = [self.held], self.held.num_rows
        while rows < self._wanted and not self.ended:
            parts.append(self._batches.get_batch(self._next))
            rows += parts[-1].num_rows
            self._next += 1
        if len(parts) > 1:
            self.held = _together(parts)


def _merged(paths: Sequence[Path], keys: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield the records of sorted runs in sorted order, and delete the runs' files at the end."""
    # Per run a bounded number of records is in memory, up to its last known record. The first of these last records is
    # the bound: everything up to it is in memory, in whatever run, and can be yielded in one vectorised step.
    with ExitStack() as opened:
        wanted = max(_MIN_ROWS, _MERGE_ROWS // len(paths))
        runs = [_SortedRun(path, wanted, opened) for path in paths]
        while runs := [run for run in runs if run.held.num_rows]:
            taking = _concerned(runs, keys)
            known = _together([run.held for run in taking])
            order = np.asarray(_order(known, keys).to_numpy())
            order = order[: _safe(taking, order)]
            yield known.take(pa.array(order))
            ends = np.cumsum([run.held.num_rows for run in taking])
            for run, start, end in zip(taking, np.append(0, ends[:-1]), ends, strict=True):
                yielded = int(np.count_nonzero((order >= start) & (order < end)))
                run.held = run.held.slice(yielded)
                run.read_more()
    for path in paths:
        path.unlink()


def _concerned(runs: list[_SortedRun], keys: Sequence[str]) -> list[_SortedRun]:
    """Return the runs that have a record before the bound, and the run of the bound itself."""
    # Mostly few runs have one: sorting the records of the others again in every step would dominate the time.
    firsts = [run.held.slice(0, 1) for run in runs]
    lasts = [run.held.slice(run.held.num_rows - 1) for run in runs if not run.ended]
    edges = _together([edge.select(list(keys)) for edge in (*firsts, *lasts)])
    order = np.asarray(_order(edges, keys).to_numpy())
    if not lasts:
        return runs
    end = int(np.flatnonzero(order >= len(runs))[0])
    chosen = set(order[:end].tolist())
    return [run for at, run in enumerate(runs) if at in chosen or _is_bound(run, runs, int(order[end]))]


def _is_bound(run: _SortedRun, runs: list[_SortedRun], edge: int) -> bool:
    """Return whether an edge (by its index among all edges) is the last known record of the run."""
    return [each for each in runs if not each.ended][edge - len(runs)] is run


def _safe(runs: list[_SortedRun], order: NDArray[np.int64]) -> int:
    """Return the number of records that may be yielded: up to the first last known record of a run with more on disk."""
    ends = np.cumsum([run.held.num_rows for run in runs]) - 1
    last = [int(end) for end, run in zip(ends, runs, strict=True) if not run.ended]
    places = np.flatnonzero(np.isin(order, last))
    return int(places[0]) + 1 if len(places) else len(order)


def _together(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    schema = batches[0].schema
    columns = [pa.concat_arrays([batch.column(at) for batch in batches]) for at in range(len(schema))]
    return pa.record_batch(columns, schema=schema)
