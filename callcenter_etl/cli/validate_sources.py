"""Runs `validate`: resolves its settings, runs the sources in turn, and writes results and reports."""

from __future__ import annotations

import os

from callcenter_etl.api_contract import Contract, load_contract
from callcenter_etl.cli.batch import BatchOptions, jobs_of, run_all
from callcenter_etl.cli.causes import print_causes
from callcenter_etl.cli.convert import print_unsupported, print_warnings
from callcenter_etl.cli.html_report import prepare_report, write_report
from callcenter_etl.cli.output_formats import FOR_PEOPLE, RequestedFormat, requested_formats
from callcenter_etl.cli.results import CommandResult, show
from callcenter_etl.cli.validate_options import ValidateOptions
from callcenter_etl.logs import configure_logs
from callcenter_etl.run.options import RunOptions, RunSettings, resolve_settings
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import printable


def validate_sources(options: ValidateOptions) -> int:
    """Validate the sources and write the results. Returns the exit code of the command.

    Raises UsageError, ContractError, SourceError or OutputError before the first run if it cannot start.
    """
    # Everything that can be wrong with the command line is checked before the first source is read.
    wanted = requested_formats(options.formats)
    contract = load_contract(options.contract)
    if not options.quiet:
        print_unsupported(contract)
        print_warnings(contract)
    settings = _settings(options, contract)
    configure_logs(settings.log, quiet=options.quiet)
    jobs = jobs_of(settings, contract, quiet=options.quiet)
    sources = [source for source, _ in jobs]
    page = None if options.report is None else prepare_report(options.report, contract, sources)
    batch = BatchOptions(settings.output, options.quiet, settings.force, options.resume)
    results, failures = run_all(jobs, contract, batch)
    ended = CommandResult(contract, settings, results, failures)
    show(ended, wanted)
    is_text_shown = RequestedFormat(FOR_PEOPLE) in wanted
    if page is not None:
        write_report(page, results, contract, root=settings.output, failures=failures)
        if is_text_shown:
            print(f"report: {printable(shown(page.uri))}")
    if is_text_shown and not options.quiet:
        print_causes(results, contract)
    return ended.exit_code


def _settings(options: ValidateOptions, contract: Contract) -> RunSettings:
    given = RunOptions(
        sources=tuple(options.sources or ()),
        output=options.output,
        chunk_rows=options.chunk_rows,
        max_rejected=options.max_rejected,
        log_level=options.log_level,
        publish_to=options.publish_to,
        staging=options.staging,
        workers=options.workers,
        fail_on=None if options.fail_on is None else options.fail_on.value,
        max_findings=options.max_findings,
        target_format=None if options.target_format is None else options.target_format.value,
        engine=None if options.engine is None else options.engine.value,
        parts=options.parts,
        force=options.force,
    )
    return resolve_settings(contract.document.run, given, os.environ)
