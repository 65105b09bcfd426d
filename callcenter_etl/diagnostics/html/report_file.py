"""Write a report to a local file, replaced atomically, or to an object on S3."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.diagnostics.html.page import check_installed
from callcenter_etl.errors import UsageError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.uris import base_name, is_local, is_s3, local_path, shown
from callcenter_etl.writers.permissions import PRIVATE_FILE
from callcenter_etl.writers.whole_file import open_whole

SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """The destination of a report, and the permissions of its file; None: readable by the owner only."""

    uri: str
    storage: StorageOptions
    mode: int | None

    def write(self, page: str) -> None:
        """Write the page, replacing an earlier one. Raises OutputError."""
        if is_s3(self.uri):
            _put(self.uri, page.encode("utf-8", errors="backslashreplace"), self.storage)
        else:
            _replace(Path(local_path(self.uri)), page, self.mode)


def report_file(uri: str, *, storage: StorageOptions, mode: int | None) -> ReportFile:
    """Check an address before anything is run. Raises UsageError if no report can be written there."""
    check_installed()
    if not uri.lower().endswith(SUFFIXES):
        raise UsageError(f"--report: a file that ends in .html is expected, not {uri!r}")
    if not is_local(uri) and not is_s3(uri):
        raise UsageError(f"--report: {shown(uri)}: reports can be local or s3:// (name a file)")
    # Not Path.is_dir, which raises where the folder around it may not be looked at; writing says so later.
    if is_local(uri) and os.path.isdir(local_path(uri)):  # noqa: PTH112  see above
        raise UsageError(f"--report: {uri!r} is a folder (name a file in it)")
    return ReportFile(uri, storage, mode)


def _replace(path: Path, page: str, mode: int | None) -> None:
    with translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The owner alone may read it unless the contract says otherwise: it may show values of records.
        with open_whole(path, mode=PRIVATE_FILE if mode is None else mode) as file:
            file.write(page)


def _put(uri: str, content: bytes, storage: StorageOptions) -> None:
    from callcenter_etl.store.s3_prefix import Prefix  # boto3 is imported for s3:// alone

    name = base_name(uri)
    Prefix(uri.removesuffix(name), storage).put(name, content)
