"""The Spark jobs of a run: count the lines, find repeated keys, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import from_arrow_schema

from callcenter_etl.engines.ranges import Cut, LineStarts, Range
from callcenter_etl.engines.task_context import TaskContext
from callcenter_etl.engines.task_messages import COUNTED, HEAD, JUDGED, KEYS, REPEATS, decode_error
from callcenter_etl.engines.tasks import Batches, count_lines, give_keys, judge_ranges
from callcenter_etl.errors import AccountingError

# Blocks of a source that is one task are brought back so many at a time.
BLOCKS_A_PART = 8


def line_starts(spark: SparkSession, work: TaskContext, cuts: Sequence[Cut]) -> list[LineStarts]:
    """Count the lines that start in each cut. Raises what a task tells of."""

    def count(batches: Batches) -> Batches:
        return count_lines(work, cuts, batches)

    rows = sorted(_mapped(_parts(spark, len(cuts)), count, COUNTED).collect(), key=lambda row: row["part"])
    if [row["part"] for row in rows] != list(range(len(cuts))):
        raise AccountingError(f"lines of {len(cuts)} cuts were wanted, {len(rows)} came back")
    for row in rows:
        if row["error"] is not None:
            raise decode_error(row["error"])
    return [LineStarts(row["lines"], row["first"]) for row in rows]


def judged(work: TaskContext, ranges: Sequence[Range | None], repeats: DataFrame) -> DataFrame:
    """Return what the judged ranges come to: a partition a range, its rows in order."""

    def judge(batches: Batches) -> Batches:
        return judge_ranges(work, ranges, batches)

    return _mapped(repeats, judge, JUDGED)


def repeats(
    spark: SparkSession, work: TaskContext, ranges: Sequence[Range | None], *, unique: bool
) -> DataFrame:
    """Return `REPEATS`: a partition a range, its HEAD first, then by line."""
    heads = _parts(spark, len(ranges)).select(
        sf.col("id").cast("int").alias("part"),
        sf.lit(HEAD).cast("bigint").alias("line"),
        sf.lit(HEAD).alias("rule"),
        sf.lit(None).cast("bigint").alias("first"),
        sf.lit(None).cast("string").alias("error"),
    )
    if unique:
        heads = heads.union(_repeats(spark, work, ranges))
        heads = heads.repartitionById(len(ranges), "part").sortWithinPartitions("line")
    return heads


def _repeats(spark: SparkSession, work: TaskContext, ranges: Sequence[Range | None]) -> DataFrame:
    """Return every record whose key is on an earlier line too, with the first such line.

    A window and not a join: both bring equal keys, compared as bytes, to one place, but a join would read the
    source twice.
    """

    def keys(batches: Batches) -> Batches:
        return give_keys(work, ranges, batches)

    found = _mapped(_parts(spark, len(ranges)), keys, KEYS)
    first = sf.min("line").over(Window.partitionBy("rule", "key"))
    repeated = found.withColumn("first", first).where("line > first or error is not null")
    return repeated.select(*REPEATS.names)


def in_order(judged_rows: DataFrame, parts: int) -> Iterator[Any]:
    """Yield all rows in the order of the source, a bounded number at a time.

    They are worked out first, all side by side, and kept on the executors' disks: what fetches partitions one by
    one would also work them out one by one. A source that is one part is cut into smaller ones on the way, as
    a partition is held in memory as a whole.
    """
    kept = judged_rows.persist(StorageLevel.DISK_ONLY)
    try:
        rows = kept.count()
        fetched = kept
        if parts == 1:
            bundles = -(-rows // BLOCKS_A_PART) or 1
            bundle = (sf.col("number") / BLOCKS_A_PART).cast("int")
            fetched = kept.repartitionById(bundles, bundle).sortWithinPartitions("number")
        yield from fetched.toLocalIterator(prefetchPartitions=True)
    finally:
        kept.unpersist()


def _parts(spark: SparkSession, count: int) -> DataFrame:
    """Return the numbers of the parts, each in a partition, and so a task, of its own."""
    return spark.range(0, count, 1, numPartitions=count)


def _mapped(rows: DataFrame, function: Callable[[Any], Batches], schema: pa.Schema) -> DataFrame:
    return rows.mapInArrow(function, from_arrow_schema(schema))
