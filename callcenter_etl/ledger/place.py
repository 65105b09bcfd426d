"""Where a ledger is kept: beside the outputs whose runs it records."""

from __future__ import annotations

import os
from pathlib import Path

from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.ledger.protocol import Ledger
from callcenter_etl.ledger.sqlite import FILE_NAME, SqliteLedger


def ledger_in(root: str, *, mode: int | None = None) -> Ledger:
    """Give the ledger of an output root, which need not have one yet."""
    if "://" in root:
        raise OutputError(f"{root}: only local outputs can be written (name a folder)")
    return SqliteLedger(Path(root), mode=mode)


def existing_ledger_in(root: str) -> Ledger:
    """Give the ledger of an output root. Raises UsageError where there is none."""
    if "://" not in root and not (Path(root) / FILE_NAME).exists():
        raise UsageError(
            f"{root}: no ledger here ({FILE_NAME}); name the folder that was given to validate --output"
        )
    return ledger_in(root)


def output_as_recorded(output: str, root: str) -> str:
    """Give an output as its ledger names it: as seen from the root, so that both may be moved together."""
    if "://" in output:
        return output.rstrip("/").removeprefix(root.rstrip("/")).lstrip("/") or "."
    path, start = os.path.realpath(output), os.path.realpath(root)
    return os.path.relpath(path, start) if path == start or path.startswith(f"{start.rstrip('/')}/") else path


def output_of(recorded: str, root: str) -> str:
    """Give the address of an output that the ledger of `root` names so."""
    if recorded == ".":
        return root
    return recorded if os.path.isabs(recorded) or "://" in recorded else f"{root.rstrip('/')}/{recorded}"  # noqa: PTH117  may be an address
