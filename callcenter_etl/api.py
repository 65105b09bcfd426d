"""The public API: validate sources, infer, explain, compare and test contracts."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from callcenter_etl.api_contract import Contract, as_contract
from callcenter_etl.arguments import check_types, is_frame, kind_of, path_of
from callcenter_etl.contract.model import Limits, MaxRejected
from callcenter_etl.contract.run_option_table import RUN_OPTIONS, Engine, TargetFormat
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.engines.engine_table import check_engine
from callcenter_etl.engines.ranges import RANGE_BYTES
from callcenter_etl.errors import ArgumentTypeError, SourceError, UsageError
from callcenter_etl.run.cores import usable_cores
from callcenter_etl.run.execution import ProgressCallback, run_source
from callcenter_etl.run.lifecycle import Run, RunOutcome, run_forced, run_idempotent
from callcenter_etl.run.options import RunOptions, keywords, resolve_options
from callcenter_etl.run.plan import RunPlan
from callcenter_etl.run.result import RunResult, TemporaryOutput
from callcenter_etl.source_patterns import only_source
from callcenter_etl.sources.source import BLOCK_BYTES
from callcenter_etl.store.access import identify
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.uris import check_path, has_query, shown

if TYPE_CHECKING:  # at run time imported in the functions: a run starts to read before pandas is imported
    from callcenter_etl.tools.backtest.backtest import BackTest
    from callcenter_etl.tools.compare import ContractChange
    from callcenter_etl.tools.contract_test.contract_test import ContractTest


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
    check_types(arguments, {name: kind for name, kind in _KINDS.items() if name in arguments})
    contract = as_contract(contract)
    # The contract's own output belongs to the command line: a call without an output keeps its files with the result.
    defaults = contract.document.run.model_copy(update={"output": None, "publish_to": None})
    options = resolve_options(defaults, keywords(arguments))
    return validate_source(
        _one_source(source, contract.document.run.storage_options),
        contract,
        options,
        block_bytes=_at_least_one("block_bytes", block_bytes),
        range_bytes=_at_least_one("range_bytes", range_bytes),
        resume=resume,
        root=None if root is None else os.fspath(root),
        on_progress=on_progress,
    )


def validate_source(
    source: str,
    contract: Contract,
    options: RunOptions,
    *,
    block_bytes: int = BLOCK_BYTES,
    range_bytes: int = RANGE_BYTES,
    resume: bool = True,
    root: str | None = None,
    on_progress: ProgressCallback | None = None,
) -> RunResult:
    """Validate one source with resolved options, for `validate`, the command line and Glue jobs.

    Raises what `validate` raises.
    """
    _check_parts(options)
    check_path(source, options.output, options.publish_to, options.staging, root)
    source = only_source(source, contract.document)
    keep = TemporaryOutput() if options.output is None else None
    folder = keep.name if keep is not None else options.output or ""
    plan = replace(
        _plan(options, source=source, output=folder, declared=contract.document.limits),
        block_bytes=block_bytes,
        range_bytes=range_bytes,
        # A run on Spark neither writes nor reads checkpoints.
        resume=resume and options.engine == "local",
    )
    run = partial(run_source, on_progress=on_progress)
    if keep is not None:
        outcome = _run_for_itself(plan, contract, run, keep)
    else:
        run_it = run_forced if options.force else run_idempotent
        outcome = run_it(plan, contract.loaded, root=folder if root is None else root, run=run)
    defaults = contract.document.run
    return RunResult(
        record=outcome.summary,
        source=plan.source,
        output=folder,
        already_done=outcome.already_done,
        replaced=outcome.replaced,
        _excel_safe=defaults.exceptions.excel_safe,
        _keep=keep,
        _storage=defaults.storage_options,
    )


def _plan(options: RunOptions, *, source: str, output: str, declared: Limits) -> RunPlan:
    return RunPlan(
        source=source,
        output=output,
        limits=_limits(declared, options.max_rejected),
        chunk_rows=options.chunk_rows,
        workers=options.workers or usable_cores(),
        publish_to=options.publish_to,
        staging=options.staging,
        checkpoint_seconds=options.checkpoint_seconds,
        target_format=options.target_format,
        engine=options.engine,
        parts=options.parts,
    )


def _check_parts(options: RunOptions) -> None:
    """Raise UsageError for options of part files that do not go together, or an engine that is not installed."""
    check_engine(options.engine, parts=options.parts)
    if options.parts and options.publish_to is not None:
        raise UsageError("--parts: part files are not copied (name the s3:// prefix as the output itself)")
    if options.parts and options.target_format != "csv":
        raise UsageError(
            f"--parts: part files are CSV, not {options.target_format} (leave --parts or --target-format out; a"
            " run.layout gives folders of Parquet)"
        )


def _limits(declared: Limits, max_rejected: MaxRejected | None) -> Limits:
    return declared if max_rejected is None else declared.model_copy(update={"max_rejected": max_rejected})


def _at_least_one(name: str, number: int) -> int:
    if number < 1:
        raise UsageError(f"{name} must be at least 1, got {number}")
    return number


def _run_for_itself(plan: RunPlan, contract: Contract, run: Run, folder: TemporaryOutput) -> RunOutcome:
    """Run into a temporary folder, without lock and ledger, since no other run can use it."""
    try:
        return RunOutcome(run(plan, contract.loaded))
    # Removed now, also after an interrupt: the traceback of the error would keep the folder alive.
    except BaseException:
        folder.cleanup()
        raise


_KIND_NAMES = {
    "choice": "a text",
    "count": "a whole number",
    "flag": "True or False",
    "place": "a path or an address",
    "seconds": "a number",
}
_KINDS = {
    **{name: _KIND_NAMES[option.kind] for name, option in RUN_OPTIONS.items() if option.kind in _KIND_NAMES},
    **dict.fromkeys(("block_bytes", "range_bytes"), "a whole number"),
    "resume": "True or False",
    "root": "a path or an address",
    "on_progress": "a function",
}
_EACH = "validate takes one source: call it for each"


def _one_source(source: object, storage: StorageOptions) -> str:
    """Return the address of the source. Raises UsageError for several sources, a pattern or a DataFrame."""
    if is_frame(source):
        raise ArgumentTypeError(
            f"source: a path or an address is expected, not {kind_of(source)}"
            " (contract.split(frame) splits a DataFrame of text)"
        )
    if isinstance(source, (list, tuple, set, frozenset, Iterator)):
        raise ArgumentTypeError(
            f"source: a path or an address is expected, not {kind_of(source)} ({_EACH}, each with an output of its own)"
        )
    path = path_of("source", source)
    # A question mark in a web address begins its query, which may hold a secret, and is not a wildcard.
    if glob.has_magic(path) and not has_query(path) and not _is_there(path, storage):
        name = shown(path)
        raise UsageError(
            f"source: {name!r} is a pattern ({_EACH} of find_sources({name!r}), each with an output of its own)"
        )
    return path


def _is_there(path: str, storage: StorageOptions) -> bool:
    """Return whether a source of this very name exists: `a[1].csv` may be a name. The run reports other errors."""
    try:
        identify(path, storage)
    except MissingError:
        return False
    # It exists, or that cannot be known: then the run itself reports the cause.
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
