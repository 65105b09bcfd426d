"""Takes what was judged to its place: the same step for every engine."""

from __future__ import annotations

from callcenter_etl.accounts import Accounts
from callcenter_etl.engines.steps import JudgedBlock
from callcenter_etl.outputs.router import Router
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.framing import STRUCTURAL_RULES, TOO_LONG
from callcenter_etl.sources.pending import LongPiece


def settle(done: JudgedBlock | LongPiece, router: Router, accounts: Accounts, dialect: Dialect) -> None:
    """Write what is next in the order of the source, and count it."""
    if isinstance(done, LongPiece):
        _settle_long(done, router, accounts, dialect)
        return
    for routed in done.routed:
        router.write(routed)
    accounts.merge(done.counts)


def _settle_long(piece: LongPiece, router: Router, accounts: Accounts, dialect: Dialect) -> None:
    rule = STRUCTURAL_RULES[TOO_LONG]
    reason = f"the record is over {dialect.max_record_bytes:,} bytes long"
    router.write_long(piece, reason, rule)
    accounts.rejected.bytes += len(piece.data)
    if piece.first:
        accounts.framed += 1
        accounts.rejected.records += 1
        accounts.rejected.lines += 1
        accounts.malformed += 1
        accounts.structural(rule).add(1, piece.line, reason)
