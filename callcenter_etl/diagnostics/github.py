"""Render findings for GitHub Actions: annotations as workflow commands, and the job summary."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import TextIO

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.file_locations import path_below, root_folder
from callcenter_etl.diagnostics.findings import Report, SourceFindings
from callcenter_etl.diagnostics.job_summary import append_job_summary, faults_summary, report_summary
from callcenter_etl.diagnostics.surroundings_text import surroundings_text
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import printable

MAX_ANNOTATIONS = 10  # of a kind that GitHub shows for one step
_LEVELS = ("error", "warning")  # also the names of GitHub's workflow commands


@dataclass(frozen=True, slots=True)
class _Annotation:
    """A message at a location; `records` is the number of records that it covers."""

    level: str
    uri: str
    line: int | None
    title: str
    message: str
    column: int | None = None


def render_github(report: Report, stream: TextIO) -> None:
    """Write annotations, at most ten of a kind, the first of every rule before the second of any; append the job summary."""
    # GitHub shows the first ten of a kind: sources without a result come before single records.
    annotations = [
        _Annotation("error", each.location.file or "", None, "not finished", each.message)
        for each in report.unfinished
    ]
    annotations += chain.from_iterable(_problems(source) for source in report.sources)
    annotations += _by_turns([turn for source in report.sources for turn in _turns(source)])
    totals = {level: _total(report, level) for level in _LEVELS}
    _write(annotations, totals, stream)
    for source in report.sources:
        # A notice, so that the verdict does not take the place of one of the ten errors or warnings.
        _write_command("notice", {}, _verdict(source), stream)
    append_job_summary(report_summary(report))


def render_contracts_github(files: Sequence[str], faults: Sequence[Diagnostic], stream: TextIO) -> None:
    """Write the faults and warnings of contracts as annotations, at most ten of a kind, and append the job summary."""
    annotations = [
        _Annotation(
            "warning" if fault.severity == "warn" else "error",
            fault.location.file or files[0],
            fault.location.line or 1,
            "contract",
            f"{fault.path}: {fault.message}" if fault.path else fault.message,
            fault.location.column,
        )
        for fault in faults
    ]
    errors = sum(fault.severity == "error" for fault in faults)
    _write(annotations, {"error": errors, "warning": len(faults) - errors}, stream)
    append_job_summary(faults_summary(files, faults))


def _problems(source: SourceFindings) -> list[_Annotation]:
    uri = source.summary.source.uri
    # Without a line it is the source as a whole that is wrong.
    return [
        _Annotation(source.level_of(each), uri, each.location.line or 1, each.rule, each.message)
        for each in source.problems
    ]


def _turns(source: SourceFindings) -> Iterator[list[_Annotation]]:
    uri = source.summary.source.uri
    for broken in source.violated:
        yield [
            _Annotation(broken.level, uri, each.location.line, each.rule, each.message)
            for each in broken.diagnostics
        ]


def _by_turns(rules: Sequence[Sequence[_Annotation]]) -> list[_Annotation]:
    """Return the first of every rule, then the second, and so on."""
    return [each for turn in zip_longest(*rules) for each in turn if each is not None]


def _total(report: Report, level: str) -> int:
    # Counts records and not annotations: of each rule only the first records are known.
    broken = [rule.broken for source in report.sources for rule in source.violated if rule.level == level]
    problems = sum(
        source.level_of(problem) == level for source in report.sources for problem in source.problems
    )
    return sum(broken) + problems + (len(report.unfinished) if level == "error" else 0)


def _verdict(source: SourceFindings) -> str:
    records, around = source.summary.records, surroundings_text(source.summary)
    return (
        f"{shown(source.summary.source.uri)}: {source.summary.status}, {records.read:,} read,"
        f" {records.accepted:,} accepted, {records.rejected:,} rejected, {records.warned:,} warned"
        f"{'' if around is None else f', {around}'}"
    )


def _write(annotations: Sequence[_Annotation], totals: dict[str, int], stream: TextIO) -> None:
    root = root_folder(os.environ)
    for level in _LEVELS:
        chosen = [each for each in annotations if each.level == level][:MAX_ANNOTATIONS]
        for each in chosen:
            _write_command(level, *_properties_and_message(each, root), stream)
        if len(chosen) < totals[level]:
            full = len(chosen) == MAX_ANNOTATIONS
            why = f"GitHub shows {MAX_ANNOTATIONS} a step" if full else "the first of each rule"
            text = f"{len(chosen):,} of {totals[level]:,} {level}s are annotated ({why})"
            _write_command("notice", {}, text, stream)


def _properties_and_message(annotation: _Annotation, root: Path) -> tuple[dict[str, str], str]:
    """Return properties that point into a file of the checkout, and the message, which names any other file itself."""
    path = path_below(annotation.uri, root)
    title = {"title": annotation.title}
    # GitHub can point into files of the checkout alone.
    if path is None:
        place = (
            shown(annotation.uri) if annotation.line is None else f"{shown(annotation.uri)}:{annotation.line}"
        )
        return title, f"{place}: {annotation.message}"
    at = {"line": annotation.line, "col": annotation.column}
    known = {name: str(number) for name, number in at.items() if number is not None}
    return {"file": path, **known, **title}, annotation.message


def _write_command(kind: str, properties: dict[str, str], message: str, stream: TextIO) -> None:
    written = ",".join(f"{name}={_escaped_property(text)}" for name, text in properties.items())
    stream.write(f"::{kind}{' ' if written else ''}{written}::{_escaped(message)}\n")


def _escaped(text: str) -> str:
    # Line ends are escaped by `printable` already, so of GitHub's special characters only % is left.
    return printable(text).replace("%", "%25")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
