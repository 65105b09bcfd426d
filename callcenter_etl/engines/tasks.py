"""Tasks of executors on their part of a source: count its lines, return its keys, judge its records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from isal import isal_zlib

from callcenter_etl.engines.block_steps import route_block
from callcenter_etl.engines.ranges import Cut, Range, find_line_starts
from callcenter_etl.engines.task_context import TaskContext
from callcenter_etl.engines.task_messages import (
    COUNTED,
    END,
    ERROR,
    JUDGED,
    KEYS,
    REPEATS,
    batch_of,
    block_row,
    encode_error,
)
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.judge.judged_chunks import judged_block
from callcenter_etl.judge.unique_keys import unique_rules
from callcenter_etl.memory_errors import translate_memory_errors
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.record_rules import key_values
from callcenter_etl.rules.rule import Rule

Batches = Iterator[pa.RecordBatch]


def count_lines(work: TaskContext, cuts: Sequence[Cut], batches: Batches) -> Batches:
    """Yield a row of `COUNTED` for each cut, the numbers of which come as `id`."""
    for part in _ids(batches):
        try:
            with translate_memory_errors():
                work.check_version()
                found = find_line_starts(work.cut(cuts[part]), cuts[part])
        except CallcenterEtlError as error:
            yield batch_of(COUNTED, part=[part], lines=[0], error=[encode_error(error)])
            continue
        yield batch_of(COUNTED, part=[part], lines=[found.lines], first=[found.first])


def range_keys(work: TaskContext, ranges: Sequence[Range | None], batches: Batches) -> Batches:
    """Yield rows of `KEYS` for the records of each range, the numbers of which come as `id`; an error as a row."""
    for part in _ids(batches):
        try:
            with translate_memory_errors():
                yield from _keys_of(work, part, ranges[part])
        except CallcenterEtlError as error:
            yield batch_of(KEYS, part=[part], rule=[-1], line=[0], error=[encode_error(error)])


def _keys_of(work: TaskContext, part: int, within: Range | None) -> Batches:
    work.check_version()
    validator = work.cached_validator()
    for block in work.blocks(within):
        for chunk in block.parse().chunks:
            columns = validator.columns_of(chunk, work.layout)
            for number, rule in enumerate(unique_rules(validator.rules)):
                keys, records = key_values(columns, rule)
                if len(records):
                    yield _key_rows(part, number, keys, columns.lines[records])


def _key_rows(part: int, rule: int, keys: pa.LargeBinaryArray, lines: np.ndarray) -> pa.RecordBatch:
    length = len(keys)
    arrays = [
        pa.repeat(pa.scalar(part, pa.int32()), length),
        pa.repeat(pa.scalar(rule, pa.int32()), length),
        pc.cast(keys, pa.binary()),
        pa.array(lines, type=pa.int64()),
        pa.nulls(length, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=KEYS)


def judge_ranges(work: TaskContext, ranges: Sequence[Range | None], batches: Batches) -> Batches:
    """Yield rows of `JUDGED` for one range; its rows of `REPEATS` come sorted by line, the HEAD first."""
    repeats = Repeats(batches, unique_rules(work.validator.rules))
    part = repeats.part
    if part is None:
        return
    judging = _Judging(work, part, repeats)
    try:
        with translate_memory_errors():
            # Within the `try`, so that an error of the key tasks reaches the driver as a row.
            repeats.check()
            yield from judging.rows(ranges[part])
    except CallcenterEtlError as error:
        details = [encode_error(error)]
        yield batch_of(JUDGED, part=[part], number=[judging.number], kind=[ERROR], details=details)


class _Judging:
    """Judging of one range; `number` is the number of rows so far."""

    def __init__(self, work: TaskContext, part: int, repeats: Repeats) -> None:
        self._work = work
        self._part = part
        self._repeats = repeats
        self.number = 0

    def rows(self, within: Range | None) -> Batches:
        """Yield the range's rows, its END last."""
        work = self._work
        work.check_version()
        validator, shape = work.cached_validator(), work.shape
        crc = size = 0
        for block in work.blocks(within):
            crc, size = isal_zlib.crc32(block.data, crc), size + len(block.data)
            parsed = block.parse()
            judged = judged_block(parsed, layout=work.layout, validator=validator, keys=self._repeats)
            yield block_row(self._part, self.number, route_block(validator, parsed, judged, shape))
            self.number += 1
        # Length and CRC-32 of the bytes that were judged: the driver compares them with those of its own reading.
        details = json.dumps({"bytes": size, "crc32": crc})
        yield batch_of(JUDGED, part=[self._part], number=[self.number], kind=[END], details=[details])


def _placed(all_lines: np.ndarray, lines: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """Return the first line for the records on `lines`, -1 for the others, shape (records,)."""
    found = np.full(len(all_lines), -1, dtype=np.int64)
    # Records come in the order of their lines, so both arrays are sorted.
    found[np.searchsorted(all_lines, lines)] = firsts
    return found


class Repeats:
    """The repeated keys of one range, read while its records are judged, with a batch or two in memory.

    `rules` are the unique rules, in the order of their numbers.
    """

    def __init__(self, batches: Batches, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._batches = (batch for batch in batches if batch.num_rows)
        self._held = _Repeated.none()
        self._error: str | None = None
        self.part: int | None = None
        first = next(self._batches, None)
        if first is not None:
            self.part = int(first.column(REPEATS.names.index("part"))[0].as_py())
            self._take(first)
            # An error of the key tasks comes directly after the HEAD, so it is found before the range is judged.
            while not len(self._held.lines) and self._read():
                continue

    def check(self) -> None:
        """Raise the error of a task that returned keys."""
        from callcenter_etl.engines.task_messages import decode_error

        if self._error is not None:
            raise decode_error(self._error)

    def first_lines(self, columns: ChunkColumns) -> Mapping[str, np.ndarray]:
        """Return by rule the first lines of the repeated keys among the records; see `KeyLines`."""
        if not self._rules or not len(columns):
            return {rule.id: np.full(len(columns), -1, dtype=np.int64) for rule in self._rules}
        lines, numbers, firsts = self.up_to(int(columns.lines[-1]))
        return {
            rule.id: _placed(columns.lines, lines[numbers == number], firsts[numbers == number])
            for number, rule in enumerate(self._rules)
        }

    def up_to(self, line: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return lines, rule numbers and first lines of the next repeats up to a line, shape (repeats,) each."""
        while (not len(self._held.lines) or self._held.lines[-1] <= line) and self._read():
            continue
        count = int(np.searchsorted(self._held.lines, line, side="right"))
        found, self._held = self._held.split(count)
        return found.lines, found.rules, found.firsts

    def _read(self) -> bool:
        batch = next(self._batches, None)
        if batch is not None:
            self._take(batch)
        return batch is not None

    def _take(self, batch: pa.RecordBatch) -> None:
        columns = dict(zip(REPEATS.names, batch.columns, strict=True))
        failed = pc.drop_null(columns["error"])
        if self._error is None and len(failed):
            self._error = failed[0].as_py()
        lines, rules, firsts = (
            columns[name].to_numpy(zero_copy_only=False) for name in ("line", "rule", "first")
        )
        # The HEAD, and rows with an error, have no rule.
        real = rules >= 0
        self._held = self._held.joined(_Repeated(lines[real], rules[real], firsts[real]))


class _Repeated:
    """Repeats sorted by line."""

    def __init__(self, lines: np.ndarray, rules: np.ndarray, firsts: np.ndarray) -> None:
        self.lines, self.rules, self.firsts = lines, rules, firsts

    @classmethod
    def none(cls) -> _Repeated:
        empty = np.empty(0, dtype=np.int64)
        return cls(empty, empty, empty)

    def joined(self, later: _Repeated) -> _Repeated:
        pairs = ((self.lines, later.lines), (self.rules, later.rules), (self.firsts, later.firsts))
        return _Repeated(*(np.concatenate(pair) for pair in pairs))

    def split(self, count: int) -> tuple[_Repeated, _Repeated]:
        return (
            _Repeated(self.lines[:count], self.rules[:count], self.firsts[:count]),
            _Repeated(self.lines[count:], self.rules[count:], self.firsts[count:]),
        )


def peeked(batches: Batches) -> tuple[int | None, Batches]:
    """Return the part number of the rows of `REPEATS`, None where there are none, and an iterator over all batches."""
    first = next(batches, None)
    if first is None or not first.num_rows:
        return None, batches
    return int(first.column(REPEATS.names.index("part"))[0].as_py()), chain((first,), batches)


def _ids(batches: Batches) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()
