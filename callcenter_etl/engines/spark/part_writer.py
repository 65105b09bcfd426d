"""Spark data source with which tasks write part files, committed by Spark's two-phase protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.datasource import DataSource, DataSourceArrowWriter, WriterCommitMessage

from callcenter_etl.engines.part_files import PartsPlan, write_part
from callcenter_etl.engines.ranges import Range
from callcenter_etl.engines.tasks import judge_ranges, peeked

FORMAT = "callcenter_etl_parts"


@dataclass
class PartWritten(WriterCommitMessage):
    """Metadata of the part that a task wrote, as JSON; empty where the task had no range."""

    metadata: str


class PartsWriter(DataSourceArrowWriter):
    """Writer that judges a range and writes it as a part, one task a part."""

    # Spark may run a task several times, and lets one attempt of each commit; `commit` gets the messages of those.

    def __init__(self, plan: PartsPlan, ranges: Sequence[Range | None]) -> None:
        self._plan = plan
        self._ranges = ranges

    def write(self, iterator: Iterator[pa.RecordBatch]) -> WriterCommitMessage:
        """Write the range that the rows name, nothing where Spark has no row for a task."""
        part, batches = peeked(iterator)
        if part is None:
            return PartWritten("")
        metadata = write_part(self._plan, part, judge_ranges(self._plan.work, self._ranges, batches))
        return PartWritten(json.dumps(metadata))

    def commit(self, messages: list[WriterCommitMessage | None]) -> None:
        """Commit the parts, after all tasks have succeeded."""
        self._plan.commit(_metadata(messages))

    def abort(self, messages: list[WriterCommitMessage | None]) -> None:
        """Remove the written parts."""
        self._plan.abandon(_metadata(messages))


def _metadata(messages: Sequence[WriterCommitMessage | None]) -> list[dict[str, Any]]:
    found = [
        message.metadata for message in messages if isinstance(message, PartWritten) and message.metadata
    ]
    return [json.loads(each) for each in found]


def write_parts(
    spark: SparkSession, rows: DataFrame, plan: PartsPlan, ranges: Sequence[Range | None]
) -> None:
    """Judge and write the ranges that the rows name, and commit them in the plan's folder."""

    # Options of a Spark data source are text alone. A class that is defined here is pickled with the variables that it
    # uses, so plan and ranges travel with it.
    class Parts(DataSource):
        @classmethod
        def name(cls) -> str:
            return FORMAT

        def writer(self, schema: Any, overwrite: bool) -> DataSourceArrowWriter:  # noqa: ARG002, FBT001  Spark says so
            return PartsWriter(plan, ranges)

    spark.dataSource.register(Parts)
    rows.write.format(FORMAT).mode("append").save()
