"""Scan published exceptions for a page: the distribution of rejected records, and the first of each rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.run.exceptions_file import ExceptionsFile, RejectedRecords
from callcenter_etl.run.reject_diagnostics import RejectDiagnostics
from callcenter_etl.run.summary import OutputFile
from callcenter_etl.sources.framing import QUOTE, STRUCTURAL_RULES

MAX_STRETCHES = 100
EXAMPLES_A_RULE = 3
MALFORMED_SHOWN = 10
_QUOTE_RULE = STRUCTURAL_RULES[QUOTE]


@dataclass(frozen=True, slots=True)
class RejectExample:
    """A rejected record: a diagnostic of it, the source's values by position, and its text where it is malformed."""

    diagnostic: Diagnostic
    values: tuple[str, ...]
    raw: str

    @property
    def line(self) -> int:
        """The line of the source, which every row of the exceptions has."""
        return self.diagnostic.location.line or 0


@dataclass(slots=True)
class Findings:
    """Counts of rejected records by stretch of `width` lines, and the first records of each rule.

    `open_quote` is the line of the first malformed record with an odd number of quotes; `passed_over` is the number
    of exceptions that are too long for the page.
    """

    width: int
    rejected: NDArray[np.int64]
    names: tuple[str, ...] = ()
    by_rule: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    examples: dict[str, list[RejectExample]] = field(default_factory=dict)
    malformed: list[RejectExample] = field(default_factory=list)
    open_quote: int | None = None
    passed_over: int = 0


def examine(exceptions: ExceptionsFile, published: OutputFile, *, lines: int) -> Findings:
    """Read the exceptions once, at constant memory; `lines` are the source's.

    Raises SourceError when they cannot be read, or are not those of the run.
    """
    # Rounded up, so that MAX_STRETCHES stretches cover all lines; a source may have no line.
    width = max(1, -(-lines // MAX_STRETCHES))
    findings = Findings(width, np.zeros(max(1, -(-lines // width)), dtype=np.int64))
    diagnostics = RejectDiagnostics(exceptions.document)
    # The hash is checked, so that a page never mixes two runs.
    for block in exceptions.checked_blocks(published.sha256, parts=published.parts):
        findings.names = block.names
        findings.passed_over += block.passed_over
        if len(block):
            positions = exceptions.layout_of(block.names).positions
            _add(findings, block, diagnostics, positions)
    return findings


def _add(
    findings: Findings,
    block: RejectedRecords,
    diagnostics: RejectDiagnostics,
    positions: Mapping[str, int],
) -> None:
    stretches = np.minimum((block.lines - 1) // findings.width, len(findings.rejected) - 1)
    findings.rejected += _counted(findings, stretches)
    for rule, broken in diagnostics.masks(block).items():
        counts = findings.by_rule.setdefault(rule, np.zeros_like(findings.rejected))
        counts += _counted(findings, stretches[broken])
        at = np.flatnonzero(broken)
        kept = findings.examples.setdefault(rule, [])
        malformed = rule in STRUCTURAL_RULES.values()
        # The list of malformed records is one for all rules, and any of them may fill it.
        most = MALFORMED_SHOWN if malformed else EXAMPLES_A_RULE - len(kept)
        examples = _examples(block.take(at[:most]), rule, diagnostics, positions) if most else []
        kept.extend(examples[: EXAMPLES_A_RULE - len(kept)])
        if malformed:
            # A record over the limit is without its text here, and counted among those passed over.
            findings.malformed.extend(example for example in examples if example.raw)
        if rule == _QUOTE_RULE and findings.open_quote is None:
            findings.open_quote = _open_quote(block.raws, block.lines, at)
    # Cut after every block, so that memory does not grow with the exceptions.
    findings.malformed = sorted(findings.malformed, key=lambda found: found.line)[:MALFORMED_SHOWN]


def _counted(findings: Findings, stretches: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(stretches, minlength=len(findings.rejected)).astype(np.int64)


def _examples(
    records: RejectedRecords, rule: str, diagnostics: RejectDiagnostics, positions: Mapping[str, int]
) -> list[RejectExample]:
    columns = [values.to_pylist() for values in records.values]
    found = diagnostics.of_records(records, positions)
    return [
        RejectExample(
            # A record may violate several rules: the example is about this one.
            diagnostic=next(each for each in of_record if each.rule == rule),
            values=tuple(values[at] for values in columns),
            raw=records.raws[at].as_py(),
        )
        for at, of_record in enumerate(found)
    ]


def _open_quote(raws: pa.StringArray, lines: NDArray[np.int64], at: NDArray[np.int64]) -> int | None:
    counts = pc.count_substring(raws.take(pa.array(at)), '"').to_numpy(zero_copy_only=False)
    odd = at[counts % 2 == 1]
    return int(lines[odd[0]]) if len(odd) else None
