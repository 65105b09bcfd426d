"""Location of a ledger: in the output root, which contains the outputs of the recorded runs."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote_from_bytes

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError, SourceError, UsageError
from callcenter_etl.os_errors import entry_exists, translate_os_errors
from callcenter_etl.run.ledger.ledger import Ledger
from callcenter_etl.run.ledger.object_ledger import ObjectLedger
from callcenter_etl.run.ledger.sqlite_ledger import FILE_NAME, SqliteLedger
from callcenter_etl.store.access import DEFAULTS
from callcenter_etl.store.uris import encodable, is_local, is_s3, local_path, real_path, shown


def ledger_in(root: str, *, mode: int | None = None, storage: StorageOptions = DEFAULTS) -> Ledger:
    """Return the ledger of an output root, which is created when the first run is recorded.

    Raises OutputError for an address that is neither local nor s3://.
    """
    if is_s3(root):
        from callcenter_etl.store.s3_prefix import Prefix  # boto3 is imported for s3:// alone

        return ObjectLedger(Prefix(root, storage))
    if not is_local(root):
        raise OutputError(f"{shown(root)}: outputs can be local or s3:// (name a folder or a prefix)")
    return SqliteLedger(Path(local_path(root)), mode=mode)


def existing_ledger_in(root: str, storage: StorageOptions = DEFAULTS) -> Ledger:
    """Return the ledger of an output root. Raises UsageError where there is none."""
    with translate_os_errors(root, SourceError):
        is_missing = is_local(root) and not entry_exists(Path(local_path(root)) / FILE_NAME)
    if is_missing:
        raise UsageError(
            f"{root}: no ledger here ({FILE_NAME}); name the folder that was given to validate --output"
        )
    ledger = ledger_in(root, storage=storage)
    # An object store has no folder that could be missing: a ledger without any run is treated as missing.
    if not is_local(root) and not ledger.ids(""):
        raise UsageError(
            f"{shown(root)}: no ledger here; name the prefix that was given to validate --output"
        )
    return ledger


def output_as_recorded(output: str, root: str) -> str:
    """Return an output in the form of its ledger: relative to the root, so that both may be moved together."""
    if not is_local(output):
        return shown(output).rstrip("/").removeprefix(shown(root).rstrip("/")).lstrip("/") or "."
    path, start = real_path(local_path(output)), real_path(local_path(root))
    # A path that is not UTF-8 is stored as a `file://` address: neither SQLite nor JSON can store it as text.
    if path != start and encodable(path) != path:
        return f"file://{quote_from_bytes(os.fsencode(path))}"
    return os.path.relpath(path, start) if path == start or path.startswith(f"{start.rstrip('/')}/") else path


def output_of(recorded: str, root: str) -> str:
    """Return the address of an output from its form in the ledger of `root`."""
    if recorded == ".":
        return root
    return recorded if os.path.isabs(recorded) or "://" in recorded else f"{root.rstrip('/')}/{recorded}"  # noqa: PTH117  may be an address
