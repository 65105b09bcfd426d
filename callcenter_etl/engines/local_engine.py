"""Runs the core in this process: threads work on blocks side by side, which are written in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Generic, Protocol, Self, TypeVar

from callcenter_etl.engines.block_steps import BlockFormat, JudgedBlock, ParsedBlock, judge_block, parse_block
from callcenter_etl.engines.sequencer import Sequencer
from callcenter_etl.engines.write_result import write_result
from callcenter_etl.errors import CheckpointMismatchError
from callcenter_etl.judge.tally import RuleTally, Tally
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.record_rules import find_first_lines
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES, Frame
from callcenter_etl.sources.source_reader import Block
from callcenter_etl.uniqueness import KeyCheckpoint, KeyOffset, KeyRegistry, make_registries
from callcenter_etl.writers.router import Router

Taken = TypeVar("Taken")
Given = TypeVar("Given")


class PausePoint(Protocol):
    """Asks a run to come to rest between two items."""

    def due(self) -> bool:
        """Return whether the run is to rest before the next item."""

    def rested(self) -> None:
        """Do what is to be done while it rests: every item given so far is in its place."""


class LocalEngine:
    """Takes the blocks of one source to their places. Use within `with`.

    `workers` threads parse and judge, one block after the other where it is 1: Arrow and numpy let go of the
    interpreter's lock while they work. What depends on the order of records is done in that order, uniqueness by
    turns and writing by the caller's thread, so that the outcome is the same for any number.
    """

    def __init__(
        self,
        validator: Validator,
        shape: BlockFormat,
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
        self._registries: Mapping[str, KeyRegistry] = make_registries(
            {rule.id: scratch / f"keys-{number}" for number, rule in enumerate(validator.rules) if rule.key}
        )
        # A validator serves one thread at a time, so there is one a worker.
        self._validators: SimpleQueue[Validator] = SimpleQueue()
        for _ in range(workers):
            self._validators.put(validator.clone())
        for rule in validator.rules:
            accounts.rules[rule.id] = RuleTally(rule.severity)

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for registry in self._registries.values():
                opened.enter_context(registry)
            if self._workers > 1:
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="worker")
                opened.callback(self._pool.shutdown, cancel_futures=True)
                self._pool.submit(self._validator.warm)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def run(
        self,
        items: Iterable[Block | Frame | OversizedRecord],
        *,
        after_each: Callable[[], None],
        pause_point: PausePoint,
    ) -> None:
        """Take every item to its place, in order; `after_each` is called whenever some records arrived."""
        stretch = _Stretch(enumerate(items), pause_point.due)
        while True:
            for done in self._map(self._work, stretch):
                write_result(done, self._router, self._accounts, self._shape.dialect)
                del done  # it is to be freed before the next one is waited for
                after_each()
            if stretch.ended:
                return
            pause_point.rested()

    def keep_keys(self) -> None:
        """Hold what uniqueness remembers in named files, before the first item comes."""
        for registry in self._registries.values():
            registry.keep()

    def go_on(self, counted: Tally, keys: Sequence[KeyCheckpoint]) -> None:
        """Take up what an engine had counted, and remembered in the same scratch folder.

        Raises CheckpointMismatchError where that is not there any more.
        """
        if len(keys) != len(self._registries):
            raise CheckpointMismatchError("the checkpoint has other rules of uniqueness")
        if set(counted.rules) - set(self._accounts.rules) - set(STRUCTURAL_RULES.values()):
            raise CheckpointMismatchError("the checkpoint counts rules that the contract does not have")
        self._accounts.merge(counted)
        for registry, mark in zip(self._registries.values(), keys, strict=True):
            registry.go_on(mark)

    def key_offsets_kept(self) -> tuple[KeyOffset, ...]:
        """Return how much each rule of uniqueness has kept; the engine must rest."""
        return tuple(registry.key_offset for registry in self._registries.values())

    def key_checkpoints(self, key_offsets: Sequence[KeyOffset]) -> tuple[KeyCheckpoint, ...]:
        """Make what was kept durable, and give its marks; may be called beside `run`, by one thread."""
        registries = self._registries.values()
        return tuple(
            registry.mark(key_offset) for registry, key_offset in zip(registries, key_offsets, strict=True)
        )

    def _map(self, function: Callable[[Taken], Given], items: Iterable[Taken]) -> Iterator[Given]:
        """Yield what `function` makes of each item, in order, with as many calls ahead as there are workers."""
        if self._workers == 1:
            yield from map(function, items)
            return
        ahead: deque[Future[Given]] = deque()
        for item in items:
            ahead.append(self._pool.submit(function, item))
            del item
            if len(ahead) > self._workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def _work(self, numbered: tuple[int, Block | Frame | OversizedRecord]) -> JudgedBlock | OversizedRecord:
        number, item = numbered
        if isinstance(item, OversizedRecord):
            with self._turns.turn(number):
                return item
        parsed = ParsedBlock((), 0, 0)
        try:
            parsed = parse_block(item, self._shape)
        finally:  # the turn is taken in any case, as later blocks wait for it
            with self._turns.turn(number):
                columns = [self._with_first_lines(chunk) for chunk in parsed.chunks]
        validator = self._validators.get()
        try:
            return judge_block(validator, parsed, columns, self._shape)
        finally:
            self._validators.put(validator)

    def _with_first_lines(self, chunk: Chunk) -> ChunkColumns:
        columns = self._validator.columns_of(chunk, self._shape.layout)
        columns.first_lines = {
            rule.id: find_first_lines(columns, rule.key, self._registries[rule.id].first_lines)
            for rule in self._validator.rules
            if rule.key
        }
        return columns


class _Stretch(Generic[Taken]):
    """Gives items until a pause is due, at the least one; taken up again, it continues. It keeps hold of none."""

    def __init__(self, items: Iterator[Taken], due: Callable[[], bool]) -> None:
        self._items = items
        self._due = due
        self._begun = False
        self.ended = False

    def __iter__(self) -> Self:
        self._begun = False
        return self

    def __next__(self) -> Taken:
        if self._begun and self._due():
            raise StopIteration
        self._begun = True
        try:
            return next(self._items)
        except StopIteration:
            self.ended = True
            raise
