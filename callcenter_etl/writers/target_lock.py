"""Lock of a target folder for one run at a time, which the system releases when the owner's process ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from callcenter_etl.documents import DocumentError, parse_object, read_regular_file, to_form
from callcenter_etl.errors import OutputError
from callcenter_etl.os_errors import os_cause, translate_os_errors
from callcenter_etl.writers.permissions import open_private

LOCK_NAME = ".callcenter_etl.lock"
_TRIES_TO_READ = 10
_SECONDS_BETWEEN = 0.02
_TRIES_TO_OPEN = 100

# A forked process inherits the descriptor, and would keep the lock if it outlives the run: it closes its copy.
_held: set[int] = set()


def _close_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)  # the parent's own descriptor keeps the lock
    _held.clear()


os.register_at_fork(after_in_child=_close_in_child)


@dataclass(frozen=True, slots=True)
class LockOwner:
    """The run that holds a lock, its process and host, and its start time in ISO form."""

    run_id: str
    pid: int
    host: str
    started_at: str

    @classmethod
    def here(cls, run_id: str, started_at: str) -> Self:
        """Return the owner for a run in this process."""
        return cls(run_id, os.getpid(), socket.gethostname(), started_at)

    def __str__(self) -> str:
        return f"run {self.run_id} (process {self.pid} on {self.host}, since {self.started_at})"


class TargetLockedError(OutputError):
    """Another run writes into the same target."""


@contextmanager
def target_lock(
    folder: Path, lock_owner: LockOwner, *, mode: int | None = None, name: str = LOCK_NAME
) -> Iterator[None]:
    """Hold the lock of `folder` for one run; the folder is created where it is missing.

    Raises TargetLockedError, without waiting, when another run holds the lock, OutputError when it cannot be locked.
    """
    # The lock file is emptied and never removed: if it were, two runs could each lock a file of this name.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _open_and_lock(folder / name, mode)
    except BlockingIOError:
        raise TargetLockedError(_busy(folder, name)) from None
    except OSError as error:
        raise OutputError(f"{folder}: cannot be locked: {os_cause(error)}") from error
    _held.add(descriptor)
    try:
        _write(folder, descriptor, json.dumps(asdict(lock_owner)).encode())
        yield
    finally:
        _held.discard(descriptor)
        _clear(descriptor)
        # The system closes the descriptor, and releases the lock with it, even where it reports an error.
        with suppress(OSError):
            os.close(descriptor)


def _open_and_lock(path: Path, mode: int | None) -> int:
    """Return the descriptor of the lock file, locked. Raises BlockingIOError where it is locked, other OSError."""
    # Somebody may remove the file between open and flock: then the lock is of a file without a name, which no other
    # run would find. So the locked file is compared with the one that has the name now.
    for _ in range(_TRIES_TO_OPEN):
        descriptor = open_private(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, mode)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            os.close(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        else:
            os.close(descriptor)
    raise OSError(None, "the lock file goes away again and again")


def _write(folder: Path, descriptor: int, text: bytes) -> None:
    with translate_os_errors(folder):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)


def _clear(descriptor: int) -> None:
    try:
        os.ftruncate(descriptor, 0)
    except OSError:
        return  # the owner that stays in the file does no harm: it is read only while the lock is held


def _busy(folder: Path, name: str) -> str:
    lock_owner = _lock_owner_of(folder / name)
    who = "another run (its lock file names no run yet)" if lock_owner is None else str(lock_owner)
    return f"{folder}: {who} is writing there; wait until it has ended, or name another output"


def _lock_owner_of(path: Path) -> LockOwner | None:
    """Return the owner that a lock file names, None where it names none."""
    # The file is empty for the moment between locking and writing, so it is read several times.
    for _ in range(_TRIES_TO_READ):
        try:
            return to_form(LockOwner, parse_object(read_regular_file(path)))
        except (OSError, DocumentError):
            time.sleep(_SECONDS_BETWEEN)
    return None
