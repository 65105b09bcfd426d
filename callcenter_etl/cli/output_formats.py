"""The `--format` options: formats of a command's results, each for standard output or a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.errors import UsageError
from callcenter_etl.os_errors import translate_os_errors

# The names alone: the table of renderers is heavy, and `--help` must not wait for it.
FORMATS = ("text", "json", "github", "junit", "sarif")
FOR_PEOPLE = "text"


def complete_format(incomplete: str) -> list[str]:
    """Return the formats that complete an incomplete word in the shell."""
    return [form for form in FORMATS if form.startswith(incomplete)]


Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        rich_help_panel="Results and logs",
        metavar="|".join(FORMATS) + "[=FILE]",
        autocompletion=complete_format,
        help="Format of the results; with =FILE they are written there. Can be repeated. Default: text.",
    ),
]


class OutputFormat(StrEnum):
    """The formats of a command with results for people and programs only."""

    text = "text"
    json = "json"


Form = Annotated[OutputFormat, typer.Option("--format", help="How results are shown.")]


@dataclass(frozen=True, slots=True)
class RequestedFormat:
    """A format, and its file; standard output if `file` is None."""

    form: str
    file: str | None = None


def requested_formats(texts: Sequence[str] | None) -> tuple[RequestedFormat, ...]:
    """Return the parsed `--format` options, with text on standard output if none of them uses it.

    Raises UsageError for an unknown format, and for two formats with the same target.
    """
    wanted = tuple(_wanted(text) for text in texts or ())
    # Formats that go to files leave standard output to people.
    if all(each.file is not None for each in wanted):
        wanted = (RequestedFormat(FOR_PEOPLE), *wanted)
    files = [each.file for each in wanted]
    for file in files:
        if files.count(file) > 1:
            place = "standard output" if file is None else repr(file)
            raise UsageError(f"--format: two formats go to {place} (write one of them as FORMAT=FILE)")
    return wanted


def _wanted(text: str) -> RequestedFormat:
    # At the first sign only, since the name of a file may hold others.
    form, equals, file = text.partition("=")
    if form not in FORMATS:
        raise UsageError(f"--format: {form!r} is none of {', '.join(FORMATS)}{did_you_mean(form, FORMATS)}")
    if equals and not file:
        raise UsageError(f"--format: a file is expected after {text!r}")
    return RequestedFormat(form, file or None)


def write_to(wanted: RequestedFormat, write: Callable[[TextIO], None]) -> None:
    """Call `write` with the stream of a requested format. Raises OutputError if its file cannot be written."""
    if wanted.file is None:
        write(sys.stdout)
        return
    from callcenter_etl.writers.whole_file import open_whole

    path = Path(wanted.file)
    with translate_os_errors(f"--format {wanted.form}: {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Replaced whole at its end, so that a CI step never reads half a report.
        with open_whole(path) as stream:
            write(stream)
