"""Turns errors of the operating system into errors of this program that name the place; the one way to do so."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from callcenter_etl.errors import CallcenterEtlError, OutputError

# What only a wrong call is answered; every other number is of a disk, a permission, a limit or a connection.
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
# Arrow and others put the system's words at the end of a text of their own.
_WITHIN = re.compile(r"\[errno (\d+)\]|\(os error (\d+)\)", re.IGNORECASE)


def os_cause(error: OSError) -> str:
    """Return the system's words for an error, in lower case, without paths; a library's own text where it has none."""
    text = error.strerror or str(error)
    within = _WITHIN.search(text)
    if within is not None:
        return os.strerror(int(within[1] or within[2])).lower()
    if error.errno is not None and text == os.strerror(error.errno):
        return text.lower()
    return text or type(error).__name__  # a library's own sentence, whose paths keep their letters


def is_environment(error: BaseException) -> bool:
    """Check whether an error came from the machine and not from this program.

    Libraries raise OSError without a number for what their storage answers. A file that is missing, or there already,
    counts only where the system named it.
    """
    if not isinstance(error, OSError) or isinstance(error, io.UnsupportedOperation):
        return False
    if error.errno in _WITH_A_PATH:
        return error.filename is not None
    return error.errno not in _WRONG_CALLS


def place_of(error: OSError) -> str | None:
    """Return the path that the system named with an error, None where it named none."""
    named = error.filename
    return os.fsdecode(named) if isinstance(named, str | bytes) and named else None


@contextmanager
def translate_os_errors(place: object, kind: type[CallcenterEtlError] = OutputError) -> Iterator[None]:
    """Raise `kind`, with the place and the system's words, for an OSError within this `with`."""
    try:
        yield
    except OSError as error:
        raise kind(f"{place}: {os_cause(error)}") from error


@contextmanager
def catch_environment_errors(place: object) -> Iterator[None]:
    """Raise OutputError for an OSError of the machine that nothing nearer has translated.

    This is a net: the path that the system named is more exact than `place`, but reading or writing an open file has none.
    """
    try:
        yield
    except OSError as error:
        if not is_environment(error):
            raise
        raise OutputError(f"{place_of(error) or place}: {os_cause(error)}") from error


def entry_exists(path: str | os.PathLike[str]) -> bool:
    """Return whether a folder has an entry of this name, links that lead nowhere included.

    Raises OSError where the system cannot tell: `os.path.lexists` says no then, and what is there would be missed.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
