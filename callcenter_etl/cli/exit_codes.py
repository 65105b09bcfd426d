"""Translates the end of a command, also by an exception or a signal, to its exit code."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import typer

from callcenter_etl.cli.streams import OUTPUT, give_up_output, prepare_streams
from callcenter_etl.errors import AccountingError, CallcenterEtlError, OutputError
from callcenter_etl.memory_errors import OutOfMemoryError, is_memory_error
from callcenter_etl.os_errors import is_environment, os_cause, place_of
from callcenter_etl.signal_guard import SIGNALS, interrupts
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import counted, printable

BUG = 70
INTERRUPTED = 130
_UNREAD = 1
_MAY_CHANGE = (0, 1)  # these codes promise that the results were printed, so a failed flush replaces them


class InterruptedRunError(BaseException):
    """SIGINT or SIGTERM was received; a BaseException, so that no `except Exception` can swallow it."""


def guarded(app: typer.Typer) -> int:
    """Run the command line. Returns its exit code, and prints the cause of a failure without a traceback.

    Signals are ignored once the code is determined.
    """
    prepare_streams()
    interrupt = _interrupter()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # a shell ignores SIGINT for background jobs
            signal.signal(number, interrupt)
    try:
        code = _code_of(app)
        _ignore_signals()
    except (InterruptedRunError, KeyboardInterrupt) as error:
        _ignore_signals()
        return _say(_with_notes(_published_state(), error), INTERRUPTED)
    return code


def _code_of(app: typer.Typer) -> int:
    code = _protected(lambda: _called(app))
    # Also after an error: the interpreter flushes the buffer at its end, and a failure there is exit code 120.
    flushed = _protected(_flush_output)
    return flushed if code in _MAY_CHANGE and flushed else code


def _protected(step: Callable[[], int]) -> int:
    """Return the result of a step, or the exit code of the error that ended it."""
    try:
        return step()
    except AccountingError as error:
        return _bug(error)
    except CallcenterEtlError as error:
        return print_error(error)
    except Exception as error:  # noqa: BLE001  the last resort: a bug ends with 70 and a place to look
        return _environment_or_bug(error)


def _called(app: typer.Typer) -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _flush_output() -> int:
    """Flush standard output. Returns 0."""
    sys.stdout.flush()
    return 0


def _environment_or_bug(error: Exception) -> int:
    if is_memory_error(error):
        return print_error(OutOfMemoryError())
    if isinstance(error, OSError) and error.filename == OUTPUT:
        give_up_output()
        if isinstance(error, BrokenPipeError):  # the reader, such as `head`, has closed the pipe
            return _UNREAD
        return print_error(OutputError(f"{OUTPUT}: {os_cause(error)}"))
    # The last resort: code that is known to fail translates its errors itself, with a better location.
    if isinstance(error, OSError) and is_environment(error):
        return print_error(
            OutputError(f"{place_of(error) or 'the command could not be finished'}: {os_cause(error)}")
        )
    return _bug(error)


def _interrupter() -> Callable[[int, FrameType | None], None]:
    """Return a signal handler: the first signal ends the command in order, a second one at once."""
    came = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if came:  # os._exit skips all clean-up; the next run into that output removes the staged files
            with suppress(OSError):
                os.write(2, f"{printable(_published_state())}\n".encode())
            os._exit(INTERRUPTED)
        came = True
        raise InterruptedRunError

    return interrupt


def _ignore_signals() -> None:
    for number in SIGNALS:
        # The code is settled: a signal now could only replace it, or leave a traceback.
        signal.signal(number, signal.SIG_IGN)


def _published_state() -> str:
    """Return the message about the files that an interrupted command has published."""
    said = "interrupted"
    if interrupts.under_way is not None:
        said += f" in the middle of publishing {interrupts.under_way}: nothing counts there until it exists"
    if interrupts.published == 1:
        return f"{said}, but one run had published its files: {interrupts.last}"
    if interrupts.published:
        count = f"{interrupts.published:,}"
        return f"{said}, but {count} runs had published their files, the last one {interrupts.last}"
    return said if interrupts.under_way is not None else f"{said}: nothing was published"


def print_error(error: CallcenterEtlError) -> int:
    """Print an error with its notes on standard error. Returns its exit code."""
    return _say(_with_notes(f"error: {error}", error), error.exit_code)


def print_skipped(folder: str, files: int) -> None:
    """Print a note on standard error about files of earlier runs that a pattern matched and that are skipped."""
    _say(
        f"note: {shown(folder)}: skipped {counted(files, 'file')} of earlier runs (name a file to read it)", 0
    )


def _with_notes(text: str, error: BaseException) -> str:
    return "\n".join((text, *getattr(error, "__notes__", ())))


def _say(text: str, code: int) -> int:
    for line in text.split("\n"):
        # Flushed, since a second signal ends the process without it.
        print(printable(line), file=sys.stderr, flush=True)
    return code


def _bug(error: Exception) -> int:
    kind = type(error).__name__
    try:
        with tempfile.NamedTemporaryFile(
            *("w", -1, "utf-8"),
            prefix="callcenter_etl-traceback-",
            suffix=".txt",
            # It outlives the process: the message names it as the place to look.
            delete=False,
            errors="backslashreplace",
        ) as file:
            traceback.print_exception(error, file=file)
    except OSError as no_room:
        _say(
            f"bug: {kind}; please report it with this traceback, which no file took: {os_cause(no_room)}", BUG
        )
        traceback.print_exception(error, file=sys.stderr)
        return BUG
    return _say(f"bug: {kind}; please report it with the traceback in {file.name}", BUG)
