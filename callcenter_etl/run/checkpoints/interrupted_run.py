"""Finds the staging folder of a dead run that can be resumed, and clears those that are of no use."""

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
    """A dead run's staging folder, whose checkpoint fits what is to be run."""

    run_id: str
    folder: Path
    checkpoint: Checkpoint

    def clear(self, cause: str) -> None:
        """Remove the folder, which is of no use after all."""
        _clear(self.folder, cause)


@contextmanager
def find_interrupted_run(
    output: Path, fingerprint: Callable[[], RunFingerprint | None], *, wanted: bool
) -> Iterator[InterruptedRun | None]:
    """Yield the unfinished run in a local output, None where there is none to go on with; clear all others.

    To be used under the target's lock. Where none is `wanted`, all are cleared; where the basis of what is to be
    run cannot be reported, none. It is asked for only where there is something to compare.
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
    """As `unfinished_in`, among the runs into object stores that were staged in `home`.

    The run that is given is held until the end of the `with`. Those into other outputs are left to their own
    next run, unless they have no checkpoint that could be of use to it.
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
            _clear(folder, f"it has another {other[0]}" if other else "it is not to be gone on with")
        else:
            fitting.append(InterruptedRun(run_id_of(folder), folder, checkpoint))
    fitting.sort(key=lambda each: each.checkpoint.position.offset)
    for each in fitting[:-1]:
        _clear(each.folder, "another run got further")
    return fitting[-1] if fitting else None


def _is_for(output: str, folder: Path) -> bool:
    """Return whether a folder is of a run into this output, or of no use to any."""
    try:
        return read_checkpoint(folder).fingerprint.get("output") == output
    except CheckpointMismatchError:
        return True


def _differences(found: RunFingerprint, fingerprint: RunFingerprint) -> list[str]:
    """Name what is not the same, for people."""
    differing = [name for name in fingerprint if found.get(name) != fingerprint[name]]
    return list(dict.fromkeys("source" if name in _SOURCE else _NAMES.get(name, name) for name in differing))


def _clear(folder: Path, cause: str) -> None:
    remove_tree(folder)
    _log.warning("leftovers_removed", run_id=run_id_of(folder), cause=cause)
