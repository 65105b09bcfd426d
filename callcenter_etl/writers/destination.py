"""Choose the staging folder of a run's files, and how they are published: renamed, uploaded, or both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.signal_guard import interrupts
from callcenter_etl.store.uris import is_local, is_s3, local_path, shown
from callcenter_etl.temporary import system_folder
from callcenter_etl.writers.file_names import FILE_NAMES, SUMMARY
from callcenter_etl.writers.part_folder import PartMetadata
from callcenter_etl.writers.staging import Staging, new_folder, staging, staging_folder, take_over
from callcenter_etl.writers.stale_staging import REMOTE_STAGING_PREFIX, new_remote_staging_folder
from callcenter_etl.writers.target_forms import (
    TARGET_FILES,
    TARGET_FOLDER,
    refuse_folders,
    refuse_link,
    restore,
)
from callcenter_etl.writers.target_lock import LockOwner

if TYPE_CHECKING:  # boto3 is imported for s3:// alone
    from callcenter_etl.writers.s3_output import RemoteOutput
    from callcenter_etl.writers.s3_parts import PartsPrefix

SPARE_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Destination:
    """Output of a run: a folder or an s3:// prefix, and an s3:// prefix for copies.

    `folder` is the staging folder of files for s3://, None for the system's folder of temporary files.
    `mode` are the permissions of written files, None for read and write access of the owner alone.
    """

    output: str
    publish_to: str | None = None
    folder: str | None = None
    storage: StorageOptions = field(default_factory=StorageOptions)
    mode: int | None = None


class _Uploaded(Staging):
    """Staged files that are published by an upload to S3."""

    def __init__(self, directory: Path, remote: RemoteOutput, mode: int | None) -> None:
        super().__init__(directory, directory, mode)
        self._remote = remote

    def replace(self, names: tuple[str, ...]) -> None:
        # Uploading the parts may take long and shows nothing to readers, so a signal may end the run until then.
        self._remote.prepare(self, names, commit_target=self.commit_target)
        with interrupts.publishing(self.final_uri(SUMMARY)):
            self._remote.commit()

    @property
    def parts_prefix(self) -> PartsPrefix | None:
        return self._remote.parts.prefix

    def adopt_parts(self, parts: Sequence[PartMetadata]) -> None:
        self.folders = self._remote.parts.adopt(parts)

    def final_uri(self, name: str) -> str:
        return self._remote.uri_of(self.name_of(name))


class _Copied(Staging):
    """Staged files that are published in a local folder, with copies uploaded to S3."""

    def __init__(self, output: Path, directory: Path, remote: RemoteOutput, mode: int | None) -> None:
        super().__init__(output, directory, mode)
        self._remote = remote

    def replace(self, names: tuple[str, ...]) -> None:
        # The copies are uploaded before the local files are published, and completed after: the longest step, and the
        # one most likely to fail, comes while nothing is visible. The local publishing commits the target.
        self._remote.prepare(self, names, commit_target=_nothing)
        super().replace(names)
        try:
            self._remote.commit()
        except OutputError as error:
            raise OutputError(f"the files are published in {self.output}, but not copied: {error}") from error


def _nothing() -> None:
    return


@contextmanager
def staged_for(
    destination: Destination, lock_owner: LockOwner, *, room: int | None, dead: Path | None = None
) -> Iterator[Staging]:
    """Yield the staging of a run. `room` is a lower bound of the bytes of its files, None if unknown.

    `dead` is the staging folder of a dead run to resume, of which the caller holds the lock. Raises OutputError where
    the destination cannot be written, or the staging folder has no room.
    """
    for uri in (destination.output, destination.publish_to):
        if uri is not None and not is_local(uri) and not is_s3(uri):
            raise OutputError(f"{shown(uri)}: outputs can be local or s3:// (name a folder or a prefix)")
    if is_local(destination.output):
        _prepare_folder(Path(local_path(destination.output)))
    with _closing_remote(destination, lock_owner.run_id) as remote:
        staged = _staging(destination, lock_owner.run_id, remote)
        with (
            _folder(staged.directory, lock_owner, remote=is_s3(destination.output), dead=dead),
            staging(staged),
        ):
            if is_s3(destination.output):
                _check_room(staged.directory, room)
            yield staged


def _prepare_folder(output: Path) -> None:
    """Complete an interrupted replacement. Raises OutputError where something has a name that a run cannot replace."""
    with translate_os_errors(output):
        refuse_folders(output, (*FILE_NAMES.values(), *TARGET_FILES))
        refuse_link(output / TARGET_FOLDER)
        restore(output)


def _folder(
    folder: Path, lock_owner: LockOwner, *, remote: bool, dead: Path | None
) -> AbstractContextManager[None]:
    """Create the staging folder. For a `remote` output it has a lock of its own, else the lock of the target covers it."""
    if dead is not None:
        take_over(dead, folder)
    elif remote:
        return new_remote_staging_folder(folder, lock_owner)
    else:
        new_folder(folder)
    return nullcontext()


def _staging(destination: Destination, run_id: str, remote: RemoteOutput | None) -> Staging:
    if remote is not None and is_s3(destination.output):
        return _Uploaded(
            remote_staging_folder(destination.folder) / f"{REMOTE_STAGING_PREFIX}{run_id}",
            remote,
            destination.mode,
        )
    output = Path(local_path(destination.output))
    if remote is None:
        return Staging(output, staging_folder(output, run_id), destination.mode)
    return _Copied(output, staging_folder(output, run_id), remote, destination.mode)


def remote_staging_folder(declared: str | None) -> Path:
    """Return the folder in which files for s3:// are staged. Raises OutputError where the system has none."""
    return Path(declared) if declared else system_folder("name one with --staging")


@contextmanager
def _closing_remote(destination: Destination, run_id: str) -> Iterator[RemoteOutput | None]:
    uri = destination.output if is_s3(destination.output) else destination.publish_to
    if uri is None:
        yield None
        return
    if not is_s3(uri):
        raise OutputError(f"{shown(uri)}: copies can be published to s3:// only (name a bucket and a prefix)")
    from callcenter_etl.writers.s3_output import RemoteOutput

    with closing(RemoteOutput(uri, run_id, destination.storage)) as remote:
        yield remote


def _check_room(folder: Path, wanted: int | None) -> None:
    # Only for S3: a local output is staged on its own file system, which shows a lack of room by itself. The files of a
    # resumed run are there already, so they count as free.
    with translate_os_errors(folder):
        free = shutil.disk_usage(folder).free + sum(file.stat().st_size for file in folder.iterdir())
    if wanted is not None and free < wanted + SPARE_BYTES:
        raise OutputError(
            f"{folder.parent}: {free:,} bytes are free, {wanted + SPARE_BYTES:,} are needed for staging"
            " (name another folder with --staging)"
        )
