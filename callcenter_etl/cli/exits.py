"""Turns what a command ended with into an exit code, in one place."""

from __future__ import annotations

import signal
import sys
import tempfile
import traceback
from types import FrameType

import typer

from callcenter_etl.errors import AccountingError, CallcenterEtlError

BUG = 70
INTERRUPTED = 130


class InterruptedRunError(BaseException):
    """SIGINT or SIGTERM came; no `except Exception` on the way may keep it."""


def guarded(app: typer.Typer) -> int:
    """Run the command line; give its exit code, with the cause on standard error and no traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except (InterruptedRunError, KeyboardInterrupt):
        return _say("interrupted: nothing was published", INTERRUPTED)
    except AccountingError as error:
        return _bug(error)
    except CallcenterEtlError as error:
        return _say(f"error: {error}", error.exit_code)
    except Exception as error:  # noqa: BLE001  the last resort: a bug ends with 70 and a place to look
        return _bug(error)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise InterruptedRunError


def _say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


def _bug(error: Exception) -> int:
    with tempfile.NamedTemporaryFile(
        "w", prefix="callcenter_etl-traceback-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    return _say(
        f"bug: {type(error).__name__}, nothing was published; please report it with the traceback in {file.name}",
        BUG,
    )
