"""Stages and publishes the files of a reprocess run in a new folder, all or nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from callcenter_etl.documents import open_regular_file, parse_object, read_regular_file
from callcenter_etl.errors import SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store import access
from callcenter_etl.store.store_errors import cause_of
from callcenter_etl.temporary import remove_tree
from callcenter_etl.tools.reprocess.reprocess_result import KIND, Reprocessed
from callcenter_etl.writers.file_names import FILE_NAMES, SUMMARY, TARGET
from callcenter_etl.writers.permissions import PRIVATE_FOLDER
from callcenter_etl.writers.staged_file import StagedFile
from callcenter_etl.writers.staging import STAGING_PREFIX
from callcenter_etl.writers.target_forms import sync_folder

RECOVERED = "recovered"
NAMES = {**FILE_NAMES, RECOVERED: "recovered.csv"}
RECOVERED_HEADER = ("source_sha256", "key")
_INNER = "files"


class StagedFolder:
    """Files that will be published as the new folder `path`."""

    def __init__(self, directory: Path, path: Path, mode: int | None) -> None:
        self._directory = directory
        self._path = path
        self._mode = mode
        self.scratch = directory
        self.files: dict[str, StagedFile] = {}

    def create(self, name: str) -> StagedFile:
        """Create one of the files."""
        folder = self._directory / _INNER
        with translate_os_errors(folder):
            folder.mkdir(exist_ok=True)
            self.files[name] = StagedFile.new(folder / NAMES[name], self._mode)
        return self.files[name]

    def final_uri(self, name: str) -> str:
        """Return the path of a file after publication."""
        return str(self._path / NAMES[name])

    def publish(self, summary: bytes) -> None:
        """Sync the files and rename their folder, as one atomic step."""
        # The summary is in the folder before the rename, so a published folder is always complete.
        self.create(SUMMARY).write(summary)
        for file in self.files.values():
            file.close()
        folder = self._directory / _INNER
        with translate_os_errors(self._path):
            sync_folder(folder)
            # Only the inner folder is renamed, because the key registries spill into its parent.
            folder.rename(self._path)
            # The rename itself is durable only after its parent folder is synced.
            sync_folder(self._path.parent)


@contextmanager
def staged_folder(parent: Path, run_id: str, mode: int | None) -> Iterator[StagedFolder]:
    """Yield the staging folder of a reprocess run that will be published as `parent/run_id`.

    Raises OutputError if `parent` cannot be written.
    """
    directory = parent / f"{STAGING_PREFIX}{run_id}"
    with translate_os_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        # For the owner alone, whatever mode the contract declares: nothing in it is published yet.
        directory.mkdir(mode=PRIVATE_FOLDER)
    staged = StagedFolder(directory, parent / run_id, mode)
    try:
        yield staged
    finally:
        for file in staged.files.values():
            file.discard()
        # After publishing too, because only the inner folder was renamed.
        remove_tree(directory)


@dataclass(frozen=True, slots=True)
class Before:
    """Records of a source that earlier reprocess runs recovered: their keys and targets.

    `done` maps the hashes of corrected file and contract to the id of the latest reprocess run with them.
    """

    keys: frozenset[str]
    targets: tuple[Path, ...]
    done: Mapping[tuple[str, str], str]


def recovered_before(parent: Path, sha256: str) -> Before:
    """Return the records of a source that were recovered into `parent`.

    Raises SourceError if one of the folders cannot be read, since records could then be recovered twice.
    """
    keys: set[str] = set()
    targets: list[Path] = []
    done: dict[tuple[str, str], str] = {}
    # Run ids sort by time, so the latest run comes last and is the one in `done`.
    for summary in sorted(parent.glob(f"*/{NAMES[SUMMARY]}")):
        folder = summary.parent
        try:
            values = parse_object(read_regular_file(summary))
            if values.get("kind") != KIND:
                continue
            earlier = Reprocessed.from_dict(values)
            # The hash identifies the source: the same file may have been read under another address.
            if earlier.source.sha256 != sha256:
                continue
            done[earlier.file.sha256, earlier.contract.sha256] = earlier.run_id
            keys |= _keys_in(folder / NAMES[RECOVERED], sha256)
            access.check_regular(str(folder / NAMES[TARGET]))
        except (OSError, ValueError, csv.Error, SourceError) as error:
            raise SourceError(
                f"{folder}: what was recovered before cannot be read: {cause_of(error)}"
                " (move the folder away if it is not wanted)"
            ) from error
        targets.append(folder / NAMES[TARGET])
    return Before(frozenset(keys), tuple(targets), done)


def _keys_in(path: Path, sha256: str) -> set[str]:
    with TextIOWrapper(open_regular_file(path), encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        return {key for source, key in rows if source == sha256}
