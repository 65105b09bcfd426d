"""Turns what a command ended with into an exit code, in one place."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from types import FrameType

import click
import typer

from callcenter_etl.errors import AccountingError, CallcenterEtlError

BUG = 70
INTERRUPTED = 130


def guarded(app: typer.Typer) -> int:  # noqa: PLR0911  one way out for each kind of end
    """Run the command line; give its exit code, with the cause on standard error and no traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _say("interrupted: nothing was published", INTERRUPTED)
    except BrokenPipeError:
        # The reader went away, as head does; what is left must not be flushed into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except AccountingError as error:
        return _bug(error)
    except CallcenterEtlError as error:
        return _say(f"error: {error}", error.exit_code)
    except Exception as error:  # noqa: BLE001  the last resort: a bug ends with 70 and a place to look
        return _bug(error)
    return code if isinstance(code, int) else 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


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
