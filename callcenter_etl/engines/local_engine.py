"""Engine in this process: threads judge blocks in parallel, and the blocks are written in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Generic, Self, TypeVar

from callcenter_etl.engines.block_steps import RoutedBlock, RoutingFormat, route_block, write_block
from callcenter_etl.engines.engine import PausePoint
from callcenter_etl.engines.sequencer import Sequencer
from callcenter_etl.judge.judged_chunks import judge_chunk, keyed_columns
from callcenter_etl.judge.tally import RuleTally, Tally
from callcenter_etl.judge.unique_keys import UniqueKeys
from callcenter_etl.judge.validator import Validator
from callcenter_etl.sources.source import Block, ParsedBlock
from callcenter_etl.writers.router import Router

Item = TypeVar("Item")
Result = TypeVar("Result")


class LocalEngine:
    """Engine with `workers` threads. Use within `with`."""

    # Arrow and numpy release the interpreter lock while they work, so threads use several cores. The steps that depend on
    # the order of records are done in that order: keys by turns, and writing by the caller's thread. So the outcome is
    # the same for any number of workers.

    def __init__(
        self,
        validator: Validator,
        shape: RoutingFormat,
        *,
        router: Router,
        accounts: Tally,
        scratch: Path,
        workers: int,
    ) -> None:
        self._validator = validator
        self._shape = shape
        self._router = router
        self._accounts = accounts
        self._workers = workers
        self._stack = ExitStack()
        self._turns = Sequencer()
        self.keys = UniqueKeys.in_folder(validator.rules, scratch)
        # A validator serves one thread at a time, as pandera changes a schema while it validates.
        self._validators: SimpleQueue[Validator] = SimpleQueue()
        for _ in range(workers):
            self._validators.put(validator.clone())
        for rule in validator.counted_rules:
            # Every rule is in the summary, also with a count of zero, and in contract order.
            accounts.rules[rule.id] = RuleTally(rule.severity)

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(self.keys)
            if self._workers > 1:
                # Importing pandas and pandera takes half a second, in which another thread parses the first block.
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="worker")
                # After an error, blocks that wait for a thread are not judged any more.
                opened.callback(self._pool.shutdown, cancel_futures=True)
                self._pool.submit(self._validator.warm)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def run(
        self, blocks: Iterable[Block], *, after_each: Callable[[], None], pause_point: PausePoint
    ) -> None:
        """Judge and write every block, in order; `after_each` is called whenever records were written."""
        stretch = _Stretch(enumerate(blocks), pause_point.due)
        while True:
            for done in self._map(self._process, stretch):
                write_block(done, self._router, self._accounts)
                del done  # its memory is freed before the next block is awaited
                after_each()
            if stretch.ended:
                return
            pause_point.rested()

    def _map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result for each item, in order; up to one more than `workers` calls are under way, which bounds memory."""
        if self._workers == 1:
            yield from map(function, items)
            return
        ahead: deque[Future[Result]] = deque()
        for item in items:
            ahead.append(self._pool.submit(function, item))
            # The pool has the block: a reference here would keep its memory until the next one is read.
            del item
            if len(ahead) > self._workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def _process(self, numbered: tuple[int, Block]) -> RoutedBlock:
        number, block = numbered
        layout = self._shape.layout
        parsed = ParsedBlock(())
        try:
            parsed = block.parse()
        finally:  # also after an error: later blocks wait for this turn
            with self._turns.turn(number):
                columns = [
                    keyed_columns(self._validator, chunk, layout, self.keys) for chunk in parsed.chunks
                ]
        validator = self._validators.get()
        try:
            pairs = zip(parsed.chunks, columns, strict=True)
            judged = (judge_chunk(validator, chunk, of_chunk) for chunk, of_chunk in pairs)
            return route_block(validator, parsed, judged, self._shape)
        finally:
            self._validators.put(validator)


class _Stretch(Generic[Item]):
    """Iterator over items up to the next pause, at least one; iterated again, it continues. It holds no item."""

    def __init__(self, items: Iterator[Item], due: Callable[[], bool]) -> None:
        self._items = items
        self._due = due
        self._begun = False
        self.ended = False

    def __iter__(self) -> Self:
        self._begun = False
        return self

    def __next__(self) -> Item:
        if self._begun and self._due():
            raise StopIteration
        self._begun = True
        try:
            return next(self._items)
        except StopIteration:
            self.ended = True
            raise
