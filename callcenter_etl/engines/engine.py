"""Which engines there are, and what all of them promise: the same verdicts, the same bytes, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, Self

from callcenter_etl.accounts import Accounts
from callcenter_etl.engines.local import LocalEngine, Pauses
from callcenter_etl.engines.ranges import RANGE_BYTES
from callcenter_etl.engines.steps import Shape
from callcenter_etl.errors import UsageError
from callcenter_etl.outputs.router import Router
from callcenter_etl.sources.framing import Frame
from callcenter_etl.sources.pending import LongPiece
from callcenter_etl.sources.reader import BLOCK_BYTES, Block, SourceReader
from callcenter_etl.validator import Validator

Item = Block | Frame | LongPiece


@dataclass(frozen=True, slots=True)
class Assignment:
    """One run as an engine is given it: the opened source, the core, and where its records go.

    `scratch` is a folder for what does not fit into memory; `range_bytes` is how much of a source a task of Spark
    takes. Neither they nor `workers` and `block_bytes` change the outcome.
    """

    run_id: str
    source: str
    reader: SourceReader
    validator: Validator
    shape: Shape
    router: Router
    accounts: Accounts
    scratch: Path
    workers: int
    block_bytes: int = BLOCK_BYTES
    range_bytes: int = RANGE_BYTES


class Engine(Protocol):
    """Takes the items of one source to their places. Use within `with`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def run(self, items: Iterable[Item], *, after_each: Callable[[], None], pauses: Pauses) -> None:
        """Take every item to its place, in order; `after_each` is called whenever some records arrived."""


def _local(assignment: Assignment) -> Engine:
    return LocalEngine(
        assignment.validator,
        assignment.shape,
        router=assignment.router,
        accounts=assignment.accounts,
        scratch=assignment.scratch,
        workers=assignment.workers,
    )


def _spark(assignment: Assignment) -> Engine:
    check_spark()
    from callcenter_etl.engines.spark.engine import SparkEngine

    return SparkEngine(assignment)


def check_spark() -> None:
    """Raise UsageError where pyspark is not installed."""
    if find_spec("pyspark") is None:
        raise UsageError("--engine spark needs pyspark: pip install 'callcenter-etl[spark]'")


ENGINES: Mapping[str, Callable[[Assignment], Engine]] = {"local": _local, "spark": _spark}
