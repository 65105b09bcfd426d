"""Turns what a command ended with into an exit code, in one place."""

from __future__ import annotations

import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from types import FrameType

import typer

from callcenter_etl.errors import AccountingError, CallcenterEtlError, OutputError
from callcenter_etl.interrupts import SIGNALS, interrupts
from callcenter_etl.memory import LackOfMemoryError, is_lack_of_memory
from callcenter_etl.storage.addresses import shown
from callcenter_etl.terminal import counted, printable

BUG = 70
INTERRUPTED = 130
# What standard output may answer where it is redirected to; every other file is told of where it is written.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class InterruptedRunError(BaseException):
    """SIGINT or SIGTERM came; no `except Exception` on the way may keep it."""


def guarded(app: typer.Typer) -> int:
    """Run the command line; give its exit code, with the cause on standard error and no traceback.

    Signals are ignored once the code is settled.
    """
    interrupt = _interrupter()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as a shell sets it for what runs behind
            signal.signal(number, interrupt)
    if isinstance(sys.stdout, TextIOWrapper):  # a character that the terminal's encoding lacks is no bug
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _code_of(app)
        _ignore_signals()
    except (InterruptedRunError, KeyboardInterrupt) as error:
        _ignore_signals()
        return _say(_with_notes(_what_stands(), error), INTERRUPTED)
    return code


def _code_of(app: typer.Typer) -> int:
    try:
        return _flushed(_called(app))
    except AccountingError as error:
        return _bug(error)
    except CallcenterEtlError as error:
        return say_error(error)
    except Exception as error:  # noqa: BLE001  the last resort: a bug ends with 70 and a place to look
        return _environment_or_bug(error)


def _called(app: typer.Typer) -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _flushed(code: int) -> int:
    """Give the code, if what was printed arrived."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough
        _give_up_stdout()
        return code or 1
    return code


def _environment_or_bug(error: Exception) -> int:
    if is_lack_of_memory(error):
        return say_error(LackOfMemoryError())
    if isinstance(error, OSError) and error.filename is None and error.errno in _FULL:
        _give_up_stdout()
        return say_error(OutputError(f"standard output: {(error.strerror or str(error)).lower()}"))
    return _bug(error)


def _give_up_stdout() -> None:
    """Let what is left of the output go, or the interpreter would fail on it once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _interrupter() -> Callable[[int, FrameType | None], None]:
    """Give what ends the command in order when a signal comes, and at once when another one does."""
    came = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if came:  # what is left to clear up, the next run into that output clears up
            with suppress(OSError):
                os.write(2, f"{printable(_what_stands())}\n".encode())
            os._exit(INTERRUPTED)
        came = True
        raise InterruptedRunError

    return interrupt


def _ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _what_stands() -> str:
    """Say what an interrupted command has published."""
    said = "interrupted"
    if interrupts.under_way is not None:
        said += f" in the middle of publishing {interrupts.under_way}: nothing counts there until it exists"
    if interrupts.published == 1:
        return f"{said}, but one run had published its files: {interrupts.last}"
    if interrupts.published:
        count = f"{interrupts.published:,}"
        return f"{said}, but {count} runs had published their files, the last one {interrupts.last}"
    return said if interrupts.under_way is not None else f"{said}: nothing was published"


def say_error(error: CallcenterEtlError) -> int:
    """Say on standard error what went wrong; give the exit code that it means."""
    return _say(_with_notes(f"error: {error}", error), error.exit_code)


def say_skipped(folder: str, files: int) -> None:
    """Say on standard error that a pattern matched files of earlier runs, which are not read."""
    _say(
        f"note: {shown(folder)}: skipped {counted(files, 'file')} of earlier runs (name a file to read it)", 0
    )


def _with_notes(text: str, error: BaseException) -> str:
    return "\n".join((text, *getattr(error, "__notes__", ())))


def _say(text: str, code: int) -> int:
    with suppress(OSError):  # a standard error that takes nothing changes no exit code
        for line in text.split("\n"):
            print(printable(line), file=sys.stderr, flush=True)
    return code


def _bug(error: Exception) -> int:
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="callcenter_etl-traceback-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exception(error, file=file)
    except OSError as no_room:
        cause = no_room.strerror or no_room
        return _say(f"bug: {type(error).__name__}; its traceback could not be written ({cause})", BUG)
    return _say(
        f"bug: {type(error).__name__}; please report it with the traceback in {file.name}",
        BUG,
    )
