"""What a reprocess gave, in the shape that users see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.documents import to_form
from callcenter_etl.run.summary import ContractIdentity, OutputFile

PASSED, REJECTS, REFUSED = "passed", "rejects", "refused"
KIND = "reprocess"


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows of the corrected file by what became of them; `read` is the sum of the others."""

    read: int = 0
    recovered: int = 0
    rejected: int = 0
    recovered_before: int = 0


@dataclass(frozen=True, slots=True)
class OriginalSource:
    """The source that the records came from; the address where it is known."""

    uri: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class CorrectedFile:
    """The file that was put right: an exceptions file or rejected records."""

    uri: str
    kind: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Reprocessed:
    """One reprocess, as its `summary.json` tells it.

    `outputs` is empty where nothing was written: nothing new to recover, a dry run, or a file that is refused with
    `problems`. `run_output` is the folder of the run that rejected the records, as seen from the outputs'.
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

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Reprocessed:
        """Return the result of which these are the plain values. Raises DocumentError for any others."""
        return to_form(Reprocessed, values)

    @property
    def exit_code(self) -> int:
        """The exit code that the command line gives for this result."""
        return int(self.status != PASSED)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values, ready for JSON; `kind` tells it from the summary of a run."""
        outputs = {name: file.to_dict() for name, file in self.outputs.items()}
        problems = [problem.to_problem() for problem in self.problems]
        return {"kind": KIND, **asdict(self), "problems": problems, "outputs": outputs}
