"""Writes the results of `validate` in every requested format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TextIO

from callcenter_etl.api_contract import Contract
from callcenter_etl.cli.output_formats import FOR_PEOPLE, RequestedFormat, write_to
from callcenter_etl.diagnostics.findings import Report, report_of
from callcenter_etl.diagnostics.renderers import RENDERERS
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.run.options import RunOptions
from callcenter_etl.run.result import RunResult
from callcenter_etl.run.summary import VERDICTS, Summary, exit_code_for
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import printable


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The runs of one command: results, and the failed sources with their errors."""

    contract: Contract
    options: RunOptions
    results: Sequence[RunResult]
    failures: Sequence[tuple[str, CallcenterEtlError]]

    @property
    def exit_code(self) -> int:
        """The exit code of the command: the highest of its runs."""
        codes = [exit_code_for(result.record, self.options.fail_on) for result in self.results]
        return max([*codes, *(error.exit_code for _, error in self.failures)])


def show(ended: CommandResult, wanted: Sequence[RequestedFormat]) -> None:
    """Write each requested format to its target. Raises OutputError if one cannot be written."""
    for each in wanted:
        # A single source that could not be finished has no summary, and its cause is on standard error already.
        if RENDERERS[each.form].shows_records or ended.results or len(ended.failures) > 1:
            write_to(each, partial(_write_results, ended, each.form))


def _write_results(ended: CommandResult, form: str, stream: TextIO) -> None:
    renderer = RENDERERS[form]
    renderer.runs(_report(ended, shows_records=renderer.shows_records), stream)
    if form == FOR_PEOPLE:
        _write_notes(ended, stream)


def _report(ended: CommandResult, *, shows_records: bool) -> Report:
    options, results = ended.options, ended.results
    if not shows_records and options.output is None:  # the files of these summaries go with the process
        results = [replace(each, record=replace(each.record, outputs={})) for each in results]
    return report_of(
        results,
        ended.contract,
        unfinished=ended.failures,
        # Other formats show no records, and reading them from the exceptions takes time.
        most=options.max_findings if shows_records else 0,
        fail_on=options.fail_on,
        exit_code=ended.exit_code,
    )


def _write_notes(ended: CommandResult, stream: TextIO) -> None:
    if ended.options.output is None:
        stream.write("  nothing was kept (name a folder with --output)\n")
    for result in ended.results:
        source = printable(shown(result.source))
        if result.already_done:
            stream.write(f"{source}: already done by {_in_a_line(result.record)}\n")
        stream.writelines(
            f"{printable(shown(earlier.output))}: replaced {printable(str(earlier))}\n"
            for earlier in result.replaced
        )


def _in_a_line(run: Summary) -> str:
    """Return the result of an earlier run in one line, for a source that is not run again."""
    records = run.records
    return (
        f"run {run.run_id} ({run.finished_at}): {VERDICTS[run.status]}, {records.read:,} read,"
        f" {records.accepted:,} accepted, {records.rejected:,} rejected; nothing was written (--force runs it again)"
    )
