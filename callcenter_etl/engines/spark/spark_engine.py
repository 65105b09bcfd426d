"""Runs the core on Spark: executors judge ranges of the source, the driver writes what comes back in order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Self

from isal import isal_zlib
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from callcenter_etl.engines.collect import Body, collect_rows
from callcenter_etl.engines.engine import Assignment, PausePoint
from callcenter_etl.engines.part_files import PartsPlan, empty_part
from callcenter_etl.engines.ranges import Range, can_be_cut, cuts_of, ranges_of
from callcenter_etl.engines.spark.part_writer import write_parts
from callcenter_etl.engines.spark.spark_jobs import in_order, judged, line_starts, repeats
from callcenter_etl.engines.spark.spark_session import session_for
from callcenter_etl.engines.task_context import TaskContext
from callcenter_etl.engines.task_messages import decode_error
from callcenter_etl.errors import AccountingError, EngineError, OutputError, UsageError
from callcenter_etl.judge.tally import RuleTally, Tally
from callcenter_etl.judge.unique_keys import unique_rules
from callcenter_etl.sources.compression import suffix_of
from callcenter_etl.sources.dialect import dialect_of
from callcenter_etl.sources.source import Block
from callcenter_etl.store.uris import absolute, base_name
from callcenter_etl.writers.part_folder import MAX_PARTS, read_manifest

_TOLD = re.compile(r"callcenter_etl\.errors\.OutputError: (.+)")


class SparkEngine:
    """Takes one source to its places on Spark. Use within `with`.

    The driver reads the source too, while the executors work: the bytes that they judged must be those that it counted
    and hashed.
    """

    keys = None  # the work that is under way is on other machines, so that there is nothing to take a checkpoint of

    def __init__(self, assignment: Assignment) -> None:
        self._given = assignment
        for rule in assignment.validator.rules:
            assignment.accounts.rules[rule.id] = RuleTally(rule.severity)

    def __enter__(self) -> Self:
        reader = self._given.reader
        if not reader.is_rereadable:
            raise UsageError(
                f"{reader.uri}: executors cannot read it (--engine spark takes files and s3://; write it to a file,"
                " or use --engine local)"
            )
        return self

    def __exit__(self, *exc: object) -> None:
        return

    def run(  # the protocol has pauses, and nothing rests here
        self,
        blocks: Iterable[Block],
        *,
        after_each: Callable[[], None],
        pause_point: PausePoint,  # noqa: ARG002
    ) -> None:
        """Take the source to its places; `blocks` are the driver's own reading. It never rests, nor asks `pause_point`.

        Raises EngineError where Spark gives up.
        """
        given = self._given
        begin = given.reader.plain_position
        enough = Event()
        with ThreadPoolExecutor(1, thread_name_prefix="source") as pool:
            reading = pool.submit(_read_alongside, blocks, enough)
            try:
                with _translate_spark_errors():
                    body = self._judge(begin, after_each)
            except BaseException:
                enough.set()
                raise
            body.hold_to(*reading.result(), uri=given.reader.uri)

    def _judge(self, begin: tuple[int, int], after_each: Callable[[], None]) -> Body:
        given, work = self._given, self._work()
        spark = session_for(given.workers)
        ranges = self._ranges(spark, work, *begin)
        rows = (
            repeats(spark, work, ranges, unique=bool(unique_rules(given.validator.rules))) if ranges else None
        )
        if given.parts:
            return self._written_as_parts(
                PartsPlan.of(work, given.staged, given.preamble), spark, rows, ranges
            )
        return collect_rows(
            () if rows is None else in_order(judged(work, ranges, rows), len(ranges)),
            parts=len(ranges),
            router=given.router,
            accounts=given.accounts,
            after_each=after_each,
        )

    def _written_as_parts(
        self, plan: PartsPlan, spark: SparkSession, rows: DataFrame | None, ranges: Sequence[Range | None]
    ) -> Body:
        """Let the tasks write the parts, and take what they tell of them into the accounts."""
        given, body = self._given, Body()
        if rows is None:
            plan.commit([empty_part(plan)])
        else:
            write_parts(spark, rows, plan, ranges)
        told = read_manifest(Path(plan.folder))
        error = next((part["error"] for part in told if "error" in part), None)
        if error is not None:
            plan.abandon(told)
            raise decode_error(error)
        given.staged.adopt_parts(told)
        if [part["part"] for part in told] != list(range(max(1, len(ranges)))):
            raise AccountingError(f"{len(told)} of {len(ranges)} parts were committed")
        for part in told:
            given.accounts.merge(Tally.from_dict(part["accounts"]))
            given.router.exception_records += part["exception_records"]
            given.router.target_records += part["target_records"]
            body.add(json.dumps(part["body"]))
        return body

    def _work(self) -> TaskContext:
        given = self._given
        return TaskContext(
            run_id=given.run_id,
            uri=absolute(given.source),
            identity=given.reader.identity,
            validator=given.validator,
            layout=given.shape.layout,
            chunk_rows=given.chunk_rows,
            block_bytes=given.block_bytes,
            typed=given.shape.typed,
        )

    def _ranges(
        self, spark: SparkSession, work: TaskContext, start: int, first_line: int
    ) -> tuple[Range | None, ...]:
        """Return the ranges, None for a whole source that cannot be cut; there may be none at all."""
        given = self._given
        compressed = suffix_of(base_name(given.source)) is not None
        if not can_be_cut(dialect_of(given.validator.document), compressed=compressed):
            return (None,)
        size = given.reader.size or 0
        least = -(-size // MAX_PARTS) if given.parts else 1
        cuts = cuts_of(start, size, max(given.range_bytes, least))
        if not cuts:
            return ()
        return ranges_of(line_starts(spark, work, cuts), first_line=first_line, stop=size)


def _read_alongside(blocks: Iterable[Block], enough: Event) -> tuple[int, int]:
    """Read the source to its end, which also hashes it and counts its lines; return size and CRC-32."""
    crc = size = 0
    for block in blocks:
        if enough.is_set():
            break
        crc, size = isal_zlib.crc32(block.data, crc), size + len(block.data)
    return size, crc


@contextmanager
def _translate_spark_errors() -> Iterator[None]:
    """Raise EngineError for what Spark could not do; an exception of a task is a bug, and stays one."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        text = str(error)
        if "No module named 'callcenter_etl'" in text:
            raise EngineError(
                "the executors have no callcenter_etl (install the wheel there, or pass it with --py-files)"
            ) from error
        told = _TOLD.search(text)
        if told is not None:  # by the commit of part files, where there is no row to tell it in
            raise OutputError(told[1].strip()) from error
        if "Traceback (most recent call last)" in text:
            raise
        raise EngineError(
            f"Spark could not finish the run: {_cause(text) or type(error).__name__}"
        ) from error


def _cause(text: str) -> str:
    """Return the line of a Java stack that says what went wrong first: the last cause, else the first line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return causes[-1].removeprefix("Caused by: ") if causes else next(iter(lines), "")
