"""Write the summary of a GitHub Actions job as Markdown to the file of GITHUB_STEP_SUMMARY."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.findings import Report, SourceFindings
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import printable

VARIABLE = "GITHUB_STEP_SUMMARY"
MAX_BYTES = 2**20  # GitHub turns away the whole summary of a step that is larger
_ROOM_FOR_LAST = 200  # bytes for the line that counts those left out


def report_summary(report: Report) -> Iterator[str]:
    """Yield the lines of a summary of runs: a table of sources, and a table of violated rules."""
    document = report.contract.document
    yield f"### Contract {_code(document.contract)} {_code(document.version)}\n"
    counts = ("read", "accepted", "rejected", "malformed", "warned")
    yield from _head("source", "status", *counts)
    for source in report.sources:
        summary = source.summary
        numbers = [f"{getattr(summary.records, name):,}" for name in counts]
        yield _row(_code(shown(summary.source.uri)), f"**{summary.status}**", *numbers)
    for each in report.unfinished:
        yield _row(
            _code(shown(each.location.file or "")),
            f"**not finished**: {_code(each.message)}",
            *[""] * len(counts),
        )
    yield ""
    rows = [row for source in report.sources for row in _rule_rows(source)]
    if rows:
        yield from _head("source", "rule", "severity", "records", "first line", "for example")
        yield from rows
        yield ""


def faults_summary(files: Sequence[str], faults: Sequence[Diagnostic]) -> Iterator[str]:
    """Yield the lines of a summary of contract faults."""
    wrong = sum(fault.severity == "error" for fault in faults)
    warnings = f", warnings: {len(faults) - wrong:,}" if wrong < len(faults) else ""
    yield f"### Contracts checked: {len(files):,}, faults: {wrong:,}{warnings}\n"
    if faults:
        yield from _head("place", "fault")
    for fault in faults:
        kind = "warning: " if fault.severity == "warn" else ""
        message = f"{fault.path}: {kind}{fault.message}" if fault.path else f"{kind}{fault.message}"
        yield _row(_code(str(fault.location)), _code(message))
    yield ""


def append_job_summary(lines: Iterator[str]) -> None:
    """Append lines to the job's summary up to its size limit; outside a job, do nothing.

    Raises OutputError when the file cannot be written.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return
    path = Path(name)
    with translate_os_errors(f"{VARIABLE} {name}"):
        # The limit is for the whole file, which an earlier command of the same step may have begun.
        room = MAX_BYTES - _ROOM_FOR_LAST - (path.stat().st_size if path.exists() else 0)
        with path.open("a", encoding="utf-8") as file:
            file.write(_fitting(lines, room))


def _fitting(lines: Iterator[str], room: int) -> str:
    """Return the lines that fit, and a last line with the number of the others."""
    kept: list[str] = []
    left_out = 0
    for line in lines:
        room -= len(line.encode("utf-8")) + 1
        # After the first line that does not fit none is kept: a row out of its table would be plain text.
        if room >= 0 and not left_out:
            kept.append(f"{line}\n")
        else:
            left_out += 1
    if left_out:
        kept.append(f"\n{left_out:,} more lines are not shown: a job's summary holds 1 MiB.\n")
    return "".join(kept)


def _rule_rows(source: SourceFindings) -> Iterator[str]:
    where = _code(shown(source.summary.source.uri))
    for problem in source.problems:
        yield _row(where, _code(problem.rule), problem.severity, "", "", _code(problem.message))
    for broken in source.violated:
        first = broken.diagnostics[0]
        line = "" if first.location.line is None else f"{first.location.line:,}"
        yield _row(
            where, _code(broken.rule), broken.severity, f"{broken.broken:,}", line, _code(first.message)
        )


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row(*["---"] * len(names))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """Return text as Markdown code, so that a value cannot become markup, a link or a mention."""
    plain = printable(text)
    if not plain.strip():
        return ""
    # In Markdown a run of as many backticks closes the code, so the fence is longer than any run.
    fence = "`" * (max((len(run) for run in re.findall(r"`+", plain)), default=0) + 1)
    # Markdown strips one space from both ends of code.
    pad = " " if plain.startswith(("`", " ")) or plain.endswith(("`", " ")) else ""
    # GitHub splits a row at every pipe, also within code, unless it has a backslash.
    return f"{fence}{pad}{plain}{pad}{fence}".replace("|", "\\|")
