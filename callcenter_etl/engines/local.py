"""Runs the core in this process, a chunk after the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from callcenter_etl.accounts import Accounts, RuleTally
from callcenter_etl.keys import KeyRegistry
from callcenter_etl.outputs.router import Router
from callcenter_etl.rules.records import find_first_lines
from callcenter_etl.rules.rule import Rule
from callcenter_etl.sources.chunk import Chunk, parse_chunk
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.framing import STRUCTURAL_RULES, TOO_LONG, Frame
from callcenter_etl.sources.header import Layout
from callcenter_etl.sources.reader import LongPiece
from callcenter_etl.validator import Validator, Verdict

DEFAULT_CHUNK_ROWS = 1_000_000


class LocalEngine:
    """Takes framed blocks one by one: parse, judge, route, count. Use within `with`."""

    def __init__(
        self,
        validator: Validator,
        *,
        layout: Layout,
        dialect: Dialect,
        router: Router,
        accounts: Accounts,
        scratch: Path,
        chunk_rows: int | None,
    ) -> None:
        self._validator = validator
        self._layout = layout
        self._dialect = dialect
        self._router = router
        self._accounts = accounts
        self._chunk_rows = chunk_rows or DEFAULT_CHUNK_ROWS
        self._registries: Mapping[str, KeyRegistry] = {
            rule.id: KeyRegistry(scratch / f"keys-{number}")
            for number, rule in enumerate(validator.rules)
            if rule.key
        }
        for rule in validator.rules:
            accounts.rules[rule.id] = RuleTally(rule.severity)

    def __enter__(self) -> Self:
        for registry in self._registries.values():
            registry.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for registry in self._registries.values():
            registry.__exit__(kind, error, trace)

    def take(self, item: Frame | LongPiece) -> None:
        """Put the records of one framed block, or a piece of a long record, into their places."""
        if isinstance(item, LongPiece):
            self._take_long(item)
            return
        self._accounts.blank_lines += item.blank_lines
        self._accounts.blank_bytes += item.blank_bytes
        for first in range(0, len(item), self._chunk_rows):
            last = min(first + self._chunk_rows, len(item))
            self._take_chunk(parse_chunk(item, first=first, last=last, fields=self._layout.fields))

    def _take_chunk(self, chunk: Chunk) -> None:
        columns = self._validator.columns_of(chunk, self._layout)
        columns.first_lines = {
            rule.id: find_first_lines(columns, rule.key, self._registries[rule.id].first_lines)
            for rule in self._validator.rules
            if rule.key
        }
        verdict = self._validator.judge(columns)
        rejected = np.zeros(len(chunk), dtype=bool)
        rejected[[m.record for m in chunk.malformed]] = True
        rejected[chunk.sound[verdict.rejected]] = True
        grounds = self._validator.grounds(verdict)
        self._router.route(
            chunk, rejected=rejected, records=grounds.records, rules=grounds.rules, reasons=grounds.reasons
        )
        self._count(chunk, verdict, rejected)

    def _count(self, chunk: Chunk, verdict: Verdict, rejected: np.ndarray) -> None:
        frame = chunk.frame
        span = slice(chunk.first, chunk.last)
        self._accounts.count_records(rejected, (frame.stops - frame.starts)[span], frame.line_counts[span])
        self._accounts.malformed += len(chunk.malformed)
        self._accounts.warned += int(verdict.warned.sum())
        for m in chunk.malformed:
            self._accounts.structural(STRUCTURAL_RULES[m.status]).add(1, int(chunk.lines[m.record]), m.reason)
        for rule in self._validator.rules:
            if rule.id in verdict.masks:
                self._count_rule(rule, verdict)

    def _count_rule(self, rule: Rule, verdict: Verdict) -> None:
        records = np.flatnonzero(verdict.masks[rule.id])
        tally = self._accounts.rules[rule.id]
        reason = "" if tally.sample_reason else str(rule.reasons(verdict.columns, records[:1])[0].as_py())
        tally.add(len(records), int(verdict.columns.lines[records[0]]), reason)

    def _take_long(self, piece: LongPiece) -> None:
        rule = STRUCTURAL_RULES[TOO_LONG]
        reason = f"the record is over {self._dialect.max_record_bytes:,} bytes long"
        self._router.route_long(piece, reason, rule)
        self._accounts.rejected.bytes += len(piece.data)
        if piece.first:
            self._accounts.framed += 1
            self._accounts.rejected.records += 1
            self._accounts.rejected.lines += 1
            self._accounts.malformed += 1
            self._accounts.structural(rule).add(1, piece.line, reason)
