"""The diagnostic: a fault of a contract, or a problem of a file name, a header, a record, or the totals of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Severity = Literal["error", "warn", "info"]
INFO: Severity = "info"  # of what is counted, and neither rejects a record nor warns
CONTRACT_RULE = "contract.fault"  # the rule id of all that is wrong with a contract itself


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file, as far as it is known: 1-based line and column in characters, 0-based offset in bytes.

    The offset counts decompressed bytes, and those of the text as UTF-8 where the encoding is no superset of ASCII.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    byte: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def order(self) -> tuple[str, int, int]:
        """Return a key that sorts places by file, line and column, unknown ones first."""
        # Zero sorts before every real line and column, which begin at 1.
        return (self.file or "", self.line or 0, self.column or 0)


NOWHERE = Location()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A violated rule at a place. Every renderer shows this value, so that all formats agree.

    `message` is the whole sentence, with what would be right. `suggestion` repeats that alone, for programs, where it
    is known. `value` is the text at fault, or the mask `(personal)` or `(secret)` of a classified column. `path` is the
    key of the contract, or the column of the source, that the message is about. A diagnostic of severity `warn` never
    makes a contract unusable, and never rejects a record.
    """

    rule: str
    message: str
    severity: Severity = "error"
    location: Location = NOWHERE
    path: str = ""
    value: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        kind = "warning" if self.severity == "warn" else ""
        return ": ".join(part for part in (str(self.location), self.path, kind, self.message) if part)

    def in_file(self, file: str) -> Diagnostic:
        """Return the diagnostic located in a file."""
        return replace(self, location=replace(self.location, file=file))

    @property
    def problem_line(self) -> str:
        """Rule and message in one line, as reports of a run show a problem."""
        kind = "warning: " if self.severity == "warn" else ""
        return f"{self.rule}: {kind}{self.message}"

    def to_problem(self) -> dict[str, Any]:
        """Return rule and message, the form of a problem in `summary.json`; of a warning also its severity."""
        severity = {} if self.severity == "error" else {"severity": self.severity}
        return {"rule": self.rule, "message": self.message, **severity}


def contract_diagnostic(
    message: str,
    *,
    path: str = "",
    file: str | None = None,
    line: int | None = None,
    column: int | None = None,
    severity: Severity = "error",
) -> Diagnostic:
    """Return a fault of a contract; line and column are None if the contract was not read from text."""
    return Diagnostic(CONTRACT_RULE, message, severity, Location(file, line, column), path)
