"""Takes what was judged to its place: the same step for every engine."""

from __future__ import annotations

from callcenter_etl.diagnostic import Diagnostic, Location
from callcenter_etl.engines.block_steps import JudgedBlock
from callcenter_etl.judge.tally import Tally
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.framing import STRUCTURAL_RULES, TOO_LONG
from callcenter_etl.writers.router import Router


def write_result(
    done: JudgedBlock | OversizedRecord, router: Router, accounts: Tally, dialect: Dialect
) -> None:
    """Write what is next in the order of the source, and count it."""
    if isinstance(done, OversizedRecord):
        _write_oversized(done, router, accounts, dialect)
        return
    for routed in done.routed:
        router.write(routed)
    accounts.merge(done.counts)


def _write_oversized(piece: OversizedRecord, router: Router, accounts: Tally, dialect: Dialect) -> None:
    rule = STRUCTURAL_RULES[TOO_LONG]
    reason = f"the record is over {dialect.max_record_bytes:,} bytes long"
    router.write_oversized(piece, reason, rule)
    accounts.rejected.bytes += len(piece.data)
    if piece.first:
        accounts.framed += 1
        accounts.rejected.records += 1
        accounts.rejected.lines += 1
        accounts.malformed += 1
        sample = Diagnostic(rule, reason, location=Location(line=piece.line))
        accounts.structural(rule).add(1, (sample,))
