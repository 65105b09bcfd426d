"""Protocol of engines, and the assignment of a run to an engine.

Every engine produces the same verdicts and bytes, in the same order.
"""

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
    """Everything that an engine needs for one run: the opened source, the validator, and the staged files.

    With `parts` the engine writes folders of part files into `staged`, each part with `target_start`, instead of using
    the router. The folder of `staged` also holds data that does not fit into memory. `range_bytes` are the bytes of a
    Spark task. Neither `range_bytes` nor `workers`, `block_bytes` and `chunk_rows` change the outcome.
    """

    run_id: str
    source: str
    reader: Source
    validator: Validator
    shape: RoutingFormat
    router: Router
    accounts: Tally
    staged: Staging
    target_start: bytes
    workers: int
    block_bytes: int = BLOCK_BYTES
    range_bytes: int = RANGE_BYTES
    parts: bool = False
    chunk_rows: int | None = None


class PausePoint(Protocol):
    """Pauses of a run between two blocks, in which checkpoints are taken."""

    def due(self) -> bool:
        """Return whether the run is to pause before the next block."""

    def rested(self) -> None:
        """Write a checkpoint; called when every block so far is written."""


class Engine(Protocol):
    """Processor of the blocks of one source. Use within `with`."""

    @property
    def keys(self) -> UniqueKeys | None:
        """Keys for checkpoints, None where the engine takes no checkpoints, and never pauses."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def run(
        self, blocks: Iterable[Block], *, after_each: Callable[[], None], pause_point: PausePoint
    ) -> None:
        """Judge and write every block, in order; `after_each` is called whenever records were written.

        Raises SourceError, OutputError, and EngineError where the engine itself fails.
        """
