"""Turns what a command ended with into an exit code, in one place."""

from __future__ import annotations

import signal
import sys
import tempfile
import traceback
from io import TextIOWrapper
from types import FrameType

import typer

from callcenter_etl.errors import AccountingError, CallcenterEtlError
from callcenter_etl.terminal import printable

BUG = 70
INTERRUPTED = 130


class InterruptedRunError(BaseException):
    """SIGINT or SIGTERM came; no `except Exception` on the way may keep it."""


def guarded(app: typer.Typer) -> int:
    """Run the command line; give its exit code, with the cause on standard error and no traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as a shell sets it for what runs behind
            signal.signal(number, _interrupt)
    if isinstance(sys.stdout, TextIOWrapper):  # a character that the terminal's encoding lacks is no bug
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except (InterruptedRunError, KeyboardInterrupt) as error:
        return _say(_with_notes("interrupted: what was under way published nothing", error), INTERRUPTED)
    except AccountingError as error:
        return _bug(error)
    except CallcenterEtlError as error:
        return say_error(error)
    except Exception as error:  # noqa: BLE001  the last resort: a bug ends with 70 and a place to look
        return _bug(error)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise InterruptedRunError


def say_error(error: CallcenterEtlError) -> int:
    """Say on standard error what went wrong; give the exit code that it means."""
    return _say(_with_notes(f"error: {error}", error), error.exit_code)


def _with_notes(text: str, error: BaseException) -> str:
    return "\n".join((text, *getattr(error, "__notes__", ())))


def _say(text: str, code: int) -> int:
    for line in text.split("\n"):
        print(printable(line), file=sys.stderr)
    return code


def _bug(error: Exception) -> int:
    with tempfile.NamedTemporaryFile(
        "w", prefix="callcenter_etl-traceback-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    return _say(
        f"bug: {type(error).__name__}; please report it with the traceback in {file.name}",
        BUG,
    )
