"""Translates OSError to errors of this program that name the path; the only module that does so."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from callcenter_etl.errors import CallcenterEtlError, OutputError

# These errors mean a wrong system call, hence a bug; all others are about a disk, permission, limit or connection.
_WRONG_CALLS = frozenset(
    {
        errno.EBADF,
        errno.EINVAL,
        errno.EFAULT,
        errno.ENOTTY,
        errno.ESPIPE,
        errno.ENOTSOCK,
        errno.EDOM,
        errno.ERANGE,
    }
)
_WITH_A_PATH = frozenset({errno.ENOENT, errno.EEXIST})
# Arrow and deltalake append the system's error number to a text of their own.
_WITHIN = re.compile(r"\[errno (\d+)\]|\(os error (\d+)\)", re.IGNORECASE)


def os_cause(error: OSError) -> str:
    """Return the system's text for an error in lower case, without paths; otherwise the text of the library."""
    text = error.strerror or str(error)
    within = _WITHIN.search(text)
    if within is not None:
        return os.strerror(int(within[1] or within[2])).lower()
    if error.errno is not None and text == os.strerror(error.errno):
        return text.lower()
    return text or type(error).__name__  # a library's own sentence: its paths must keep their letter case


def is_environment(error: BaseException) -> bool:
    """Return whether the environment caused an error, and not a bug of this program.

    Libraries raise OSError without a number for errors of their storage. A missing or existing file counts only if
    the system named its path.
    """
    if not isinstance(error, OSError) or isinstance(error, io.UnsupportedOperation):
        return False
    if error.errno in _WITH_A_PATH:
        return error.filename is not None
    return error.errno not in _WRONG_CALLS


def place_of(error: OSError) -> str | None:
    """Return the path in an error of the system, None if it has none."""
    named = error.filename
    return os.fsdecode(named) if isinstance(named, str | bytes) and named else None


@contextmanager
def translate_os_errors(place: object, kind: type[CallcenterEtlError] = OutputError) -> Iterator[None]:
    """Raise `kind`, with the place and the system's text, for an OSError inside the `with`."""
    try:
        yield
    except OSError as error:
        raise kind(f"{place}: {os_cause(error)}") from error


@contextmanager
def catch_environment_errors(place: object) -> Iterator[None]:
    """Raise OutputError for an OSError of the environment that no inner code has translated.

    The system's path is more exact than `place`, but errors of reading or writing an open file have none.
    """
    try:
        yield
    except OSError as error:
        if not is_environment(error):
            raise
        raise OutputError(f"{place_of(error) or place}: {os_cause(error)}") from error


def entry_exists(path: str | os.PathLike[str]) -> bool:
    """Return whether a folder has an entry of this name, dangling links included.

    Raises OSError if the system cannot answer. `os.path.lexists` returns False then, and an existing file might be
    overwritten.
    """
    try:
        os.lstat(path)
    # A file in place of a folder above means that the entry cannot exist.
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
