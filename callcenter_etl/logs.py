"""Logging with structlog: one logger for each module, on the console or as JSON lines, also to a file."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TextIO

from callcenter_etl.contract.run_defaults import LogSettings
from callcenter_etl.os_errors import os_cause, translate_os_errors
from callcenter_etl.terminal import printable

ROOT = "callcenter_etl"
FILE_NAME = "callcenter_etl.log"
_MULTILINE = ("exception", "stack")

# A library logs nothing until it is configured; its errors reach the caller as exceptions.
logging.getLogger(ROOT).addHandler(logging.NullHandler())


class ModuleLogger:
    """The logger of a module: events with fields, rendered by structlog.

    structlog is imported at the first event that is enabled, because many runs log nothing and then start faster.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: Any) -> None:
        """Log a step of a run."""
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Log an event that needs attention."""
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Log a failure."""
        self._log(logging.ERROR, event, fields)

    def _log(self, level: int, event: str, fields: dict[str, Any]) -> None:
        if self._logger.isEnabledFor(level):
            _structured(self._logger).log(level, event, **fields)


def get_logger(name: str) -> ModuleLogger:
    """Return the logger of a module; before `configure_logs`, only warnings and errors are enabled."""
    return ModuleLogger(name)


@cache
def _structured(logger: logging.Logger) -> Any:
    import structlog

    return structlog.wrap_logger(
        logger,
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
    )


def configure_logs(settings: LogSettings, *, quiet: bool = False) -> None:
    """Send the package's logs to standard error and, if a directory is set, to a file in it.

    Raises OutputError if the directory cannot be written.
    """
    root = logging.getLogger(ROOT)
    # Handlers of an earlier call are replaced, or every line would appear twice.
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    console_level = "ERROR" if quiet else settings.level
    root.setLevel(console_level if settings.directory is None else settings.level)
    # The root logger may have handlers of the application, which would print each line again.
    root.propagate = False
    console = _Console()
    console.setLevel(console_level)
    colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    console.setFormatter(_Formatter(settings.format, colors=colors))
    root.addHandler(console)
    if settings.directory is not None:
        root.addHandler(_file_handler(settings))


def _file_handler(settings: LogSettings) -> logging.Handler:
    directory = Path(settings.directory or ".")
    with translate_os_errors(f"log directory {directory}"):
        directory.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(directory / FILE_NAME, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Formatter(settings.format, colors=False))
    return handler


class _Console(logging.StreamHandler[TextIO]):
    """A handler for the present standard error: while a progress bar is shown, that stream writes above the bar."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)  # StreamHandler's own __init__ would keep the present stream

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # as logging._StderrHandler does
        return sys.stderr


class _LogFile(logging.FileHandler):
    """A log file on a disk that may become full: the run continues, and the loss is reported once."""

    _lost = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the base class's
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._lost:
            self._lost = True
            cause = os_cause(error)
            logging.getLogger(__name__).warning(
                "%s: %s; lines are missing from here on", self.baseFilename, cause
            )


class _Formatter(logging.Formatter):
    """Renders records with structlog, imported at the first record."""

    def __init__(self, form: str, *, colors: bool) -> None:
        super().__init__()
        self._form = form
        self._colors = colors

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        return self._structlog.format(record)

    @cached_property
    def _structlog(self) -> logging.Formatter:
        import structlog

        remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        steps: list[Any] = [_escape_controls, structlog.dev.ConsoleRenderer(colors=self._colors)]
        if self._form == "json":
            steps = [structlog.processors.JSONRenderer(ensure_ascii=False)]
        # Records of standard library loggers, which the rooms below this module use, get the same fields.
        foreign: list[Any] = [
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ]
        return structlog.stdlib.ProcessorFormatter(processors=[remove, *steps], foreign_pre_chain=foreign)


def _escape_controls(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return an event with control characters escaped, which could steer the terminal; tracebacks keep their lines."""
    return {
        key: printable(value) if isinstance(value, str) and key not in _MULTILINE else value
        for key, value in event.items()
    }
