"""Stores standard input in a temporary file, since a sample is read several times."""

from __future__ import annotations

import errno
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from callcenter_etl.errors import CallcenterEtlError, SourceError, UsageError
from callcenter_etl.store.uris import STANDARD_INPUT, base_name
from callcenter_etl.temporary import temporary_folder

NAME = "sample"  # without digits and suffix, so that no file name pattern is inferred from it
_PREFIX = "callcenter_etl-standard_input-"
_STORED = re.compile(rf"\S*{_PREFIX}\w+/{NAME}")


@contextmanager
def stored_samples(samples: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the samples with a temporary file in place of `-`; errors inside the `with` name standard input.

    Raises UsageError if `-` is given twice, SourceError if standard input cannot be read, OutputError if there is no room
    for it.
    """
    if STANDARD_INPUT not in samples:
        yield tuple(samples)
        return
    if list(samples).count(STANDARD_INPUT) > 1:
        raise UsageError("standard input is read once, so '-' is one sample (name it once)")
    with temporary_folder(prefix=_PREFIX) as folder:
        file = folder / NAME
        _store(file)
        try:
            yield tuple(str(file) if each == STANDARD_INPUT else each for each in samples)
        except CallcenterEtlError as error:
            error.args = tuple(name_standard_input(str(each)) for each in error.args)
            raise


def _store(file: Path) -> None:
    # Python sets it to None if descriptor 0 is closed at its start.
    if sys.stdin is None:
        raise SourceError("standard input: it is closed (name a file)")
    try:
        with file.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
    except OSError as error:
        if error.errno == errno.EBADF:
            raise SourceError("standard input: it is closed (name a file)") from error
        raise SourceError(f"standard input: {error.strerror or error}") from error


def shown_name(uri: str) -> str:
    """Return the name of a sample for the comments of a contract."""
    return "standard input" if _STORED.fullmatch(uri) else base_name(uri)


def name_standard_input(text: str) -> str:
    """Return a message with "standard input" in place of the temporary file."""
    return _STORED.sub("standard input", text)
