"""Runs the sources of one command in turn, each with its settings and its output folder."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import PurePath

from callcenter_etl.api import validate_source
from callcenter_etl.api_contract import Contract
from callcenter_etl.cli.exit_codes import print_error, print_skipped
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
from callcenter_etl.source_patterns import ignore_skipped, members_or_archive, resolve_sources
from callcenter_etl.sources.side_file_reader import without_side_files
from callcenter_etl.store.uris import base_name, shown, within
from callcenter_etl.terminal import printable

_COMPRESSED = (".gz", ".zst", ".bz2", ".xz")


def jobs_of(options: RunOptions, contract: Contract, *, quiet: bool = False) -> list[tuple[str, RunOptions]]:
    """Return each source with its options. Raises UsageError if there is none.

    A single source given by name writes into the output itself. Several sources, or a pattern, write into a folder
    each, so that the layout does not depend on the number of files that happen to match. A pattern that the shell
    expanded to one file looks like a name, so it is treated as one.
    """
    if not options.sources:
        raise UsageError("no source: name one, or declare run.source in the contract")
    storage, member = contract.document.run.storage_options, contract.document.source.member
    found = resolve_sources(
        list(options.sources),
        storage,
        member=member,
        members_of=members_or_archive,
        on_skipped=ignore_skipped if quiet else print_skipped,
    )
    # Also of names: a shell expands a pattern to all files of a folder.
    found = without_side_files(found, contract.document.source)
    # A pattern with one match has been replaced by it, so the two lists differ; an archive by its only member.
    if len(options.sources) == len(found) == 1 and _is_named(found[0], options.sources[0], member):
        return [(found[0], options)]
    taken: set[str] = set()
    jobs: list[tuple[str, RunOptions]] = []
    for source in found:
        stem = _stem(source)
        # Sources of several folders may share a file name; no output may replace another one's.
        name = next(
            name
            for number in range(1, len(found) + 2)
            if (name := stem if number == 1 else f"{stem}_{number}") not in taken
        )
        taken.add(name)
        output, copies = _under(options.output, name), _under(options.publish_to, name)
        jobs.append((source, replace(options, output=output, publish_to=copies)))
    return jobs


def _is_named(source: str, name: str, member: str | None) -> bool:
    """Return whether a source was given by its name, or by that of the archive of which it is the only member."""
    return source == name or (member is None and source.startswith(f"{name}/") and not name.endswith("/"))


def _under(folder: str | None, name: str) -> str | None:
    return None if folder is None else within(folder, name)


def _stem(source: str) -> str:
    """Return the name of a source's output folder: the file name without compression suffix and extension."""
    if source == "-":
        return "stdin"
    name = base_name(source)
    plain = name.removesuffix(next((suffix for suffix in _COMPRESSED if name.endswith(suffix)), ""))
    # A leading dot would hide the folder.
    return PurePath(plain).stem.lstrip(".") or "source"


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The options of one command that apply to all its sources."""

    root: str | None
    quiet: bool
    resume: bool | None


def run_all(
    jobs: list[tuple[str, RunOptions]], contract: Contract, batch: BatchOptions
) -> tuple[list[RunResult], list[tuple[str, CallcenterEtlError]]]:
    """Run the jobs in turn. Returns the results, and the failed sources with their errors."""
    results: list[RunResult] = []
    failures: list[tuple[str, CallcenterEtlError]] = []
    # Only where --resume was asked for: by default a run resumes if it can.
    if batch.resume and any(options.engine == "spark" for _, options in jobs):
        raise UsageError(
            "--resume: a run of --engine spark writes no checkpoints, so there is nothing to resume"
            " (leave --resume out: the run starts from the beginning)"
        )
    # One unreadable source must not prevent the other runs, nor the report of their results.
    for source, options in jobs:
        try:
            results.append(_run(source, contract, options, batch))
        except (EngineError, OutOfMemoryError, OtherSourceError, OutputError, SourceError) as error:
            print_error(error)
            failures.append((source, error))
    return results, failures


def _run(source: str, contract: Contract, options: RunOptions, batch: BatchOptions) -> RunResult:
    with shown_progress(shown(source), quiet=batch.quiet) as show:
        result = validate_source(
            source, contract, options, resume=batch.resume is not False, root=batch.root, on_progress=show
        )
    _log_where_resumed(result, batch)
    return result


def _log_where_resumed(result: RunResult, batch: BatchOptions) -> None:
    resumed, source = result.record.resumed, printable(shown(result.source))
    if resumed is not None and not batch.quiet:
        print(f"{source}: resumed run {resumed.run_id} at line {resumed.line:,}", file=sys.stderr)
    elif resumed is None and batch.resume and not result.already_done:
        print(f"{source}: nothing to resume, the run started from the beginning", file=sys.stderr)
