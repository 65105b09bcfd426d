"""The public API: validate sources, infer, explain, compare and test contracts."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from callcenter_etl.api_contract import Contract, as_contract
from callcenter_etl.arguments import check_types, is_frame, kind_of, path_of
from callcenter_etl.contract.model import Limits, MaxRejected
from callcenter_etl.contract.run_defaults import Engine, TargetFormat
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.engines.engine_table import check_engine
from callcenter_etl.engines.ranges import RANGE_BYTES
from callcenter_etl.errors import ArgumentTypeError, SourceError, UsageError
from callcenter_etl.own_outputs import without_own_outputs
from callcenter_etl.run.cores import usable_cores
from callcenter_etl.run.execution import ProgressCallback, run_source
from callcenter_etl.run.lifecycle import Run, RunOutcome, run_forced, run_idempotent
from callcenter_etl.run.plan import RunPlan
from callcenter_etl.run.result import RunResult, TemporaryOutput
from callcenter_etl.sources.source_reader import BLOCK_BYTES
from callcenter_etl.store.access import DEFAULTS, expand, identify
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.uris import check_path, has_query, shown

if TYPE_CHECKING:  # at run time imported in the functions: a run starts to read before pandas is imported
    from callcenter_etl.tools.backtest.backtest import BackTest
    from callcenter_etl.tools.compare import ContractChange
    from callcenter_etl.tools.contract_test.contract_test import ContractTest


def ignore_skipped(folder: str, files: int) -> None:
    """Ignore skipped files."""


def validate(
    source: str | os.PathLike[str],
    contract: Contract | str | os.PathLike[str] | Mapping[str, Any],
    *,
    output: str | os.PathLike[str] | None = None,
    chunk_rows: int | None = None,
    workers: int | None = None,
    block_bytes: int = BLOCK_BYTES,
    max_rejected: str | int | MaxRejected | None = None,
    publish_to: str | None = None,
    staging: str | os.PathLike[str] | None = None,
    on_progress: ProgressCallback | None = None,
    force: bool = False,
    resume: bool = True,
    checkpoint_seconds: float | None = None,
    root: str | os.PathLike[str] | None = None,
    target_format: TargetFormat | None = None,
    engine: Engine | None = None,
    parts: bool | None = None,
    range_bytes: int = RANGE_BYTES,
) -> RunResult:
    """Validate one source against a contract and write target, exceptions, rejected and summary to `output`.

    - `output` is a folder or an `s3://` prefix, by default a temporary folder that lives as long as the result.
      `publish_to` is an `s3://` prefix for copies of the files. `staging` is a local folder for files before upload.
      `root` is the folder or prefix of the ledger that records the run, by default `output`.
    - `chunk_rows` (records in a chunk), `workers` (threads, by default `run.workers` of the contract, then the number
      of cores), `block_bytes` (bytes read at a time) and `range_bytes` (bytes of a Spark task) do not affect the
      outcome.
    - `max_rejected` replaces the limit of the contract: a count, or a percentage such as "5%".
    - If `output` already holds this run (same source, contract and options), nothing is run. If it holds a run of
      another source, UsageError is raised. `force` runs in both cases.
    - An interrupted run is resumed from the checkpoint in `output` unless `resume` is False; then
      `result.record.resumed` is set. A checkpoint is written every `checkpoint_seconds`, 0 for never.
    - `target_format` is `csv` (the accepted records byte for byte), `parquet` (typed, as `run.layout` declares),
      `delta` or `iceberg` (committed to the table of `run.table`).
    - `engine` is `local` (threads of this process) or `spark` (the active Spark session, else a local one with
      `workers` threads), which writes and reads no checkpoints. `parts` writes folders of part files on Spark.
    - `on_progress` is called with the counts so far.

    Raises SourceError, OutputError, EngineError, ContractError or UsageError; its subclass ArgumentTypeError for an
    argument of another type. For several sources or a pattern, call it for each result of `find_sources`.
    """
    arguments = dict(locals())  # first of all: only the arguments are local yet
    check_types(arguments, _OPTION_KINDS)
    contract = as_contract(contract)
    resolved = _resolved(arguments, contract)
    keep = TemporaryOutput() if resolved["output"] is None else None
    folder = os.fspath(resolved["output"]) if keep is None else keep.name
    plan = _plan(resolved, contract, folder)
    run = partial(run_source, on_progress=on_progress)
    if keep is not None:
        outcome = _run_for_itself(plan, contract, run, keep)
    else:
        run_it = run_forced if force else run_idempotent
        outcome = run_it(plan, contract.loaded, root=os.fspath(root) if root is not None else folder, run=run)
    return _result(plan, contract, outcome, keep)


def _resolved(arguments: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    """Return the arguments with defaults of the contract filled in. Raises UsageError if they do not fit together."""
    defaults = contract.document.run
    source = _one_source(arguments["source"], defaults.storage_options)
    for name, least in _MINIMUMS.items():
        if arguments[name] is not None and arguments[name] < least:
            raise UsageError(f"{name} must be at least {least}, got {arguments[name]}")
    engine = defaults.engine if arguments["engine"] is None else arguments["engine"]
    parts = defaults.parts if arguments["parts"] is None else arguments["parts"]
    check_engine(engine, parts=parts)
    output, publish_to = arguments["output"], arguments["publish_to"]
    if output is None and publish_to is not None:
        output, publish_to = publish_to, None
    target_format = arguments["target_format"] or defaults.target_format
    _check_parts(parts=parts, publish_to=publish_to, target_format=target_format)
    check_path(source, output, publish_to, arguments["staging"], arguments["root"])
    return {
        **arguments,
        "source": source,
        "engine": engine,
        "parts": parts,
        "output": output,
        "publish_to": publish_to,
        "target_format": target_format,
    }


def _check_parts(*, parts: bool, publish_to: str | None, target_format: str) -> None:
    if parts and publish_to is not None:
        raise UsageError("--parts: part files are not copied (name the s3:// prefix as the output itself)")
    if target_format not in get_args(TargetFormat):
        known = ", ".join(get_args(TargetFormat))
        raise UsageError(f"target_format: {target_format!r} is none of {known}")
    if parts and target_format != "csv":
        raise UsageError(
            f"--parts: part files are CSV, not {target_format} (leave --parts or --target-format out; a run.layout"
            " gives folders of Parquet)"
        )


def _plan(resolved: Mapping[str, Any], contract: Contract, folder: str) -> RunPlan:
    defaults = contract.document.run
    staging, seconds = resolved["staging"], resolved["checkpoint_seconds"]
    return RunPlan(
        source=resolved["source"],
        output=folder,
        limits=_limits(contract.document.limits, resolved["max_rejected"]),
        chunk_rows=resolved["chunk_rows"] or defaults.chunk_rows,
        workers=resolved["workers"] or defaults.workers or usable_cores(),
        block_bytes=resolved["block_bytes"],
        publish_to=resolved["publish_to"],
        staging=defaults.staging if staging is None else os.fspath(staging),
        checkpoint_seconds=defaults.checkpoint_seconds if seconds is None else seconds,
        # Only the local engine writes checkpoints: on Spark, blocks in work are on other machines.
        resume=resolved["resume"] and resolved["engine"] == "local",
        target_format=resolved["target_format"],
        engine=resolved["engine"],
        parts=resolved["parts"],
        range_bytes=resolved["range_bytes"],
    )


def _result(
    plan: RunPlan, contract: Contract, outcome: RunOutcome, keep: TemporaryOutput | None
) -> RunResult:
    defaults = contract.document.run
    return RunResult(
        record=outcome.summary,
        source=plan.source,
        output=plan.output,
        already_done=outcome.already_done,
        replaced=outcome.replaced,
        _excel_safe=defaults.exceptions.excel_safe,
        _keep=keep,
        _storage=defaults.storage_options,
    )


def _limits(declared: Limits, max_rejected: str | int | MaxRejected | None) -> Limits:
    if max_rejected is None:
        return declared
    if not isinstance(max_rejected, MaxRejected):
        try:
            max_rejected = MaxRejected.parse(str(max_rejected))
        except UsageError as error:
            raise UsageError(f"max_rejected: {error}") from error
    return declared.model_copy(update={"max_rejected": max_rejected})


def _run_for_itself(plan: RunPlan, contract: Contract, run: Run, folder: TemporaryOutput) -> RunOutcome:
    """Run into a temporary folder, without lock and ledger, since no other run can use it."""
    try:
        return RunOutcome(run(plan, contract.loaded))
    except BaseException:
        folder.cleanup()
        raise


_MINIMUMS = {
    **dict.fromkeys(("chunk_rows", "workers", "block_bytes", "range_bytes"), 1),
    "checkpoint_seconds": 0,
}
_OPTION_KINDS = {
    **dict.fromkeys(("chunk_rows", "workers", "block_bytes", "range_bytes"), "a whole number"),
    "checkpoint_seconds": "a number",
    **dict.fromkeys(("force", "resume", "parts"), "True or False"),
    **dict.fromkeys(("publish_to", "target_format", "engine"), "a text"),
    **dict.fromkeys(("output", "staging", "root"), "a path or an address"),
    "on_progress": "a function",
}
_EACH = "validate takes one source: call it for each, with an output of its own"


def _one_source(source: object, storage: StorageOptions) -> str:
    """Return the address of the source. Raises UsageError for several sources, a pattern or a DataFrame."""
    if is_frame(source):
        raise ArgumentTypeError(
            f"source: a path or an address is expected, not {kind_of(source)}"
            " (contract.split(frame) splits a DataFrame of text)"
        )
    if isinstance(source, (list, tuple, set, frozenset, Iterator)):
        raise ArgumentTypeError(f"source: a path or an address is expected, not {kind_of(source)} ({_EACH})")
    path = path_of("source", source)
    # A question mark in a web address begins its query, which may hold a secret, and is not a wildcard.
    if glob.has_magic(path) and not has_query(path) and not _is_there(path, storage):
        name = shown(path)
        raise UsageError(f"source: {name!r} is a pattern ({_EACH} of find_sources({name!r}))")
    return path


def _is_there(path: str, storage: StorageOptions) -> bool:
    """Return whether a source of this very name exists: `a[1].csv` may be a name. The run reports other errors."""
    try:
        identify(path, storage)
    except MissingError:
        return False
    except SourceError:
        return True
    return True


def diff_contracts(old: Contract, new: Contract) -> tuple[ContractChange, ...]:
    """Return every change from one contract to another with its effect, the breaking ones first."""
    from callcenter_etl.tools.compare import compare_contracts

    return compare_contracts(old.loaded, new.loaded)


def back_tests(
    sources: Sequence[str], old: Contract, new: Contract, *, block_bytes: int = BLOCK_BYTES
) -> Iterator[BackTest]:
    """Yield, for each source, the records with another verdict under the new contract. No file is written.

    Raises SourceError if a source or lookup cannot be read, UsageError for standard input.
    """
    from callcenter_etl.tools.backtest.backtest import back_test
    from callcenter_etl.tools.backtest.evaluation import Evaluator

    evaluators = [Evaluator(contract.loaded, block_bytes=block_bytes) for contract in (old, new)]
    for source in sources:
        yield back_test(source, *evaluators)


def examine_contract(contract: Contract) -> ContractTest:
    """Test a contract: check its examples, and search for each rule a record that breaks that rule alone.

    Raises SourceError if a lookup cannot be read.
    """
    from callcenter_etl.tools.contract_test.contract_test import run_contract_test

    return run_contract_test(contract.loaded)


def resolve_sources(
    patterns: list[str],
    storage: StorageOptions = DEFAULTS,
    *,
    on_skipped: Callable[[str, int], None] = ignore_skipped,
) -> list[str]:
    """Return the sources of names and patterns, in order and without duplicates.

    A pattern skips the files of earlier runs; `on_skipped` gets their folder and number. A name is never skipped.
    Raises SourceError if a pattern matches no file that is left.
    """
    return list(dict.fromkeys(uri for pattern in patterns for uri in _expanded(pattern, storage, on_skipped)))


def _expanded(pattern: str, storage: StorageOptions, on_skipped: Callable[[str, int], None]) -> Sequence[str]:
    found = expand(pattern, storage)
    if found == (pattern,):
        return found
    kept = without_own_outputs(found, storage, on_skipped)
    if not kept:
        raise SourceError(f"{shown(pattern)}: matches only files that earlier runs have written")
    return kept
