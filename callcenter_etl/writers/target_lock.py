"""One run a target: a lock that the system takes back when its holder dies."""

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

# A forked worker that outlives its run must not go on holding the run's lock.
_held: set[int] = set()


def _let_go_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)  # the parent's own descriptor keeps the lock
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)


@dataclass(frozen=True, slots=True)
class LockOwner:
    """Which run holds a target, in which process, since when."""

    run_id: str
    pid: int
    host: str
    started_at: str

    @classmethod
    def here(cls, run_id: str, started_at: str) -> Self:
        """Return a run in this process."""
        return cls(run_id, os.getpid(), socket.gethostname(), started_at)

    def __str__(self) -> str:
        return f"run {self.run_id} (process {self.pid} on {self.host}, since {self.started_at})"


class TargetLockedError(OutputError):
    """Another run writes into the same target."""


@contextmanager
def target_lock(
    folder: Path, lock_owner: LockOwner, *, mode: int | None = None, name: str = LOCK_NAME
) -> Iterator[None]:
    """Hold `folder`, which is made where it is missing, for one run.

    The lock file stays behind, empty: a file that is never removed cannot be locked twice under one name.
    Raises TargetLockedError at once when another run holds the folder, OutputError when it cannot be locked.
    """
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
        with suppress(
            OSError
        ):  # the lock goes with the descriptor, which the system closes whatever it answers
            os.close(descriptor)


def _open_and_lock(path: Path, mode: int | None) -> int:
    """Return a locked descriptor of the file that has this name now, not of one removed in between."""
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
        return  # a name left behind misleads nobody: it is read only where the lock is held


def _busy(folder: Path, name: str) -> str:
    lock_owner = _lock_owner_of(folder / name)
    who = "another run, which has not said its name," if lock_owner is None else str(lock_owner)
    return f"{folder}: {who} is writing there; wait until it has ended, or name another output"


def _lock_owner_of(path: Path) -> LockOwner | None:
    """Return what a lock file says; it is empty for the moment between locking and writing."""
    for _ in range(_TRIES_TO_READ):
        try:
            return to_form(LockOwner, parse_object(read_regular_file(path)))
        except (OSError, DocumentError):
            time.sleep(_SECONDS_BETWEEN)
    return None
