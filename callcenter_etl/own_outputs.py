"""Finds the files of earlier runs among the matches of a pattern."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable
from functools import cache, partial

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError
from callcenter_etl.run.ledger.sqlite_ledger import FILE_NAME as LEDGER_NAME
from callcenter_etl.store import access
from callcenter_etl.store.uris import within
from callcenter_etl.writers.file_names import (
    FILE_NAMES,
    IN_PARTS,
    SUMMARY,
    is_data_name,
    is_of_parts,
)
from callcenter_etl.writers.staging import STAGING_PREFIX
from callcenter_etl.writers.target_forms import MANIFEST, TARGET_PARQUET
from callcenter_etl.writers.target_lock import LOCK_NAME

_SUMMARY_NAME = FILE_NAMES[SUMMARY]
_MAX_SUMMARY_BYTES = 2**24
# All file names in outputs of this program; "recovered.csv" is written by `reprocess`.
_NAMES = {*FILE_NAMES.values(), TARGET_PARQUET, LEDGER_NAME, "recovered.csv"}
# One of these is enough to recognise an output folder: no other program writes files of these names.
_MARKS = {LEDGER_NAME, LOCK_NAME}
_RUN_ID = "[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"
_STAGED = re.compile(rf"(.*/)?{re.escape(STAGING_PREFIX)}{_RUN_ID}/.*")
_RECORD_NAME = re.compile(rf"{_RUN_ID}\.json")  # of a run in a ledger of objects


def own_output_folder(uri: str, is_output: Callable[[str], bool]) -> str | None:
    """Return the output folder of a file that an earlier run wrote, None for any other file.

    Both the file's name and `is_output` of its folder must match: people also keep sources next to outputs.
    """
    folder, _, name = uri.rpartition("/")
    folder = folder or ("/" if uri.startswith("/") else ".")
    if _STAGED.fullmatch(uri) is not None:
        return folder
    home, parent = posixpath.split(folder)
    if parent in IN_PARTS and (is_of_parts(name) or is_data_name(name) or name == MANIFEST):
        return folder if is_output(home or ".") else None
    if parent == "runs" and _RECORD_NAME.fullmatch(name) is not None:
        return folder
    return folder if name in _NAMES and is_output(folder) else None


def without_own_outputs(
    uris: Iterable[str], storage: StorageOptions, on_skipped: Callable[[str, int], None]
) -> list[str]:
    """Return the files that no earlier run wrote; `on_skipped` gets the folder and number of all others."""
    # A pattern may match thousands of files of one folder, which is listed once.
    is_output = cache(partial(_is_output, storage=storage))
    kept: list[str] = []
    skipped: dict[str, int] = {}
    for uri in uris:
        folder = own_output_folder(uri, is_output)
        if folder is None:
            kept.append(uri)
        else:
            skipped[folder] = skipped.get(folder, 0) + 1
    for folder, files in skipped.items():
        on_skipped(folder, files)
    return kept


def _is_output(folder: str, *, storage: StorageOptions) -> bool:
    """Return whether a run was published in a folder; False if the folder cannot be read."""
    try:
        names = access.sizes_in(folder, storage)
        if not _MARKS.isdisjoint(names):
            return True
        return _SUMMARY_NAME in names and _is_summary(within(folder, _SUMMARY_NAME), storage)
    except SourceError:
        return False


def _is_summary(uri: str, storage: StorageOptions) -> bool:
    try:
        found = json.loads(access.read_bytes(uri, storage, most=_MAX_SUMMARY_BYTES))
    except ValueError:
        return False
    return isinstance(found, dict) and {"run_id", "contract"} <= found.keys()
