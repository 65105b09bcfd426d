"""Collect the data of a report: summaries, rejected records, and earlier runs of the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from callcenter_etl import __version__
from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.html.cause_section import cause_section
from callcenter_etl.diagnostics.html.exceptions_scan import Findings, examine
from callcenter_etl.diagnostics.html.page_data import (
    ContractFacts,
    FailedSource,
    PastRun,
    ReportData,
    SourceSection,
    Strip,
)
from callcenter_etl.diagnostics.html.rule_sections import (
    malformed_of,
    rule_sections,
    rule_wording,
    shows_malformed_in_full,
)
from callcenter_etl.diagnostics.html.source_totals import (
    rule_totals_of,
    source_rows,
    totals_of,
    worst_first,
)
from callcenter_etl.diagnostics.html.value_display import ReportValues, ValueDisplay, value_display
from callcenter_etl.diagnostics.html.value_masks import shape_of
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.run.exceptions_file import ExceptionsFile
from callcenter_etl.run.ledger.ledger import RunFilter
from callcenter_etl.run.ledger.location import ledger_in
from callcenter_etl.run.ledger.run_record import RunRecord, readable_entries
from callcenter_etl.run.summary import Summary, instant
from callcenter_etl.store.uris import shown
from callcenter_etl.tools.explain.reject_causes import Causes
from callcenter_etl.writers.file_names import EXCEPTIONS
from callcenter_etl.writers.part_folder import file_uris

PAST_RUNS = 30
NOT_KEPT = "the run named no output, so that no ledger knows it"
# A name as repr writes it: in double quotes where it has an apostrophe.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*["]""")


@dataclass(frozen=True, slots=True)
class Finished:
    """A run to report: its summary, and the folder or prefix of its files.

    `causes` are the causes behind its rejects, or the error that kept them from being found.
    """

    summary: Summary
    folder: str
    already_done: bool = False
    causes: Causes | CallcenterEtlError | None = None


def gather(
    finished: Sequence[Finished],
    contract: LoadedContract,
    *,
    root: str | None,
    unfinished: Iterable[FailedSource] = (),
    values: ReportValues = "masked",
) -> ReportData:
    """Return the data of a page about runs under one contract. `root` is the folder of their ledger, or None.

    Unreadable exceptions or ledgers are left out with a note on the page.
    """
    past, gap = _past_runs(contract, root, {each.summary.run_id for each in finished})
    display = value_display(values, contract.document)
    sources = worst_first(
        _source_report(each, contract.document, display, kept=root is not None) for each in finished
    )
    failed = tuple(unfinished)
    return ReportData(
        contract=_facts(contract),
        sources=sources,
        unfinished=failed,
        past=past,
        past_gap=gap,
        written_at=instant(datetime.now(UTC)),
        program=__version__,
        values=values,
        rows=source_rows(sources, failed),
        totals=totals_of(sources, failed),
        rule_totals=rule_totals_of(sources),
    )


def _facts(contract: LoadedContract) -> ContractFacts:
    document = contract.document
    limit = document.limits.max_rejected
    return ContractFacts(
        id=document.contract,
        version=document.version,
        sha256=contract.sha256,
        description=document.description,
        owner=document.owner,
        max_rejected=None if limit is None else str(limit),
        min_records=document.limits.min_records,
    )


def _source_report(
    finished: Finished, document: ContractDocument, display: ValueDisplay, *, kept: bool
) -> SourceSection:
    summary, gap, findings = finished.summary, None, None
    rules = compile_rules(document)
    if EXCEPTIONS in summary.outputs and summary.records.rejected:
        try:
            published = summary.outputs[EXCEPTIONS]
            findings = examine(_exceptions(finished, document), published, lines=summary.lines)
        # The run is complete: a page that names the gap is better than none.
        except (CallcenterEtlError, OSError) as error:
            gap = shown(str(error))
    words = rule_wording(document, rules, findings, lines=summary.lines, display=display)
    report = SourceSection(
        # Unlike the terminal, a page may be forwarded, and a header that is a record holds values.
        summary=replace(summary, problems=_without_data(summary.problems, document)),
        already_done=finished.already_done,
        kept=kept,
        rule_sections=rule_sections(summary, words, findings),
        gap=gap,
    )
    if findings is None:
        return report
    report = _with_causes(report, finished.causes, display)
    notes = [words.places.note] if words.places.note is not None else []
    if findings.passed_over:
        notes.append(f"{findings.passed_over:,} exceptions are too long to be shown here")
    return replace(
        report,
        malformed=malformed_of(words, findings),
        strip=_strip(findings, summary.lines),
        notes=tuple(notes),
        malformed_in_full=shows_malformed_in_full(words, findings),
    )


def _with_causes(
    report: SourceSection, causes: Causes | CallcenterEtlError | None, display: ValueDisplay
) -> SourceSection:
    """Add causes to a source; its exceptions are those of the run here, else nothing would be known of them."""
    if isinstance(causes, CallcenterEtlError):
        return replace(report, causes_gap=shown(str(causes)))
    return report if causes is None else replace(report, causes=cause_section(causes, display))


def _exceptions(finished: Finished, document: ContractDocument) -> ExceptionsFile:
    # On Spark the exceptions may be a folder of parts; the summary has their number.
    parts, storage = finished.summary.outputs[EXCEPTIONS].parts, document.run.storage_options
    return ExceptionsFile(file_uris(finished.folder, EXCEPTIONS, parts=parts, storage=storage), document)


def _strip(findings: Findings, lines: int) -> Strip:
    return Strip(
        lines=lines,
        width=findings.width,
        rejected=tuple(findings.rejected.tolist()),
        by_rule={rule: tuple(counts.tolist()) for rule, counts in findings.by_rule.items()},
    )


def _without_data(problems: tuple[Diagnostic, ...], document: ContractDocument) -> tuple[Diagnostic, ...]:
    """Mask the names in header problems where no column was found: then the header is a record, most likely."""
    missing = sum(problem.rule == "header.missing" for problem in problems)
    if missing < len(document.columns):
        return problems
    # Names from the contract are not data of the source and stay readable.
    known = {repr(name) for column in document.columns for name in (column.name, *column.header_names)}
    return tuple(
        replace(
            problem,
            message=_QUOTED.sub(
                lambda match: match[0] if match[0] in known else shape_of(match[0][1:-1]), problem.message
            ),
        )
        if problem.rule.startswith("header.")
        else problem
        for problem in problems
    )


def _past_runs(
    contract: LoadedContract, root: str | None, reported: set[str]
) -> tuple[tuple[PastRun, ...], str | None]:
    if root is None:
        return (), NOT_KEPT
    wanted = RunFilter(contract=contract.document.contract, limit=PAST_RUNS)
    try:
        ledger = ledger_in(root, storage=contract.document.run.storage_options)
        records = readable_entries(ledger.runs(wanted))
    except (CallcenterEtlError, OSError) as error:
        return (), shown(str(error))
    # The ledger has the latest run first, the chart reads in order of time.
    return tuple(_past_run(record, reported) for record in reversed(records)), None


def _past_run(record: RunRecord, reported: set[str]) -> PastRun:
    counts = record.records
    return PastRun(
        run_id=record.run_id,
        status=record.status,
        source=record.source.uri,
        started_at=record.started_at,
        read=None if counts is None else counts.read,
        rejected=None if counts is None else counts.rejected,
        # None and not 0: a run that read nothing has no bar.
        rate=counts.rejected / counts.read if counts is not None and counts.read else None,
        reported=record.run_id in reported,
    )
