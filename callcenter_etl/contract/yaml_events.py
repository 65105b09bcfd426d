"""Parses YAML text to events, with libyaml if it is installed and with ruamel.yaml otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from yaml import events as libyaml_events
from yaml.error import YAMLError as LibyamlError

# Limits for ruamel.yaml: it is written in Python and needs a second for about 25,000 values.
MAX_SLOW_BYTES = 2**20
MAX_SLOW_VALUES = 100_000
# YAML 1.1 (libyaml) treats these as line ends, 1.2 as ordinary characters.
_LINE_ENDS_OF_1_1 = re.compile("[\x85\u2028\u2029]")


class YamlSyntaxError(Exception):
    """The error of a text that is not YAML: a message, and line and column (0-based; None if unknown)."""

    def __init__(self, message: str, line: int | None, column: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class EventStream:
    """The events of a parser: `read` returns the next event or raises YamlSyntaxError.

    `kinds` has the parser's event classes by name, `max_values` is the number of values that it parses in acceptable
    time.
    """

    read: Callable[[], Any]
    kinds: ModuleType
    max_values: int


def fast_events(text: str, max_values: int) -> EventStream | None:
    """Return the events of libyaml; None if it is not installed, or if it might read the text as YAML 1.1."""
    if _LINE_ENDS_OF_1_1.search(text) is not None:
        return None
    try:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]  # of the C extension, which has no stubs
    except ImportError:  # PyYAML without its C extension
        return None
    # The parser alone, without a loader: no constructor exists that could run code from a contract.
    parser = CParser(text)

    def read() -> Any:
        try:
            return parser.get_event()
        except LibyamlError as error:
            raise _syntax_fault(error) from error

    return EventStream(read, libyaml_events, max_values)


def exact_events(text: str) -> EventStream:
    """Return the events of ruamel.yaml, which implements YAML 1.2 exactly."""
    from ruamel.yaml import YAML, events
    from ruamel.yaml.error import YAMLError

    stream = YAML(typ="safe", pure=True).parse(text)

    def read() -> Any:
        try:
            return next(stream)
        except (YAMLError, RecursionError, ValueError) as error:
            raise _syntax_fault(error) from error

    return EventStream(read, events, MAX_SLOW_VALUES)


def _syntax_fault(error: Exception) -> YamlSyntaxError:
    if isinstance(error, RecursionError):
        return YamlSyntaxError("nested too deeply", None, None)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "context", None) or str(error).splitlines()[0]
    if str(said).startswith("found unknown escape character"):
        said = f"{said} (in double quotes a backslash begins an escape: use single quotes)"
    if mark is None:
        return YamlSyntaxError(str(said).strip(), None, None)
    return YamlSyntaxError(str(said).strip(), mark.line, mark.column)
