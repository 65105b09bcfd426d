"""Find the staging folder of a dead run that can be resumed, and remove those that cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from callcenter_etl.errors import CheckpointMismatchError
from callcenter_etl.logs import get_logger
from callcenter_etl.run.checkpoints.checkpoint import Checkpoint, RunFingerprint, output_of, read_checkpoint
from callcenter_etl.temporary import remove_tree
from callcenter_etl.writers.stale_staging import run_id_of, stale_remote_staging, stale_staging_folders
from callcenter_etl.writers.target_lock import LockOwner

_log = get_logger(__name__)
_NAMES = {"program": "version of this program", "contract": "contract", "output": "output"}
_SOURCE = ("source", "source_bytes", "source_version")


@dataclass(frozen=True, slots=True)
class InterruptedRun:
    """The staging folder of a dead run with a checkpoint from which the new run can resume."""

    run_id: str
    folder: Path
    checkpoint: Checkpoint

    def clear(self, cause: str) -> None:
        """Remove the folder, and log the cause."""
        _clear(self.folder, cause)


@contextmanager
def find_interrupted_run(
    output: Path, fingerprint: Callable[[], RunFingerprint | None], *, wanted: bool
) -> Iterator[InterruptedRun | None]:
    """Yield the interrupted run to resume in a local output, None where there is none; remove the folders of all others.

    Call it under the lock of the target. With `wanted` False all folders are removed. `fingerprint` is called only
    where there is a folder; where it returns None, no folder is removed.
    """
    yield _chosen(stale_staging_folders(output), fingerprint, wanted=wanted)


@contextmanager
def find_interrupted_remote_run(
    home: Path,
    output: str,
    fingerprint: Callable[[], RunFingerprint | None],
    lock_owner: LockOwner,
    *,
    wanted: bool,
) -> Iterator[InterruptedRun | None]:
    """Yield the interrupted run to resume as `find_interrupted_run` does, for an output in an object store.

    `home` is the folder in which its files are staged. The folder of the run is locked until the end of the `with`.
    Folders of runs into other outputs are kept for the next run there, unless they have no checkpoint.
    """
    with stale_remote_staging(home, lock_owner, concerned=partial(_is_for, output_of(output))) as folders:
        yield _chosen(folders, fingerprint, wanted=wanted)


def _chosen(
    folders: Sequence[Path], fingerprint: Callable[[], RunFingerprint | None], *, wanted: bool
) -> InterruptedRun | None:
    sought = fingerprint() if folders else None
    if sought is None:
        return None
    fitting: list[InterruptedRun] = []
    for folder in folders:
        try:
            checkpoint = read_checkpoint(folder)
        except CheckpointMismatchError as error:
            _clear(folder, str(error))
            continue
        other = _differences(checkpoint.fingerprint, sought)
        if other or not wanted:
            _clear(folder, f"it has another {other[0]}" if other else "the run is not to resume")
        else:
            fitting.append(InterruptedRun(run_id_of(folder), folder, checkpoint))
    # Several runs of the same source may have died: the one that got furthest saves the most work.
    fitting.sort(key=lambda each: each.checkpoint.position.offset)
    for each in fitting[:-1]:
        _clear(each.folder, "another run got further")
    return fitting[-1] if fitting else None


def _is_for(output: str, folder: Path) -> bool:
    """Return whether a folder is of a run into this output, or has no checkpoint that any run could use."""
    try:
        return read_checkpoint(folder).fingerprint.get("output") == output
    except CheckpointMismatchError:
        return True


def _differences(found: RunFingerprint, fingerprint: RunFingerprint) -> list[str]:
    """Return the names of the parts in which two fingerprints differ, for messages."""
    differing = [name for name in fingerprint if found.get(name) != fingerprint[name]]
    return list(dict.fromkeys("source" if name in _SOURCE else _NAMES.get(name, name) for name in differing))


def _clear(folder: Path, cause: str) -> None:
    remove_tree(folder)
    _log.warning("stale_staging_removed", run_id=run_id_of(folder), cause=cause)
