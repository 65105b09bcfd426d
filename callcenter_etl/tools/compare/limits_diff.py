"""Compares the limits of two contracts: which runs newly fail."""

from __future__ import annotations

from collections.abc import Callable

from callcenter_etl.contract.model import Limits, MaxRejected


def max_rejected(before: Limits, after: Limits) -> str | None:
    """Return the runs that newly fail, or newly end with exit code 1, for their rejects; None if there are none."""
    old, new = before.max_rejected, after.max_rejected
    if new is None:
        # Without a declared limit everything is published, but any reject gives exit code 1.
        return None if old is None else f"runs with rejects, at most {old}: without a limit they end with 1"
    return None if old is not None and _is_wider(old, new) else f"runs with more rejects than {new}"


def _is_wider(before: MaxRejected, after: MaxRejected) -> bool:
    if before.count is not None and after.count is not None:
        return before.count <= after.count
    # A count and a percentage have no order: it depends on the number of records.
    return before.percent is not None and after.percent is not None and before.percent <= after.percent


def min_records(before: Limits, after: Limits) -> str | None:
    """Return the runs that newly fail for too few records, None if there are none."""
    least = after.min_records or 0
    return f"runs with fewer than {least:,} records" if least > (before.min_records or 0) else None


LIMIT_JUDGES: dict[str, Callable[[Limits, Limits], str | None]] = {
    "max_rejected": max_rejected,
    "min_records": min_records,
}
