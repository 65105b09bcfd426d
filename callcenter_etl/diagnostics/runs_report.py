"""Renders runs of the ledger, as text or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.json_report import write_json
from callcenter_etl.diagnostics.text_report import PIPE_WIDTH, STYLES
from callcenter_etl.run.ledger.run_record import LedgerEntry, RunRecord, UnreadableRecord
from callcenter_etl.store.uris import STANDARD_INPUT, is_local, local_path, working_folder
from callcenter_etl.terminal import printable

_COLUMNS = ("run", "status", "contract", "source", "output")
_COUNTS = ("read", "rejected", "seconds")
_UNKNOWN = "-"


def list_as_text(records: Sequence[LedgerEntry], stream: TextIO) -> None:
    """Write a table with one line for each run, or two lines for each run if the terminal is too narrow."""
    console = _console(stream)
    if not records:
        console.print(Text("no runs"))
        return
    table = _table(records)
    wide = console.options.update(width=PIPE_WIDTH)  # else the measure would end at the terminal's width
    if Measurement.get(console, wide, table).maximum <= console.width:
        console.print(table)
        return
    for record in records:
        for line in _in_lines(record):
            console.print(line, soft_wrap=True)


def _in_lines(record: LedgerEntry) -> tuple[Text, Text]:
    # An entry that cannot be read is listed with its cause, so that it does not hide the other runs.
    if isinstance(record, UnreadableRecord):
        first = Text(f"{printable(record.run_id)}  ")
        return first.append(record.status, style=STYLES["error"]), Text(f"  {printable(record.cause)}")
    counts = record.records
    first = Text(f"{record.run_id}  ")
    first.append(record.status, style=STYLES.get(record.status, ""))
    if counts is not None:
        first.append(f"  {counts.read:,} read, {counts.rejected:,} rejected")
    if record.seconds is not None:
        first.append(f", {record.seconds:.2f} s")
    contract = f"{record.contract.id} {printable(record.contract.version)}"
    return first, Text(f"  {_source(record)} under {contract} into {printable(record.output)}")


def _source(record: RunRecord) -> str:
    """Return the source as a user would type it: a relative path below the working folder."""
    uri = record.source.uri
    if not is_local(uri) or uri == STANDARD_INPUT:
        return printable(uri)
    path, here = Path(local_path(uri)), working_folder()
    return printable(str(path.relative_to(here)) if path.is_relative_to(here) else uri)


def _table(records: Sequence[LedgerEntry]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in _COLUMNS:
        table.add_column(name, no_wrap=True)
    for name in _COUNTS:
        table.add_column(name, justify="right", no_wrap=True)
    for record in records:
        if isinstance(record, UnreadableRecord):
            # The cause goes where the source would be: it is the column that takes long text.
            cells = (Text(printable(record.run_id)), Text(record.status, style=STYLES["error"]), _UNKNOWN)
            table.add_row(*cells, Text(printable(record.cause)), *[_UNKNOWN] * 4)
            continue
        counts = record.records
        table.add_row(
            Text(printable(record.run_id)),
            Text(record.status, style=STYLES.get(record.status, "")),
            Text(f"{record.contract.id} {printable(record.contract.version)}"),
            Text(_source(record)),
            Text(printable(record.output)),
            _UNKNOWN if counts is None else f"{counts.read:,}",
            _UNKNOWN if counts is None else f"{counts.rejected:,}",
            _UNKNOWN if record.seconds is None else f"{record.seconds:.2f}",
        )
    return table


def show_as_text(record: RunRecord, problems: Sequence[Diagnostic], stream: TextIO) -> None:
    """Write a run, one line for each fact, and one line for each problem of a refused or failed run."""
    console = _console(stream)
    for name, value in (*_facts(record), *(("problem", each.problem_line) for each in problems)):
        console.print(Text(f"{name:<10} {printable(value)}"), soft_wrap=True)


def list_as_json(records: Sequence[LedgerEntry], stream: TextIO) -> None:
    """Write an array of runs."""
    write_json([record.to_dict() for record in records], stream)


def show_as_json(record: RunRecord, problems: Sequence[Diagnostic], stream: TextIO) -> None:
    """Write a run as an object, with the problems of a refused or failed run."""
    write_json({**record.to_dict(), "problems": [each.to_problem() for each in problems]}, stream)


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())


def _facts(record: RunRecord) -> list[tuple[str, str]]:
    counts, source, contract, process = record.records, record.source, record.contract, record.process
    facts = [
        ("run", record.run_id),
        ("status", record.status),
        ("exit code", record.exit_code),
        ("cause", record.cause),
        ("contract", f"{contract.id} {contract.version}, sha256 {contract.sha256}"),
        ("source", source.uri),
        ("bytes", None if source.bytes is None else f"{source.bytes:,}"),
        ("sha256", source.sha256),
        ("version", source.version),
        ("options", record.options),
        ("output", record.output),
        ("started", record.started_at),
        ("finished", record.finished_at),
        ("seconds", record.seconds),
        (
            "process",
            None if process is None else f"{process.pid} on {process.host}, version {process.program}",
        ),
    ]
    if counts is not None:
        sentence = (
            f"{counts.read:,} read, {counts.accepted:,} accepted, {counts.rejected:,} rejected"
            f" ({counts.malformed:,} malformed), {counts.warned:,} warned"
        )
        facts.append(("records", sentence))
    facts += [
        (name, f"{file.uri}, {file.bytes:,} bytes, sha256 {file.sha256}")
        for name, file in record.outputs.items()
    ]
    # A run that is under way lacks the facts of its end.
    return [(name, str(value)) for name, value in facts if value is not None]


LIST_RENDERERS: dict[str, Callable[[Sequence[LedgerEntry], TextIO], None]] = {
    "text": list_as_text,
    "json": list_as_json,
}
SHOW_RENDERERS: dict[str, Callable[[RunRecord, Sequence[Diagnostic], TextIO], None]] = {
    "text": show_as_text,
    "json": show_as_json,
}
