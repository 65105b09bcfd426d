"""Summary of a run: counts, rules, problems and outputs, as in `summary.json`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.documents import Count, DocumentError, to_form
from callcenter_etl.sources.surrounding_lines import Surroundings

EXIT_CODES = {"passed": 0, "rejects": 1, "failed": 1, "refused": 1, "error": 3}
VERDICTS = {
    "passed": "passed",
    "rejects": "rejects found (no limit is declared)",
    "failed": "failed, the target is not published",
    "refused": "refused: no record was read",
    "error": "not finished",
}


@dataclass(frozen=True, slots=True)
class ContractIdentity:
    """Id and version of a contract, and the SHA-256 of its text."""

    id: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """Address of a source without secrets, the number of its stored bytes, and their SHA-256."""

    uri: str
    bytes: Count
    sha256: str


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """Numbers of records by verdict; malformed records are among the rejected ones."""

    read: Count
    accepted: Count
    rejected: Count
    malformed: Count
    warned: Count


@dataclass(frozen=True, slots=True)
class RuleCount:
    """The number of records that violate a rule, and diagnostics of the first ones.

    The diagnostics are located in the source by line and byte. They are known while the process of the run lives, and are not part of `summary.json`: a summary that is
    read back has none.
    """

    severity: str
    broken: Count
    samples: tuple[Diagnostic, ...] = ()

    @property
    def first_line(self) -> int | None:
        """The line of the first record that violated the rule, where it is known."""
        return self.samples[0].location.line if self.samples else None

    @property
    def sample_reason(self) -> str | None:
        """The reason that the first such record got, where it is known."""
        return self.samples[0].message if self.samples else None


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A published file, or a folder: of `parts` part files, or a target of `files` files.

    Only a typed target has `format`, and `unconverted`, the number of records with values that do not fit their type.
    Only a table has `version`, in which this run's `records` are; its `bytes` are those that the commit added.
    """

    uri: str
    bytes: Count
    sha256: str
    format: str | None = None
    files: Count | None = None
    parts: Count | None = None
    unconverted: Count | None = None
    version: Count | None = None
    records: Count | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the values that are known, by key."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(slots=True)
class SurroundingsSummary(Surroundings):
    """Totals of the lines that are not records, and the values of the run by their origin, such as `preamble`."""

    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run: stored bytes and records so far; `bytes_total` is None where the source's size is unknown."""

    bytes_read: int
    bytes_total: int | None
    records: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Interrupted run that another one resumed, and the line at which it continued."""

    run_id: str
    line: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of one run, with the keys of `summary.json` and `resumed`, which only log and ledger record."""

    run_id: str
    status: str
    contract: ContractIdentity
    source: SourceIdentity
    records: RecordCounts
    blank_lines: Count
    lines: Count
    rules: Mapping[str, RuleCount]
    problems: tuple[Diagnostic, ...]
    outputs: Mapping[str, OutputFile]
    started_at: str
    finished_at: str
    seconds: float
    # A summary of an earlier version has neither.
    blank_bytes: Count = 0
    surroundings: SurroundingsSummary = field(default_factory=SurroundingsSummary)
    resumed: Resumed | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain values, ready for JSON."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "contract": asdict(self.contract),
            "source": asdict(self.source),
            "records": asdict(self.records),
            "surroundings": asdict(self.surroundings),
            "blank_lines": self.blank_lines,
            "blank_bytes": self.blank_bytes,
            "lines": self.lines,
            "rules": {
                rule: {"severity": count.severity, "broken": count.broken}
                for rule, count in self.rules.items()
            },
            "problems": [problem.to_problem() for problem in self.problems],
            "outputs": {name: file.to_dict() for name, file in self.outputs.items()},
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Summary:
        """Return the summary from its plain values, without first lines and sample reasons.

        Raises DocumentError for values that are not a summary's.
        """
        # The file has no key of this name; one that somebody added is ignored.
        summary = to_form(Summary, {name: value for name, value in values.items() if name != "resumed"})
        if summary.status not in EXIT_CODES:
            raise DocumentError("status: is not one of a finished run")
        return summary


def exit_code(status: str) -> int:
    """Return the exit code of a status."""
    return EXIT_CODES[status]


def exit_code_for(summary: Summary, fail_on: str) -> int:
    """Return the exit code of a run by `fail_on`: `warn`, `reject` or `never`.

    With `warn` a violated rule or a problem of severity warn gives 1 too; with `never` no verdict about the data gives 1, not even a
    refused source. A run that could not be finished gives 3 in any case.
    """
    code = exit_code(summary.status)
    warned = any(count.broken for count in summary.rules.values() if count.severity == "warn") or any(
        problem.severity == "warn" for problem in summary.problems
    )
    if fail_on == "warn" and code == 0 and warned:
        return 1
    return 0 if fail_on == "never" and code == 1 else code


def new_run_id() -> str:
    """Return a new unique run id; ids sort by the time of their creation."""
    # The time comes first, so that a ledger of one object a run is in the order of the runs without an index.
    # Random digits, since several runs may begin in the same second.
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"


def instant(moment: datetime) -> str:
    """Return a time in UTC in the form of summaries, ISO with milliseconds and `Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
