"""The sources of one command: each with its settings and its folder, run in turn."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import PurePath

from callcenter_etl.api import validate_source
from callcenter_etl.api_contract import Contract
from callcenter_etl.cli.exit_codes import print_error, say_skipped
from callcenter_etl.cli.progress import shown_progress
from callcenter_etl.errors import (
    CallcenterEtlError,
    EngineError,
    OtherSourceError,
    OutputError,
    SourceError,
    UsageError,
)
from callcenter_etl.memory_errors import OutOfMemoryError
from callcenter_etl.run.options import RunOptions
from callcenter_etl.run.result import RunResult
from callcenter_etl.source_patterns import resolve_sources, say_nothing
from callcenter_etl.store.uris import base_name, shown, within
from callcenter_etl.terminal import printable

_COMPRESSED = (".gz", ".zst", ".bz2", ".xz")


def jobs_of(options: RunOptions, contract: Contract, *, quiet: bool = False) -> list[tuple[str, RunOptions]]:
    """Return each source with its settings.

    A single source that is named writes into the output itself. Several sources, or a pattern whatever it matches,
    write into a folder each, so that the layout does not depend on how many files there are today. A pattern that
    the shell has expanded to one file cannot be told from a name.
    """
    if not options.sources:
        raise UsageError("no source: name one, or declare run.source in the contract")
    storage = contract.document.run.storage_options
    found = resolve_sources(list(options.sources), storage, on_skipped=say_nothing if quiet else say_skipped)
    if list(options.sources) == found and len(found) == 1:
        return [(found[0], options)]
    taken: set[str] = set()
    jobs: list[tuple[str, RunOptions]] = []
    for source in found:
        stem = _stem(source)
        name = next(
            name
            for number in range(1, len(found) + 2)
            if (name := stem if number == 1 else f"{stem}_{number}") not in taken
        )
        taken.add(name)
        output, copies = _under(options.output, name), _under(options.publish_to, name)
        jobs.append((source, replace(options, output=output, publish_to=copies)))
    return jobs


def _under(folder: str | None, name: str) -> str | None:
    return None if folder is None else within(folder, name)


def _stem(source: str) -> str:
    """Return a folder's name for a source: the file's, without its compression and its extension."""
    if source == "-":
        return "stdin"
    name = base_name(source)
    plain = name.removesuffix(next((suffix for suffix in _COMPRESSED if name.endswith(suffix)), ""))
    return PurePath(plain).stem.lstrip(".") or "source"


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How the sources of one command are run."""

    root: str | None
    quiet: bool
    resume: bool | None


def run_all(
    jobs: list[tuple[str, RunOptions]], contract: Contract, ways: BatchOptions
) -> tuple[list[RunResult], list[tuple[str, CallcenterEtlError]]]:
    """Run the jobs in turn; give the results, and the sources that could not be finished with their errors.

    One source among several that cannot be read, or written where another one was, keeps neither the others from running nor their results from
    being shown.
    """
    results: list[RunResult] = []
    failures: list[tuple[str, CallcenterEtlError]] = []
    if ways.resume and any(options.engine == "spark" for _, options in jobs):
        raise UsageError(
            "--resume: a run of --engine spark takes no checkpoints, there is nothing to go on from"
            " (leave --resume out: the run starts from the beginning)"
        )
    for source, options in jobs:
        try:
            results.append(_run(source, contract, options, ways))
        except (EngineError, OutOfMemoryError, OtherSourceError, OutputError, SourceError) as error:
            print_error(error)
            failures.append((source, error))
    return results, failures


def _run(source: str, contract: Contract, options: RunOptions, ways: BatchOptions) -> RunResult:
    with shown_progress(shown(source), quiet=ways.quiet) as show:
        result = validate_source(
            source, contract, options, resume=ways.resume is not False, root=ways.root, on_progress=show
        )
    _log_where_resumed(result, ways)
    return result


def _log_where_resumed(result: RunResult, ways: BatchOptions) -> None:
    resumed, source = result.record.resumed, printable(shown(result.source))
    if resumed is not None and not ways.quiet:
        print(f"{source}: resumed run {resumed.run_id} at line {resumed.line:,}", file=sys.stderr)
    elif resumed is None and ways.resume and not result.already_done:
        print(f"{source}: nothing to resume, the run started from the beginning", file=sys.stderr)
