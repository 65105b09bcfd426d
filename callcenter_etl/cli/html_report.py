"""`--report`: check the target of the HTML report before the runs, write the report after them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from callcenter_etl.errors import CallcenterEtlError, OutputError, UsageError
from callcenter_etl.store.uris import is_local, same_place, shown

if TYPE_CHECKING:
    from callcenter_etl.api_contract import Contract
    from callcenter_etl.cli.causes import CausesByRun
    from callcenter_etl.diagnostics.html import FailedSource, Finished, ReportFile
    from callcenter_etl.run.ledger import RunRecord
    from callcenter_etl.run.result import RunResult
    from callcenter_etl.tools.explain import Causes


VALUES_HELP = "Values of public columns in the report: masked (default) or in full; others are never shown."


class ReportValues(StrEnum):
    """The display of values of public columns in a report; other values are never shown."""

    masked = "masked"
    public = "public"


def check_values_option(report: str | None, values: ReportValues | None) -> ReportValues:
    """Return the display of values in a report. Raises UsageError if it is given without a report."""
    if values is not None and report is None:
        raise UsageError(
            "--report-values: there is no report to show values in (name its file with --report)"
        )
    return ReportValues.masked if values is None else values


def prepare_report(uri: str, contract: Contract, sources: Sequence[str]) -> ReportFile:
    """Return the file of a report, checked before any run.

    Raises UsageError if the file cannot be written or is one of the sources.
    """
    from callcenter_etl.diagnostics.html import report_file

    # Before any run: writing the report would replace the source.
    if any(_same_file(uri, source) for source in sources):
        raise UsageError(f"--report: {shown(uri)!r} is the source itself (name another file)")
    defaults = contract.document.run
    return report_file(uri, storage=defaults.storage_options, mode=defaults.mode)


def write_report(
    page: ReportFile,
    results: Sequence[RunResult],
    contract: Contract,
    *,
    root: str | None,
    causes: CausesByRun,
    failures: Sequence[tuple[str, CallcenterEtlError]] = (),
    values: ReportValues = ReportValues.masked,
) -> None:
    """Write the report of the runs. Raises OutputError, with a message that the runs themselves are published."""
    from callcenter_etl.diagnostics.html import FailedSource, Finished

    finished = [
        Finished(result.record, result.output, result.already_done, causes.get(result.record.run_id))
        for result in results
    ]
    unfinished = [FailedSource(shown(source), shown(str(error))) for source, error in failures]
    _write(page, finished, contract, root=root, unfinished=unfinished, values=values)


def report_recorded_run(
    uri: str, record: RunRecord, contract: Contract | None, *, root: str, values: ReportValues
) -> None:
    """Write the report of a run of the ledger.

    Raises UsageError if the contract is missing or another one, or if the run's files have been replaced or removed.
    """
    from callcenter_etl.diagnostics.html import Finished
    from callcenter_etl.run.ledger.equivalent_run import published_summary
    from callcenter_etl.run.ledger.location import output_of

    if contract is None:
        raise UsageError("--report: name the contract of the run with --contract (it says what may be shown)")
    # The contract decides which values are masked, so an edited one could show more than that of the run.
    if contract.loaded.sha256 != record.contract.sha256:
        raise UsageError(
            f"--contract: {contract.loaded.origin!r} has another text than the contract of run {record.run_id}"
            f" ({record.contract.id} {record.contract.version}, sha256 {record.contract.sha256[:12]}…)"
        )
    page = prepare_report(uri, contract, [])
    folder = output_of(record.output, root)
    summary = published_summary(folder, contract.document.run.storage_options)
    # A later run may have replaced the files, and a page never mixes two runs.
    if summary is None or summary.run_id != record.run_id:
        now = "it has no summary" if summary is None else f"it now has those of run {summary.run_id}"
        raise UsageError(f"--report: the files of run {record.run_id} are gone from {shown(folder)}: {now}")
    finished = Finished(summary, folder, causes=_causes_in(folder, contract))
    _write(page, [finished], contract, root=root, values=values)


def _causes_in(folder: str, contract: Contract) -> Causes | CallcenterEtlError | None:
    from callcenter_etl.tools.explain import causes_of_run

    try:
        return causes_of_run(folder, contract.loaded)[1]
    except CallcenterEtlError as error:  # is shown on the page, with the data of the summary
        return error


def _write(
    page: ReportFile,
    finished: Sequence[Finished],
    contract: Contract,
    *,
    root: str | None,
    values: ReportValues,
    unfinished: Sequence[FailedSource] = (),
) -> None:
    from callcenter_etl.diagnostics.html import gather, render_page

    # Outside the `try`: an error of gathering or rendering must not read as one of the file.
    data = gather(finished, contract.loaded, root=root, unfinished=unfinished, values=values.value)
    content = render_page(data)
    try:
        page.write(content)
    except OutputError as error:
        raise OutputError(f"the run is complete, only its report is not written: {error}") from error


def _same_file(uri: str, source: str) -> bool:
    if not (is_local(uri) and is_local(source)):
        return uri == source
    return same_place(uri, source)
