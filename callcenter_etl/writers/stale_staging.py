"""Find the staging folders of dead runs, in an output and in the staging folder of files for s3://."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from callcenter_etl.errors import OutputError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.temporary import remove_tree
from callcenter_etl.writers.staging import STAGING_PREFIX, new_folder
from callcenter_etl.writers.target_lock import LockOwner, target_lock

REMOTE_STAGING_PREFIX = "callcenter_etl-"
OWNER_NAME = ".run.lock"
_MAKING = ".new"  # suffix of a folder's name until it is locked
_SECONDS_TO_MAKE = 3600
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
_ATTEMPT = re.compile(r"part-[0-9a-f]{16}")


def stale_staging_folders(output: Path) -> tuple[Path, ...]:
    """Return the staging folders in `output`, oldest run first. Call it under the lock of the target. Raises OutputError."""
    # Under the lock no other run is alive in this output, so each of them is of a dead run.
    with translate_os_errors(output):
        found = sorted(each.name for each in output.iterdir() if each.name.startswith(STAGING_PREFIX))
        folders = (output / name for name in found)
        # A link or a file of such a name was not created by this program.
        return tuple(folder for folder in folders if folder.is_dir() and not folder.is_symlink())


@contextmanager
def stale_remote_staging(
    home: Path, lock_owner: LockOwner, *, concerned: Callable[[Path], bool]
) -> Iterator[tuple[Path, ...]]:
    """Yield the staging folders of dead runs in `home`, oldest first, each locked until the end of the `with`.

    Only those for which `concerned` returns True are locked. Raises OutputError.
    """
    # Other users may write into the system's folder of temporary files: only folders of this user are trusted. A
    # living run holds the lock of its folder, so a folder that can be locked is of a dead run.
    with ExitStack() as held:
        found = (folder for folder in _named(home, REMOTE_STAGING_PREFIX) if _is_ours(folder, _RUN_ID))
        yield tuple(folder for folder in found if concerned(folder) and _held(folder, lock_owner, held))


def new_attempt_name() -> str:
    """Return a new unique name for the folder of an attempt at a part."""
    return f"{REMOTE_STAGING_PREFIX}part-{os.urandom(8).hex()}"


def remove_stale_attempts(home: Path, lock_owner: LockOwner) -> None:
    """Remove the folders in `home` of attempts that were killed; those of living attempts are locked."""
    for folder in _named(home, f"{REMOTE_STAGING_PREFIX}part-"):
        with ExitStack() as held:
            if _is_ours(folder, _ATTEMPT) and _held(folder, lock_owner, held):
                remove_tree(folder)


@contextmanager
def new_remote_staging_folder(folder: Path, lock_owner: LockOwner) -> Iterator[None]:
    """Create a staging folder that is locked from the moment at which it has its name. Raises OutputError."""
    # Locked under another name and renamed then: else another run could find it without a lock, and remove it.
    making = folder.with_name(f"{folder.name}{_MAKING}")
    new_folder(making)
    try:
        with target_lock(making, lock_owner, name=OWNER_NAME):
            with translate_os_errors(folder):
                making.rename(folder)
            yield
    finally:
        remove_tree(making)  # exists only where it could not be locked or renamed


def run_id_of(folder: Path) -> str:
    """Return the run id in the name of a staging folder."""
    return folder.name.removeprefix(STAGING_PREFIX).removeprefix(REMOTE_STAGING_PREFIX)


def _named(home: Path, prefix: str) -> list[Path]:
    """Return the entries of `home` with this name prefix, sorted; empty where `home` does not exist."""
    # Not with `Path.glob`, which returns nothing for a folder that it may not read, instead of an error.
    with translate_os_errors(home):
        try:
            return sorted(each for each in home.iterdir() if each.name.startswith(prefix))
        except FileNotFoundError:
            return []


def _held(folder: Path, lock_owner: LockOwner, held: ExitStack) -> bool:
    try:
        held.enter_context(target_lock(folder, lock_owner, name=OWNER_NAME))
    except OutputError:
        return False  # its run is alive, or another run has resumed or removed it
    return True


def _is_ours(folder: Path, named: re.Pattern[str]) -> bool:
    with translate_os_errors(folder):
        try:
            found = folder.lstat()
        except FileNotFoundError:  # removed since it was listed
            return False
    # A folder with the suffix is being created and not locked yet, unless it is old: then its run died at that point.
    is_made = not folder.name.endswith(_MAKING) or found.st_mtime < time.time() - _SECONDS_TO_MAKE
    return (
        named.fullmatch(run_id_of(folder).removesuffix(_MAKING)) is not None
        and stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and is_made
    )
