"""Standard streams that fail in ways a command can answer: closed, full, or read by nobody."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

OUTPUT = "standard output"


def prepare_streams() -> None:
    """Put streams that name themselves in their errors in the place of the interpreter's own."""
    _fill_closed_descriptors()
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  lives as long as the process
    if sys.stdout is None or _descriptor_of(sys.stdout) == 1:
        # A character that the terminal's encoding lacks is escaped: it is no bug.
        sys.stdout = _text(_Output(1, "wb", closefd=False), sys.stdout, errors="backslashreplace")
    if sys.stderr is None or _descriptor_of(sys.stderr) == 2:
        sys.stderr = _text(_Messages(2, "wb", closefd=False), sys.stderr, errors="backslashreplace")


def give_up_output() -> None:
    """Drop the rest of standard output, or the interpreter would fail on it once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    finally:
        os.close(nowhere)


def _fill_closed_descriptors() -> None:
    """Open a closed standard descriptor the wrong way round, so that each use of it fails.

    Otherwise the next file that a run opens would get its number, and with it all that is printed.
    """
    for number, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:  # closed: the lowest free number, and so this one, is given to the next file
            os.open(os.devnull, mode)


def _descriptor_of(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):  # a stream in memory, as notebooks and tests have it
        return None


def _text(raw: io.FileIO, earlier: TextIO | None, *, errors: str) -> TextIO:
    encoding = "utf-8" if earlier is None else earlier.encoding
    is_terminal = raw.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=encoding,
        errors=errors,
        line_buffering=is_terminal or isinstance(raw, _Messages),
        write_through=bool(getattr(earlier, "write_through", False)),
    )


class _Waiting(io.FileIO):
    """A stream that waits where its other end is slow, though it was set not to block by a process that shares it."""

    def write(self, data: Buffer, /) -> int:
        while (written := super().write(data)) is None:
            select.select((), (self,), ())
        return written


class _Output(_Waiting):
    """Standard output: its errors have its name, as those of files have theirs."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = OUTPUT
            raise


class _Messages(_Waiting):
    """Standard error: a message that it does not take is dropped, and changes neither a run nor its exit code."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError:  # there is no other place where this could be said
            return memoryview(data).nbytes
