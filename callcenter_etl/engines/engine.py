"""The protocol of engines, and what a run hands to one: the same verdicts and bytes, in the same order, from each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, Self

from callcenter_etl.engines.block_steps import BlockFormat
from callcenter_etl.engines.local_engine import PausePoint
from callcenter_etl.engines.ranges import RANGE_BYTES
from callcenter_etl.judge.tally import Tally
from callcenter_etl.judge.validator import Validator
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.framing import Frame
from callcenter_etl.sources.source_reader import BLOCK_BYTES, Block, SourceReader
from callcenter_etl.writers.router import Router
from callcenter_etl.writers.staging import Staging

Item = Block | Frame | OversizedRecord


@dataclass(frozen=True, slots=True)
class Assignment:
    """One run as an engine is given it: the opened source, the core, and where its records go.

    With `parts` the engine writes folders of part files, each part with the `preamble`, into `staged`, and not through
    the router; its folder also takes what does not fit into memory. `range_bytes` is how much of a source a task of Spark
    takes. Neither they nor `workers` and `block_bytes` change the outcome.
    """

    run_id: str
    source: str
    reader: SourceReader
    validator: Validator
    shape: BlockFormat
    router: Router
    accounts: Tally
    staged: Staging
    preamble: bytes
    workers: int
    block_bytes: int = BLOCK_BYTES
    range_bytes: int = RANGE_BYTES
    parts: bool = False


class Engine(Protocol):
    """Takes the items of one source to their places. Use within `with`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def run(self, items: Iterable[Item], *, after_each: Callable[[], None], pause_point: PausePoint) -> None:
        """Take every item to its place, in order; `after_each` is called whenever some records arrived."""
