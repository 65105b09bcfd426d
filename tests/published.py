"""What stands in an output beside its bookkeeping."""

from __future__ import annotations

from pathlib import Path

BOOKKEEPING = {".callcenter_etl.lock", "ledger.sqlite"}


def names_in(output: Path) -> list[str]:
    """Give the names of all that a run published, or left behind; lock and ledger are always there."""
    return sorted(path.name for path in output.iterdir() if path.name not in BOOKKEEPING)
