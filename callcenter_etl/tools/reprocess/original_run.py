"""Finds the source of rejected records, and the published files of that run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.documents import DocumentError
from callcenter_etl.errors import SourceError, UsageError
from callcenter_etl.logs import get_logger
from callcenter_etl.run.ledger.equivalent_run import summary_object
from callcenter_etl.run.summary import OutputFile, Summary
from callcenter_etl.store import access
from callcenter_etl.store.uris import base_name, is_local, local_path, shown, within
from callcenter_etl.tools.reprocess.reprocess_result import KIND, Reprocessed
from callcenter_etl.writers.file_names import EXCEPTIONS, FILE_NAMES, SUMMARY, TARGET, is_part_name
from callcenter_etl.writers.part_folder import file_uris, is_published

_log = get_logger(__name__)
FOLDER = "reprocessed"


@dataclass(frozen=True, slots=True)
class OriginalRun:
    """The origin of rejected records: the hash of the source, and the folder of the run if it is known.

    `home` is the default folder for reprocess runs. `exceptions_sha256` is the hash of the exceptions as written by
    the run. `target_format` is None for CSV. `parts` are the numbers of part files, if target and exceptions are
    folders of them.
    """

    sha256: str
    uri: str | None = None
    folder: str | None = None
    home: str | None = None
    exceptions_sha256: str | None = None
    has_target: bool = False
    target_format: str | None = None
    parts: Mapping[str, int] = field(default_factory=dict)

    def files(self, name: str, storage: StorageOptions) -> list[str]:
        """Return the address of a file of the run, or those of its parts in source order. Raises SourceError."""
        if self.folder is None:
            return []
        return file_uris(self.folder, name, parts=self.parts.get(name), storage=storage)


def find_origin(
    file: str, storage: StorageOptions, *, run_output: str | None, sha256: str | None
) -> OriginalRun:
    """Find the run that wrote the rejects of a file: in `run_output`, else beside the file, else only the hash.

    Raises UsageError if no run is found and no hash is given, or if the hash differs.
    """
    folder = run_output if run_output is not None else _folder_of(file)
    summary_values = summary_object(folder, storage)
    origin = None if summary_values is None else _from_summary(summary_values, folder, storage)
    if origin is None and run_output is not None:
        raise UsageError(f"{shown(run_output)}: no run is published here (name the output folder of the run)")
    if origin is None and sha256 is None:
        raise UsageError(
            f"{shown(file)}: which source do these records come from? There is no summary.json beside it"
            " (name the run's output folder with --run-output, or the source's hash with --source-sha256)"
        )
    if origin is None:
        return OriginalRun(str(sha256).lower())
    if sha256 is not None and sha256.lower() != origin.sha256:
        raise UsageError(
            f"{shown(folder)}: its run read a source of hash {origin.sha256}, not {sha256.lower()}"
        )
    return origin


def _folder_of(file: str) -> str:
    folder = _parent_of(file)
    return _parent_of(folder) if is_part_name(base_name(file)) else folder


def _parent_of(path: str) -> str:
    if not is_local(path):
        return path.rpartition("/")[0]
    # Not `Path.parent`: the parent of "." would be "." again.
    return os.path.normpath(os.path.join(local_path(path), ".."))  # noqa: PTH118  of text, as all addresses


def _from_summary(summary_values: dict[str, Any], folder: str, storage: StorageOptions) -> OriginalRun | None:
    try:
        if summary_values.get("kind") == KIND:
            return _from_reprocess(summary_values, folder, storage)
        summary = Summary.from_dict(summary_values)
    except DocumentError as error:
        _log.warning(
            "summary_not_trusted", summary=shown(within(folder, FILE_NAMES[SUMMARY])), cause=str(error)
        )
        return None
    exceptions = summary.outputs.get(EXCEPTIONS)
    target = summary.outputs.get(TARGET)
    return OriginalRun(
        sha256=summary.source.sha256,
        uri=summary.source.uri,
        folder=folder,
        home=within(folder, FOLDER),
        exceptions_sha256=None if exceptions is None else exceptions.sha256,
        has_target=target is not None and _has_target(folder, target, storage),
        target_format=None if target is None else target.format,
        parts={name: file.parts for name, file in summary.outputs.items() if file.parts is not None},
    )


def _has_target(folder: str, target: OutputFile, storage: StorageOptions) -> bool:
    """Return whether the run's target exists as CSV with its original size."""
    if target.format is not None:
        return False
    try:
        if target.parts is not None:
            return is_published(folder, TARGET, parts=target.parts, size=target.bytes, storage=storage)
        # Keys and line end are read from it, so a file of another size is not used.
        return access.identify(within(folder, FILE_NAMES[TARGET]), storage).size == target.bytes
    except SourceError:
        return False


def _from_reprocess(summary_values: dict[str, Any], folder: str, storage: StorageOptions) -> OriginalRun:
    """Return the original run of exceptions that a reprocess run wrote."""
    home = os.path.normpath(os.path.join(local_path(folder), ".."))  # noqa: PTH118  of text, as all addresses
    earlier = Reprocessed.from_dict(summary_values)
    bare = OriginalRun(sha256=earlier.source.sha256, uri=earlier.source.uri, home=home)
    if earlier.run_output is None:
        return bare
    first = os.path.normpath(os.path.join(local_path(folder), earlier.run_output))  # noqa: PTH118  same
    summary = summary_object(first, storage)
    found = None if summary is None else _from_summary(summary, first, storage)
    if found is None or found.sha256 != bare.sha256:  # another source was run into that folder since
        return bare
    return replace(found, home=home)
