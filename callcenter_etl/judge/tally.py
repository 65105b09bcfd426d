"""Counts of a run, and the check that they add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from callcenter_etl.diagnostic import Diagnostic, Location
from callcenter_etl.documents import Count
from callcenter_etl.errors import AccountingError
from callcenter_etl.sources.surrounding_lines import Surroundings

MAX_SAMPLES = 10  # records of a rule that a run keeps for its reports


@dataclass(slots=True)
class RuleTally:
    """The number of records that violate a rule, and diagnostics of the first ones, at most `max_samples(severity)`.

    Samples are kept while the run goes, so that no report has to parse the exceptions to learn what the run knew. They
    travel with the counts: through checkpoints, and from the tasks of Spark.
    """

    severity: str
    broken: Count = 0
    samples: list[Diagnostic] = field(default_factory=list)

    def add(self, records: int, samples: Sequence[Diagnostic]) -> None:
        """Count records that violated the rule; samples are kept in the order in which they come, up to the limit."""
        self.samples.extend(samples[: max_samples(self.severity) - len(self.samples)])
        self.broken += records

    def merge(self, later: RuleTally) -> None:
        """Add the counts of a later part of the source."""
        self.add(later.broken, later.samples)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `asdict` returned. Raises KeyError or TypeError for anything else."""
        samples = [
            Diagnostic(**{**sample, "location": Location(**sample["location"])})
            for sample in values["samples"]
        ]
        return cls(**{**values, "samples": samples})


def max_samples(severity: str) -> int:
    """Return how many records of a rule are kept as samples; of a warning the first, as its records are no rejects."""
    return MAX_SAMPLES if severity == "error" else 1


@dataclass(slots=True)
class RecordTotals:
    """Records, bytes and physical lines that went one way."""

    records: Count = 0
    bytes: Count = 0
    lines: Count = 0

    def add(self, records: int, size: int, lines: int) -> None:
        """Count some more."""
        self.records += records
        self.bytes += size
        self.lines += lines


@dataclass(slots=True)
class Tally:
    """The counts of one run, by verdict and by rule."""

    accepted: RecordTotals = field(default_factory=RecordTotals)
    rejected: RecordTotals = field(default_factory=RecordTotals)
    framed: Count = 0
    malformed: Count = 0
    warned: Count = 0
    blank_lines: Count = 0
    blank_bytes: Count = 0
    surroundings: Surroundings = field(default_factory=Surroundings)
    rules: dict[str, RuleTally] = field(default_factory=dict)

    def count_records(self, rejected: np.ndarray, sizes: np.ndarray, line_counts: np.ndarray) -> None:
        """Count framed records by verdict; all arguments have the shape (records,), `sizes` are in bytes."""
        self.framed += len(rejected)
        chosen = np.flatnonzero(rejected)
        out = (len(chosen), int(sizes[chosen].sum()), int(line_counts[chosen].sum()))
        both = (len(rejected), int(sizes.sum()), int(line_counts.sum()))
        self.rejected.add(*out)
        self.accepted.add(*(all_ - some for all_, some in zip(both, out, strict=True)))

    def merge(self, later: Tally) -> None:
        """Add what a later part of the source counted."""
        for name in ("framed", "malformed", "warned", "blank_lines", "blank_bytes"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        for side, other in ((self.accepted, later.accepted), (self.rejected, later.rejected)):
            side.add(other.records, other.bytes, other.lines)
        # All other surroundings are before the first record or after the last one, so that no part counts them.
        self.surroundings.comments.add(later.surroundings.comments.lines, later.surroundings.comments.bytes)
        # `later` is of a later part of the source, so the first line that is known already stays.
        for rule, tally in later.rules.items():
            self.rules.setdefault(rule, RuleTally(tally.severity)).merge(tally)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the tally from the values of `asdict`. Raises KeyError or TypeError for any other values."""
        return cls(
            **{
                **values,
                "accepted": RecordTotals(**values["accepted"]),
                "rejected": RecordTotals(**values["rejected"]),
                "surroundings": Surroundings.from_dict(values["surroundings"]),
                "rules": {rule: RuleTally.from_dict(tally) for rule, tally in values["rules"].items()},
            }
        )

    def structural(self, rule: str) -> RuleTally:
        """Return the tally of a structural rule, which is created when the rule is first violated."""
        return self.rules.setdefault(rule, RuleTally("error"))

    def prove(
        self,
        *,
        plain_bytes: int,
        lines: int,
        target_bytes: int | None,
        target_records: int,
        rejected_bytes: int,
        exceptions: int,
    ) -> None:
        """Raise AccountingError unless records, lines and bytes add up.

        `plain_bytes` and `lines` are counted on the stream, independently of the framing; the other arguments are counts
        of the staged files. `target_bytes` is None for a typed target, of which the bytes are not the source's.
        """
        # Each equation compares two independent counts, so that a record that is lost anywhere stops the run.
        sides, header = (self.accepted, self.rejected), self.surroundings.header.bytes
        checks = (
            ("records", self.framed, sum(side.records for side in sides)),
            ("lines", lines, self.surroundings.lines + self.blank_lines + sum(side.lines for side in sides)),
            (
                "bytes",
                plain_bytes,
                self.surroundings.bytes + self.blank_bytes + sum(side.bytes for side in sides),
            ),
            (
                "bytes of the target",
                header + self.accepted.bytes,
                header + self.accepted.bytes if target_bytes is None else target_bytes,
            ),
            ("records of the target", self.accepted.records, target_records),
            ("bytes of the rejected records", header + self.rejected.bytes, rejected_bytes),
            ("exceptions", self.rejected.records, exceptions),
        )
        wrong = [
            f"{what}: {expected:,} expected, {found:,} found"
            for what, expected, found in checks
            if expected != found
        ]
        if wrong:
            raise AccountingError("the run does not add up, nothing is published: " + "; ".join(wrong))
