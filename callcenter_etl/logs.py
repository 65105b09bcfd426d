"""Logging: one structlog logger a module, on the console or as JSON lines, also into a file."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import structlog

from callcenter_etl.contract.model import LogSettings
from callcenter_etl.errors import OutputError

ROOT = "callcenter_etl"
FILE_NAME = "callcenter_etl.log"


def get_logger(name: str) -> Any:
    """Give a module's logger; until `configure_logs` is called, only warnings and errors are seen."""
    return structlog.wrap_logger(
        logging.getLogger(name),
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
    """Send the package's logs to standard error and, where a directory is set, to a file in it.

    Raises OutputError when the directory cannot be written.
    """
    root = logging.getLogger(ROOT)
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(settings.level)
    root.propagate = False
    console = logging.StreamHandler(sys.stderr)
    console.setLevel("ERROR" if quiet else settings.level)
    console.setFormatter(_formatter(settings.format, colors=sys.stderr.isatty()))
    root.addHandler(console)
    if settings.directory is not None:
        root.addHandler(_file_handler(settings))


def _file_handler(settings: LogSettings) -> logging.Handler:
    directory = Path(settings.directory or ".")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(directory / FILE_NAME, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"log directory {directory}: {error.strerror or error}") from error
    handler.setFormatter(_formatter(settings.format, colors=False))
    return handler


def _formatter(form: str, *, colors: bool) -> logging.Formatter:
    renderer: Any = structlog.dev.ConsoleRenderer(colors=colors)
    if form == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(processors=[remove, renderer])
