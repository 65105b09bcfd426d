"""Write a file that a user named, atomically: it has its new content or its earlier one."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from callcenter_etl.writers.target_forms import sync_folder

_AS_THE_UMASK_SAYS = 0o666
_DEVICES = ("dev", "proc")


@contextmanager
def open_whole(path: Path, *, mode: int | None = None) -> Iterator[TextIO]:
    """Open a text file for writing that replaces an earlier one at the end of the `with`, durably.

    Without a `mode` the permissions of an earlier file are kept. A path that is not a regular file, such as
    `/dev/stdout`, is written directly. Raises OSError.
    """
    earlier = _state_of(path)
    # `/dev/stdout` may be a redirected regular file: a rename would replace its name, and the shell keeps the old file.
    is_device = path.is_absolute() and path.parts[1] in _DEVICES
    if is_device or (earlier is not None and not stat.S_ISREG(earlier.st_mode)):
        with _text(os.open(path, os.O_WRONLY | os.O_TRUNC)) as stream:
            yield stream
        return
    final = Path(os.path.realpath(path))  # a link stays a link
    staged = final.with_name(f".{final.name}-{uuid.uuid4().hex[:8]}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(staged, flags, _AS_THE_UMASK_SAYS if mode is None else mode)
    try:
        with _text(descriptor) as stream:
            wanted = stat.S_IMODE(earlier.st_mode) if mode is None and earlier is not None else mode
            if wanted is not None:
                os.fchmod(descriptor, wanted)
            yield stream
            stream.flush()
            os.fsync(descriptor)
        staged.replace(final)
        sync_folder(final.parent)
    except BaseException:
        with suppress(OSError):  # the error that is being raised is the one to report
            staged.unlink(missing_ok=True)
        raise


def _state_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _text(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n")
