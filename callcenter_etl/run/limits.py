"""Check the limits of a run, and derive its status."""

from __future__ import annotations

from callcenter_etl.contract.model import Limits
from callcenter_etl.diagnostic import Diagnostic


def broken_limits(limits: Limits, *, read: int, rejected: int) -> tuple[Diagnostic, ...]:
    """Return a problem for each limit that the numbers of read and rejected records exceed."""
    problems = []
    if limits.min_records is not None and read < limits.min_records:
        problems.append(
            Diagnostic("file.too_few", f"{read:,} records read, at least {limits.min_records:,} expected")
        )
    if limits.max_rejected is not None and limits.max_rejected.exceeded(rejected, read):
        sentence = f"{rejected:,} of {read:,} records rejected, at most {limits.max_rejected} allowed"
        problems.append(Diagnostic("limits.max_rejected", sentence))
    return tuple(problems)


def status_of(limits: Limits, problems: tuple[Diagnostic, ...], *, rejected: int) -> str:
    """Return the status of a run that read its source to the end."""
    if problems:
        return "failed"
    # Rejects within a declared limit are expected; without a limit nothing says that they are, so the status shows them.
    return "rejects" if rejected and limits.max_rejected is None else "passed"
