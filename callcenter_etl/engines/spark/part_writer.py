"""A data source of Spark that its tasks write part files with, committed by Spark's two-phase protocol."""

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
    """What one task tells of its part, as JSON."""

    told: str


class PartsWriter(DataSourceArrowWriter):
    """Judges a range and writes it, a task a part; Spark lets one attempt of each task commit."""

    def __init__(self, plan: PartsPlan, ranges: Sequence[Range | None]) -> None:
        self._plan = plan
        self._ranges = ranges

    def write(self, iterator: Iterator[pa.RecordBatch]) -> WriterCommitMessage:
        """Write the range that the rows name; none where Spark has no row for a task."""
        part, batches = peeked(iterator)
        if part is None:
            return PartWritten("")
        told = write_part(self._plan, part, judge_ranges(self._plan.work, self._ranges, batches))
        return PartWritten(json.dumps(told))

    def commit(self, messages: list[WriterCommitMessage | None]) -> None:
        """Give the parts their names, once all tasks have ended well."""
        self._plan.commit(_told(messages))

    def abort(self, messages: list[WriterCommitMessage | None]) -> None:
        """Remove what was written."""
        self._plan.abandon(_told(messages))


def _told(messages: Sequence[WriterCommitMessage | None]) -> list[dict[str, Any]]:
    told = [message.told for message in messages if isinstance(message, PartWritten) and message.told]
    return [json.loads(each) for each in told]


def write_parts(
    spark: SparkSession, rows: DataFrame, plan: PartsPlan, ranges: Sequence[Range | None]
) -> None:
    """Judge and write the ranges that the rows name, committed in the plan's folder."""

    # Defined here, so that Spark takes plan and ranges along with the class: options can be text alone.
    class Parts(DataSource):
        @classmethod
        def name(cls) -> str:
            return FORMAT

        def writer(self, schema: Any, overwrite: bool) -> DataSourceArrowWriter:  # noqa: ARG002, FBT001  Spark says so
            return PartsWriter(plan, ranges)

    spark.dataSource.register(Parts)
    rows.write.format(FORMAT).mode("append").save()
