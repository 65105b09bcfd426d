"""Runs the core in this process: threads parse and judge blocks, which are written in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from callcenter_etl.accounts import Accounts, RuleTally
from callcenter_etl.engines.steps import JudgedChunk, ParsedBlock, Shape, judge_chunk, parse_block
from callcenter_etl.keys import KeyRegistry
from callcenter_etl.outputs.router import Router
from callcenter_etl.rules.columns import ChunkColumns
from callcenter_etl.rules.records import find_first_lines
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES, TOO_LONG, Frame
from callcenter_etl.sources.pending import LongPiece
from callcenter_etl.sources.reader import Block
from callcenter_etl.validator import Validator

Taken = TypeVar("Taken")
Given = TypeVar("Given")
Keyed = tuple[Chunk, ChunkColumns]


class LocalEngine:
    """Takes the blocks of one source to their places. Use within `with`.

    `workers` threads parse and judge, one after the other where it is 1: Arrow and numpy let go of the
    interpreter's lock while they work. What hangs on the order of records (uniqueness, writing, counting) is done
    by the caller's thread, so that the outcome is the same for any number.
    """

    def __init__(
        self,
        validator: Validator,
        shape: Shape,
        *,
        router: Router,
        accounts: Accounts,
        scratch: Path,
        workers: int,
    ) -> None:
        self._validator = validator
        self._shape = shape
        self._router = router
        self._accounts = accounts
        self._workers = workers
        self._stack = ExitStack()
        self._registries: Mapping[str, KeyRegistry] = {
            rule.id: KeyRegistry(scratch / f"keys-{number}")
            for number, rule in enumerate(validator.rules)
            if rule.key
        }
        # A validator serves one thread at a time, so there is one a worker.
        self._validators: SimpleQueue[Validator] = SimpleQueue()
        for _ in range(workers):
            self._validators.put(validator.twin())
        for rule in validator.rules:
            accounts.rules[rule.id] = RuleTally(rule.severity)

    def __enter__(self) -> LocalEngine:
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

    def run(self, items: Iterable[Block | Frame | LongPiece], *, after_each: Callable[[], None]) -> None:
        """Take every item to its place, in order; `after_each` is called whenever some records arrived."""
        parsed = self._map(self._parse, items)
        judged = self._map(self._judge, (each for block in parsed for each in self._keyed(block)))
        for each in judged:
            self._settle(each)
            after_each()

    def _map(self, function: Callable[[Taken], Given], items: Iterable[Taken]) -> Iterator[Given]:
        """Give what `function` makes of each item, in order, with as many calls ahead as there are workers."""
        if self._workers == 1:
            yield from map(function, items)
            return
        ahead: deque[Future[Given]] = deque()
        for item in items:
            ahead.append(self._pool.submit(function, item))
            if len(ahead) > self._workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def _parse(self, item: Block | Frame | LongPiece) -> ParsedBlock | LongPiece:
        return item if isinstance(item, LongPiece) else parse_block(item, self._shape)

    def _keyed(self, block: ParsedBlock | LongPiece) -> Iterator[Keyed | LongPiece]:
        """Give the chunks of a block, each with the first lines of its repeated keys."""
        if isinstance(block, LongPiece):
            yield block
            return
        self._accounts.blank_lines += block.blank_lines
        self._accounts.blank_bytes += block.blank_bytes
        for chunk in block.chunks:
            columns = self._validator.columns_of(chunk, self._shape.layout)
            columns.first_lines = {
                rule.id: find_first_lines(columns, rule.key, self._registries[rule.id].first_lines)
                for rule in self._validator.rules
                if rule.key
            }
            yield chunk, columns

    def _judge(self, item: Keyed | LongPiece) -> JudgedChunk | LongPiece:
        if isinstance(item, LongPiece):
            return item
        validator = self._validators.get()
        try:
            return judge_chunk(validator, *item, self._shape.dialect)
        finally:
            self._validators.put(validator)

    def _settle(self, item: JudgedChunk | LongPiece) -> None:
        if isinstance(item, LongPiece):
            self._settle_long(item)
            return
        self._router.write(item.routed)
        self._accounts.merge(item.counts)

    def _settle_long(self, piece: LongPiece) -> None:
        rule = STRUCTURAL_RULES[TOO_LONG]
        reason = f"the record is over {self._shape.dialect.max_record_bytes:,} bytes long"
        self._router.write_long(piece, reason, rule)
        self._accounts.rejected.bytes += len(piece.data)
        if piece.first:
            self._accounts.framed += 1
            self._accounts.rejected.records += 1
            self._accounts.rejected.lines += 1
            self._accounts.malformed += 1
            self._accounts.structural(rule).add(1, piece.line, reason)
