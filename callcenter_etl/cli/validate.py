"""`callcenter-etl validate`: the main job."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter_etl.cli.exits import say_error
from callcenter_etl.errors import OutputError, SourceError, UsageError
from callcenter_etl.imports import uncollected
from callcenter_etl.storage.addresses import base_name, shown, within
from callcenter_etl.terminal import printable

if TYPE_CHECKING:
    from callcenter_etl.api import Contract, RunResult
    from callcenter_etl.settings import RunSettings

_COMPRESSED = (".gz", ".zst", ".bz2", ".xz")


class Format(StrEnum):
    """How results are shown."""

    text = "text"
    json = "json"


def validate(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            help="Files, globs or addresses such as s3://; - is standard input. Default: run.source.",
        ),
    ] = None,
    *,
    contract: Annotated[
        str, typer.Option("--contract", "-c", metavar="FILE", help="The contract, YAML or JSON.")
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder or s3:// prefix of the run's files."),
    ] = None,
    max_rejected: Annotated[
        str | None,
        typer.Option("--max-rejected", metavar="N|N%", help="Rejects that still pass: a count or a share."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How results are shown.")] = Format.text,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no log lines below error.")
    ] = False,
    chunk_rows: Annotated[
        int | None, typer.Option("--chunk-rows", min=1, metavar="N", help="Most records in a chunk.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Run although the output already holds what this source gives.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, metavar="N", help="Threads that work on chunks. Default: the cores."
        ),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option("--log-level", metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR.")
    ] = None,
    publish_to: Annotated[
        str | None,
        typer.Option("--publish-to", metavar="URI", help="s3:// prefix that gets copies of the run's files."),
    ] = None,
    staging: Annotated[
        str | None,
        typer.Option("--staging", metavar="DIR", help="Where files for s3:// wait for their upload."),
    ] = None,
) -> None:
    """Put every record of the sources into target or exceptions, by the contract.

    With --output the run writes target.csv, exceptions.csv, rejected.csv and summary.json, all or nothing;
    without, nothing is kept. Exit codes: 0 passed, 1 the data broke the contract, 2 the command line or the
    contract is wrong, 3 the run could not be finished.

    Example: callcenter-etl validate calls.csv --contract contracts/call_center.yaml --output output/calls
    """
    with uncollected():
        from callcenter_etl.api import load_contract
        from callcenter_etl.logs import configure_logs
        from callcenter_etl.reports import RENDERERS
        from callcenter_etl.settings import Options, resolve_settings

    loaded = load_contract(contract)
    options = Options(
        sources=tuple(sources or ()),
        output=output,
        chunk_rows=chunk_rows,
        max_rejected=max_rejected,
        log_level=log_level,
        publish_to=publish_to,
        staging=staging,
        workers=workers,
    )
    settings = resolve_settings(loaded.document.run, options, os.environ)
    configure_logs(settings.log, quiet=quiet)
    jobs = _jobs(settings, loaded)
    results, failures = _run_all(jobs, loaded, root=settings.output, quiet=quiet, again=again)
    kept = settings.output is not None
    records = [result.record if kept else replace(result.record, outputs={}) for result in results]
    RENDERERS[form.value](records, sys.stdout)
    if form is Format.text:
        _say_what_was_not_done(results, kept=kept)
        if not quiet:
            _say_causes(results, loaded)
    raise typer.Exit(max([*(result.exit_code for result in results), *failures]))


def _say_what_was_not_done(results: list[RunResult], *, kept: bool) -> None:
    if not kept:
        print("  nothing was kept (name a folder with --output)")
    for result in results:
        if result.already_done:
            run = result.record
            print(
                f"{printable(shown(result.source))}: already done by run {run.run_id} ({run.finished_at}),"
                " nothing was written (--again runs it anew)"
            )


def _say_causes(results: list[RunResult], contract: Contract) -> None:
    rejects = [
        (result.source, result.output, result.record.records.rejected)
        for result in results
        if result.record.records.rejected and not result.already_done
    ]
    if rejects:
        from callcenter_etl.cli.causes import say_causes

        say_causes(rejects, contract)


def _jobs(settings: RunSettings, contract: Contract) -> list[tuple[str, RunSettings]]:
    """Give each source with its settings: one folder each for several sources or a glob."""
    from callcenter_etl.api import resolve_sources

    if not settings.sources:
        raise UsageError("no source: name one, or declare run.source in the contract")
    found = resolve_sources(list(settings.sources), contract.document.run.storage_options)
    if list(settings.sources) == found and len(found) == 1:
        return [(found[0], settings)]
    taken: set[str] = set()
    jobs: list[tuple[str, RunSettings]] = []
    for source in found:
        stem = _stem(source)
        name = next(
            name
            for number in range(1, len(found) + 2)
            if (name := stem if number == 1 else f"{stem}_{number}") not in taken
        )
        taken.add(name)
        output, copies = _under(settings.output, name), _under(settings.publish_to, name)
        jobs.append((source, replace(settings, output=output, publish_to=copies)))
    return jobs


def _under(folder: str | None, name: str) -> str | None:
    return None if folder is None else within(folder, name)


def _stem(source: str) -> str:
    """Give a folder's name for a source: the file's, without its compression and its extension."""
    if source == "-":
        return "stdin"
    name = base_name(source)
    plain = name.removesuffix(next((suffix for suffix in _COMPRESSED if name.endswith(suffix)), ""))
    return PurePath(plain).stem.lstrip(".") or "source"


def _run_all(
    jobs: list[tuple[str, RunSettings]], contract: Contract, *, root: str | None, quiet: bool, again: bool
) -> tuple[list[RunResult], list[int]]:
    """Run the jobs in turn; give the results, and the exit codes of those that could not be finished.

    One source among several that cannot be read keeps neither the others from running nor their results from
    being shown.
    """
    results: list[RunResult] = []
    failures: list[int] = []
    for source, settings in jobs:
        try:
            results.append(_run(source, contract, settings, root=root, quiet=quiet, again=again))
        except (OutputError, SourceError) as error:
            if len(jobs) == 1:
                raise
            failures.append(say_error(error))
    return results, failures


def _run(
    source: str, contract: Contract, settings: RunSettings, *, root: str | None, quiet: bool, again: bool
) -> RunResult:
    from callcenter_etl.api import validate as run
    from callcenter_etl.cli.progress import shown_progress

    with shown_progress(shown(source), quiet=quiet) as show:
        return run(
            source,
            contract,
            output=settings.output,
            publish_to=settings.publish_to,
            staging=settings.staging,
            chunk_rows=settings.chunk_rows,
            workers=settings.workers,
            max_rejected=settings.max_rejected,
            on_progress=show,
            again=again,
            root=root,
        )
