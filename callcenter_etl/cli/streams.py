"""Replaces the standard streams, so that errors of closed, full or unread streams can be handled."""

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
    """Replace the interpreter's standard streams by streams with their name in their errors."""
    _fill_closed_descriptors()
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  lives as long as the process
    if sys.stdout is None or _descriptor_of(sys.stdout) == 1:
        # Characters that the terminal's encoding lacks are escaped, instead of ending the command as a bug.
        sys.stdout = _text(_Output(1, "wb", closefd=False), sys.stdout, errors="backslashreplace")
    if sys.stderr is None or _descriptor_of(sys.stderr) == 2:
        sys.stderr = _text(_Messages(2, "wb", closefd=False), sys.stderr, errors="backslashreplace")


def give_up_output() -> None:
    """Discard the buffered rest of standard output; the interpreter would fail on it again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    finally:
        os.close(nowhere)


def _fill_closed_descriptors() -> None:
    """Open a closed standard descriptor in the wrong direction, so that each use of it fails.

    Otherwise the next file that a run opens would get the descriptor's number, and receive all printed text.
    """
    for number, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:  # closed, so this is the lowest free number, which the next open() gets
            os.open(os.devnull, mode)


def _descriptor_of(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):  # a stream in memory, as in notebooks and tests
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
    """A stream that waits for a slow reader even if another process has set the shared descriptor to non-blocking."""

    def write(self, data: Buffer, /) -> int:
        while (written := super().write(data)) is None:
            select.select((), (self,), ())
        return written


class _Output(_Waiting):
    """Standard output, with its name in each of its errors."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = OUTPUT
            raise


class _Messages(_Waiting):
    """Standard error: an unwritable message is dropped, without effect on a run or its exit code."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError:  # there is no other stream to report this on
            return memoryview(data).nbytes
