"""Recognises errors caused by lack of memory, which libraries raise in many forms."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from callcenter_etl.errors import CallcenterEtlError

_WORDS = re.compile(
    r"failed to map segment|cannot allocate memory|can't start new thread|failed to launch worker thread"
    # Arrow's message when it cannot make a scalar of a number; only lack of memory causes that.
    r"|unexpected argument type <class 'int'> for compute function",
    re.IGNORECASE,
)


class OutOfMemoryError(CallcenterEtlError):
    """The error of a run that needs more memory than the process may use."""

    def __init__(self) -> None:
        super().__init__(
            "the memory does not suffice (fewer --workers or a smaller --chunk-rows take less; or allow this process more)"
        )


def is_memory_error(error: BaseException) -> bool:
    """Return whether an error, or one of its causes, means lack of memory."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, MemoryError) or (isinstance(link, OSError) and link.errno == errno.ENOMEM):
            return True
        # A message of this program may quote a path with these words.
        if not isinstance(link, CallcenterEtlError) and _WORDS.search(str(link)):
            return True
        link = link.__cause__ or link.__context__
    return False


@contextmanager
def translate_memory_errors() -> Iterator[None]:
    """Raise OutOfMemoryError for any error inside the `with` that means lack of memory."""
    try:
        yield
    # Errors for users stay as they are; OutOfMemoryError is among them.
    except CallcenterEtlError:
        raise
    except Exception as error:
        if not is_memory_error(error):
            raise
        lack = OutOfMemoryError()
        for note in getattr(error, "__notes__", ()):
            lack.add_note(note)
        raise lack from error
