"""The result of a reprocess run, as users see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.documents import to_form
from callcenter_etl.run.summary import ContractIdentity, OutputFile

PASSED, REJECTS, REFUSED = "passed", "rejects", "refused"
KIND = "reprocess"


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows of the corrected file by outcome; `read` is the sum of the others."""

    read: int = 0
    recovered: int = 0
    rejected: int = 0
    recovered_before: int = 0


@dataclass(frozen=True, slots=True)
class OriginalSource:
    """The source of the records, with its address if that is known."""

    uri: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class CorrectedFile:
    """The corrected file: an exceptions file or rejected records."""

    uri: str
    kind: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Reprocessed:
    """A reprocess run, as in its `summary.json`.

    `rules` counts the records still rejected by rule, `warnings` all records that were read now by the rules of severity
    warn and info. `outputs` is empty if nothing was written: nothing new to recover, a dry run, or a file refused with `problems`.
    `run_output` is the folder of the run that rejected the records, relative to that of the outputs.
    """

    run_id: str
    status: str
    contract: ContractIdentity
    source: OriginalSource
    file: CorrectedFile
    rows: RowCounts
    rules: Mapping[str, int]
    problems: tuple[Diagnostic, ...]
    notes: tuple[str, ...]
    outputs: Mapping[str, OutputFile]
    run_output: str | None
    dry_run: bool
    started_at: str
    finished_at: str
    warnings: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Reprocessed:
        """Parse a result from plain values. Raises DocumentError if they are not those of a result."""
        return to_form(Reprocessed, values)

    @property
    def exit_code(self) -> int:
        """The exit code of the command line for this result."""
        return int(self.status != PASSED)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values, ready for JSON; `kind` distinguishes it from the summary of a run."""
        outputs = {name: file.to_dict() for name, file in self.outputs.items()}
        problems = [problem.to_problem() for problem in self.problems]
        return {"kind": KIND, **asdict(self), "problems": problems, "outputs": outputs}
