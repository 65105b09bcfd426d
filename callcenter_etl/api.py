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
from callcenter_etl.sources.source import BLOCK_BYTES
from callcenter_etl.store.access import DEFAULTS, expand, identify
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.uris import check_path, has_query, shown

if TYPE_CHECKING:  # imported where it is used: a run need not wait for pandas and pandera before it reads
    from callcenter_etl.tools.backtest.backtest import BackTest
    from callcenter_etl.tools.compare import ContractChange
    from callcenter_etl.tools.contract_test.contract_test import ContractTest


def say_nothing(folder: str, files: int) -> None:
    """Report no skipped files."""


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
    """Hold one source to a contract and write its target, exceptions, rejected and summary into `output`.

    `output` is a folder or an `s3://` prefix, for which files wait in the local folder `staging`; an `s3://` prefix
    `publish_to` gets copies. Without any the files live as long as the result. `chunk_rows` bounds the records of
    a chunk, `workers` the threads that work on chunks (the contract's `run.workers`, else the cores) and `block_bytes`
    the bytes read at a time; none of them changes the outcome. Where `output` already holds what this source gives under this
    contract, nothing is run, unless `force`; where it holds a run of another source, UsageError is raised, unless `force`. Where an unfinished run of the same left a checkpoint in `output`, the
    run resumes from there (`result.record.resumed` tells), unless not to `resume`; one is written every
    `checkpoint_seconds`, none where that is 0. `root` is the folder or prefix whose ledger records the run, `output`
    itself by default. `target_format` is `csv` (the accepted records byte for byte), `parquet` (typed by the contract,
    as its `run.layout` says), `delta` or `iceberg` (committed to the table that its `run.table` names). `engine` is what
    does the work: `local`, threads of this process, or `spark`, which takes tasks of `range_bytes` in the active Spark
    session, else in a local one of `workers`; it takes no checkpoints and resumes from none. Raises SourceError,
    OutputError, EngineError, ContractError or UsageError; ArgumentTypeError, which is one, for an argument of another
    type. Several sources, or a pattern, are validated one by one: see `find_sources`.
    """
    check_types(locals(), _OPTION_KINDS)  # first of all: only the arguments are local yet
    contract = as_contract(contract)
    source = _one_source(source, contract.document.run.storage_options)
    for name, number, least in (
        ("chunk_rows", chunk_rows, 1),
        ("workers", workers, 1),
        ("block_bytes", block_bytes, 1),
        ("range_bytes", range_bytes, 1),
        ("checkpoint_seconds", checkpoint_seconds, 0),
    ):
        if number is not None and number < least:
            raise UsageError(f"{name} must be at least {least}, got {number}")
    defaults = contract.document.run
    engine = defaults.engine if engine is None else engine
    parts = defaults.parts if parts is None else parts
    check_engine(engine, parts=parts)
    if output is None and publish_to is not None:
        output, publish_to = publish_to, None
    if parts and publish_to is not None:
        raise UsageError("--parts: part files are not copied (name the s3:// prefix as the output itself)")
    target_format = target_format or defaults.target_format
    if target_format not in get_args(TargetFormat):
        known = ", ".join(get_args(TargetFormat))
        raise UsageError(f"target_format: {target_format!r} is none of {known}")
    if parts and target_format != "csv":
        raise UsageError(
            f"--parts: part files are CSV, not {target_format} (leave --parts or --target-format out; a run.layout"
            " gives folders of Parquet)"
        )
    keep = TemporaryOutput() if output is None else None
    check_path(source, output, publish_to, staging, root)
    folder = os.fspath(output) if output is not None else keep.name if keep is not None else ""
    plan = RunPlan(
        source=source,
        output=folder,
        limits=_limits(contract.document.limits, max_rejected),
        chunk_rows=chunk_rows or defaults.chunk_rows,
        workers=workers or defaults.workers or usable_cores(),
        block_bytes=block_bytes,
        publish_to=publish_to,
        staging=defaults.staging if staging is None else os.fspath(staging),
        checkpoint_seconds=defaults.checkpoint_seconds if checkpoint_seconds is None else checkpoint_seconds,
        resume=resume and engine == "local",
        target_format=target_format,
        engine=engine,
        parts=parts,
        range_bytes=range_bytes,
    )
    run = partial(run_source, on_progress=on_progress)
    if keep is not None:
        outcome = _run_for_itself(plan, contract, run, keep)
    else:
        run_it = run_forced if force else run_idempotent
        outcome = run_it(plan, contract.loaded, root=os.fspath(root) if root is not None else folder, run=run)
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
    """Run into a folder that nobody else knows, so without lock and ledger; it goes with the result."""
    try:
        return RunOutcome(run(plan, contract.loaded))
    except BaseException:
        folder.cleanup()
        raise


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
    """Return the address of the one source. Raises UsageError for what names several or holds the records itself."""
    if is_frame(source):
        raise ArgumentTypeError(
            f"source: a path or an address is expected, not {kind_of(source)}"
            " (contract.split(frame) splits a DataFrame of text)"
        )
    if isinstance(source, (list, tuple, set, frozenset, Iterator)):
        raise ArgumentTypeError(f"source: a path or an address is expected, not {kind_of(source)} ({_EACH})")
    path = path_of("source", source)
    # The question mark of a web address begins its query, which may hold a secret.
    if glob.has_magic(path) and not has_query(path) and not _is_there(path, storage):
        name = shown(path)
        raise UsageError(f"source: {name!r} is a pattern ({_EACH} of find_sources({name!r}))")
    return path


def _is_there(path: str, storage: StorageOptions) -> bool:
    """Return whether a source has just that name: `a[1].csv` is a name too. Other failures are left to the run."""
    try:
        identify(path, storage)
    except MissingError:
        return False
    except SourceError:
        return True
    return True


def diff_contracts(old: Contract, new: Contract) -> tuple[ContractChange, ...]:
    """Give every change from one contract to another with its effect, the breaking ones first."""
    from callcenter_etl.tools.compare import compare_contracts

    return compare_contracts(old.loaded, new.loaded)


def back_tests(
    sources: Sequence[str], old: Contract, new: Contract, *, block_bytes: int = BLOCK_BYTES
) -> Iterator[BackTest]:
    """Hold each source to both contracts and count the records whose verdict flips; nothing is written.

    Raises SourceError where a source or lookup cannot be read, UsageError for standard input.
    """
    from callcenter_etl.tools.backtest.backtest import back_test
    from callcenter_etl.tools.backtest.evaluation import Evaluator

    evaluators = [Evaluator(contract.loaded, block_bytes=block_bytes) for contract in (old, new)]
    for source in sources:
        yield back_test(source, *evaluators)


def examine_contract(contract: Contract) -> ContractTest:
    """Hold a contract's examples to it, and search, for each rule, a record that breaks that one alone.

    Raises SourceError when a lookup cannot be read.
    """
    from callcenter_etl.tools.contract_test.contract_test import run_contract_test

    return run_contract_test(contract.loaded)


def resolve_sources(
    patterns: list[str],
    storage: StorageOptions = DEFAULTS,
    *,
    on_skipped: Callable[[str, int], None] = say_nothing,
) -> list[str]:
    """Return the sources that names and patterns mean, in order, each once.

    A pattern never means the files of earlier runs: `on_skipped` gets the folder and the number of those it matches.
    A name does. Raises SourceError when a pattern matches no other file.
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
