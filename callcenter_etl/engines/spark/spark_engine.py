"""Engine on Spark: executors judge ranges of the source, and the driver writes the returned rows in order."""

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
from callcenter_etl.engines.ranges import Range, can_be_cut, cuts_of, ranges_of, records_stop
from callcenter_etl.engines.spark.part_writer import write_parts
from callcenter_etl.engines.spark.spark_jobs import in_order, judged, line_starts, repeats
from callcenter_etl.engines.spark.spark_session import session_for
from callcenter_etl.engines.task_context import TaskContext
from callcenter_etl.engines.task_messages import decode_error
from callcenter_etl.errors import AccountingError, EngineError, OutputError, UsageError
from callcenter_etl.judge.tally import RuleTally, Tally
from callcenter_etl.judge.unique_keys import unique_rules
from callcenter_etl.sources.footer import FooterReader
from callcenter_etl.sources.source import Block
from callcenter_etl.sources.source_formats import source_format
from callcenter_etl.store.access import is_member
from callcenter_etl.store.compression import suffix_of
from callcenter_etl.store.uris import absolute, base_name
from callcenter_etl.writers.part_folder import MAX_PARTS, read_manifest

_OUTPUT_ERROR = re.compile(r"callcenter_etl\.errors\.OutputError: (.+)")


class SparkEngine:
    """Engine for one source on Spark. Use within `with`."""

    # The driver reads the source as well while the executors judge it. What executors report about their bytes proves
    # nothing: size and CRC-32 of both readings are compared, and the driver's reading gives SHA-256 and line count.

    keys = None  # the work under way is on other machines, so there is no state for a checkpoint

    def __init__(self, assignment: Assignment) -> None:
        self._given = assignment
        for rule in assignment.validator.counted_rules:
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

    def run(
        self,
        blocks: Iterable[Block],
        *,
        after_each: Callable[[], None],
        pause_point: PausePoint,  # noqa: ARG002
    ) -> None:
        """Judge and write the source; `blocks` are the driver's own reading. It never pauses.

        Raises EngineError where Spark fails.
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
            body.check_equal(*reading.result(), uri=given.reader.uri)

    def _judge(self, begin: tuple[int, int], after_each: Callable[[], None]) -> Body:
        given, work = self._given, self._work()
        spark = session_for(given.workers)
        ranges = self._ranges(spark, work, *begin)
        rows = (
            repeats(spark, work, ranges, unique=bool(unique_rules(given.validator.rules))) if ranges else None
        )
        if given.parts:
            return self._written_as_parts(
                PartsPlan.of(work, given.staged, given.target_start), spark, rows, ranges
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
        """Let the tasks write the parts, adopt the parts, and add their counts."""
        given, body = self._given, Body()
        if rows is None:
            plan.commit([empty_part(plan)])
        else:
            write_parts(spark, rows, plan, ranges)
        parts = read_manifest(Path(plan.folder))
        error = next((part["error"] for part in parts if "error" in part), None)
        if error is not None:
            plan.abandon(parts)
            raise decode_error(error)
        given.staged.adopt_parts(parts)
        if [part["part"] for part in parts] != list(range(max(1, len(ranges)))):
            raise AccountingError(f"{len(parts)} of {len(ranges)} parts were committed")
        for part in parts:
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
        """Return the ranges, a single None for a source that cannot be cut, none for a source without records."""
        given = self._given
        storage = work.validator.document.run.storage_options
        compressed = suffix_of(base_name(given.source)) is not None or is_member(given.source, storage)
        if not can_be_cut(source_format(given.validator.document).dialect, compressed=compressed):
            return (None,)
        size = self._records_stop(work, start)
        least = -(-size // MAX_PARTS) if given.parts else 1
        cuts = cuts_of(start, size, max(given.range_bytes, least))
        if not cuts:
            return ()
        return ranges_of(line_starts(spark, work, cuts), first_line=first_line, stop=size)

    def _records_stop(self, work: TaskContext, start: int) -> int:
        """Return the offset at which the records end, before the footer of a source that has one."""
        document, size = self._given.validator.document, self._given.reader.size or 0
        declared = document.source.footer
        if declared is None:
            return size
        reader = FooterReader(declared, document)
        return records_stop(work.bytes_between, reader, start=start, stop=size)


def _read_alongside(blocks: Iterable[Block], enough: Event) -> tuple[int, int]:
    """Return size and CRC-32 of the blocks, read to the end of the source, or until `enough` is set."""
    crc = size = 0
    for block in blocks:
        if enough.is_set():
            break
        crc, size = isal_zlib.crc32(block.data, crc), size + len(block.data)
    return size, crc


@contextmanager
def _translate_spark_errors() -> Iterator[None]:
    """Turn errors of Spark into EngineError; an unexpected exception in a task is raised as it is, as a bug."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        text = str(error)
        if "No module named 'callcenter_etl'" in text:
            raise EngineError(
                "the executors have no callcenter_etl (install the wheel there, or pass it with --py-files)"
            ) from error
        # The commit of part files has no row in which to return its error: Spark passes it on as text.
        output_error = _OUTPUT_ERROR.search(text)
        if output_error is not None:
            raise OutputError(output_error[1].strip()) from error
        if "Traceback (most recent call last)" in text:
            raise
        raise EngineError(
            f"Spark could not finish the run: {_cause(text) or type(error).__name__}"
        ) from error


def _cause(text: str) -> str:
    """Return the root cause in the text of a Java stack: the last `Caused by` line, else the first line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return causes[-1].removeprefix("Caused by: ") if causes else next(iter(lines), "")
