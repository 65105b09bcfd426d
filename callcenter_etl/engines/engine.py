"""The protocol of engines, and the run that one is given: each yields the same verdicts and bytes, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, Self

from callcenter_etl.engines.block_steps import RoutingFormat
from callcenter_etl.engines.ranges import RANGE_BYTES
from callcenter_etl.judge.tally import Tally
from callcenter_etl.judge.unique_keys import UniqueKeys
from callcenter_etl.judge.validator import Validator
from callcenter_etl.sources.source import BLOCK_BYTES, Block, Source
from callcenter_etl.writers.router import Router
from callcenter_etl.writers.staging import Staging


@dataclass(frozen=True, slots=True)
class Assignment:
    """One run as an engine is given it: the opened source, the core, and where its records go.

    With `parts` the engine writes folders of part files, each part with the `preamble`, into `staged`, and not through
    the router; its folder also takes what does not fit into memory. `range_bytes` is how much of a source a task of Spark
    takes. Neither they nor `workers` and `block_bytes` change the outcome.
    """

    run_id: str
    source: str
    reader: Source
    validator: Validator
    shape: RoutingFormat
    router: Router
    accounts: Tally
    staged: Staging
    preamble: bytes
    workers: int
    block_bytes: int = BLOCK_BYTES
    range_bytes: int = RANGE_BYTES
    parts: bool = False
    chunk_rows: int | None = None


class PausePoint(Protocol):
    """Asks a run to rest between two blocks, so that a checkpoint can be taken."""

    def due(self) -> bool:
        """Return whether the run is to rest before the next block."""

    def rested(self) -> None:
        """Take the checkpoint: every block so far is written."""


class Engine(Protocol):
    """Takes the blocks of one source to their places. Use within `with`."""

    @property
    def keys(self) -> UniqueKeys | None:
        """The keys that a checkpoint must hold; None where the engine takes no checkpoints, and never rests."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def run(
        self, blocks: Iterable[Block], *, after_each: Callable[[], None], pause_point: PausePoint
    ) -> None:
        """Take every block to its place, in order; `after_each` is called whenever some records arrived."""
