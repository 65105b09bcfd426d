"""The public API: load a contract, hold data to it."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from callcenter_etl.card import card
from callcenter_etl.contract.loader import READ_BYTES, LoadedContract, load_document
from callcenter_etl.contract.model import ContractDocument, Limits, MaxRejected
from callcenter_etl.contract.run_defaults import Engine, TargetFormat
from callcenter_etl.contract.storage import StorageOptions
from callcenter_etl.engines.engine import check_engine
from callcenter_etl.engines.ranges import RANGE_BYTES
from callcenter_etl.errors import ContractError, Fault, OutputError, UsageError
from callcenter_etl.imports import importing_pandera
from callcenter_etl.once import Outcome, Run, run_again, run_unless_done
from callcenter_etl.outputs.cells import unescape
from callcenter_etl.outputs.names import EXCEPTIONS
from callcenter_etl.outputs.parts import file_uris
from callcenter_etl.outputs.rejections import Rejection, read_rejections
from callcenter_etl.plan import RunPlan
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.run import ProgressCallback, run_source
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.sources.reader import BLOCK_BYTES
from callcenter_etl.storage.access import DEFAULTS, expand, read_bytes
from callcenter_etl.summary import Summary, exit_code
from callcenter_etl.validator import Validator

if TYPE_CHECKING:  # imported where it is used: a run need not wait for pandas and pandera before it reads
    import pandas as pd
    import pyarrow as pa

    from callcenter_etl.change.backtest import BackTest
    from callcenter_etl.change.trial import Trial
    from callcenter_etl.contract.diff import Change
    from callcenter_etl.rules.schema import DataFrameSchema


class Contract:
    """A loaded contract: its document, its pandera schema, and a split of data in memory."""

    def __init__(self, loaded: LoadedContract) -> None:
        self.loaded = loaded

    @property
    def document(self) -> ContractDocument:
        """The contract as declared."""
        return self.loaded.document

    @property
    def id(self) -> str:
        """The contract's id."""
        return self.document.contract

    @property
    def version(self) -> str:
        """The contract's version."""
        return self.document.version

    @cached_property
    def schema(self) -> DataFrameSchema:
        """The contract as a pandera schema for any DataFrame of text; use it with `lazy=True` or without."""
        with importing_pandera():
            from callcenter_etl.rules.schema import text_schema

        return text_schema(self.document, compile_rules(self.document), lambda: self._lookups)

    @cached_property
    def _lookups(self) -> Mapping[str, pa.Array]:
        return load_lookups(self.document, self.loaded.origin)

    def split(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Split a DataFrame of text into its accepted and its rejected records.

        Both keep the frame's columns and index; the rejected ones also have `reject_rules` and
        `reject_reasons`. Missing values count as empty. `{line}` in a reason is the record's place in the frame
        counted as in a file with a header. Raises UsageError when a column is missing, TypeError for a column
        that is not text.
        """
        with importing_pandera():
            from callcenter_etl.rules.schema import columns_of, with_first_lines

        missing = [column.name for column in self.document.columns if column.name not in frame.columns]
        if missing:
            raise UsageError(
                f"the frame lacks the columns {', '.join(map(repr, missing))} of contract {self.id!r}"
            )
        validator = Validator(self.document, lookups=self._lookups)
        columns = columns_of(frame, self.document, self._lookups)
        columns = with_first_lines(columns, tuple(rule for rule in validator.rules if rule.key))
        verdict = validator.judge(columns)
        grounds = validator.grounds(verdict)
        rejected = frame[verdict.rejected].copy()
        rejected["reject_rules"] = grounds.rules.to_pylist()
        rejected["reject_reasons"] = grounds.reasons.to_pylist()
        return frame[~verdict.rejected].copy(), rejected

    def __repr__(self) -> str:
        return f"<Contract {self.id} {self.version}: {len(self.document.columns)} columns>"


@dataclass(frozen=True)
class RunResult:
    """What a run gave: the summary, and the exceptions as a table.

    With `already_done` nothing was run: the summary is that of the earlier run that did the same.
    """

    record: Summary
    source: str
    output: str
    already_done: bool = False
    _excel_safe: bool = field(default=False, repr=False)
    _keep: object = field(default=None, repr=False)
    _storage: StorageOptions = field(default_factory=StorageOptions, repr=False)

    @property
    def summary(self) -> dict[str, Any]:
        """The summary as `summary.json` holds it."""
        return self.record.to_dict()

    @property
    def passed(self) -> bool:
        """True where nothing was rejected, or rejects stayed within a declared limit."""
        return self.record.status == "passed"

    @property
    def exit_code(self) -> int:
        """The exit code that the command line gives for this result."""
        return exit_code(self.record.status)

    @cached_property
    def exceptions(self) -> pd.DataFrame:
        """The rejected records with line, rules and reasons, all text but the line; empty for a refused source."""
        import pandas as pd

        if EXCEPTIONS not in self.record.outputs:
            return pd.DataFrame(columns=["reject_line", "reject_rules", "reject_reasons", "reject_raw"])
        frame = pd.concat(
            [
                pd.read_csv(
                    io.BytesIO(read_bytes(uri, self._storage)),
                    dtype=str,
                    keep_default_na=False,
                    na_filter=False,
                    encoding="utf-8",
                    lineterminator=None,
                )
                for uri in self.exceptions_uris()
            ],
            ignore_index=True,
        )
        if self._excel_safe:
            frame = frame.rename(columns=unescape).map(unescape)
        return frame.astype({"reject_line": "int64"})

    def rejections(self) -> Generator[Rejection, None, None]:
        """Stream line, rules and reasons of the rejected records in source order; none for a refused source.

        Raises SourceError where the exceptions cannot be read to the end that is asked for.
        """
        if EXCEPTIONS in self.record.outputs:
            for uri in self.exceptions_uris():
                yield from read_rejections(uri, self._storage, excel_safe=self._excel_safe)

    def exceptions_uris(self) -> list[str]:
        """Give the file of the exceptions, or its parts in order; not for a refused source. Raises SourceError."""
        parts = self.record.outputs[EXCEPTIONS].parts
        return file_uris(self.output, EXCEPTIONS, in_parts=parts is not None, storage=self._storage)

    def _repr_html_(self) -> str:
        return card(self.record, already_done=self.already_done)


def load_contract(source: str | os.PathLike[str] | Mapping[str, Any]) -> Contract:
    """Load a contract from a YAML or JSON file, or from a mapping with the same keys.

    Raises ContractError with every fault, SourceError when the file cannot be read.
    """
    return Contract(load_document(source, read_bytes=partial(read_bytes, most=READ_BYTES)))


def load_contracts(sources: Sequence[str]) -> list[Contract]:
    """Load several contracts from files. Raises ContractError with every fault of all of them."""
    faults: list[Fault] = []
    found: list[Contract] = []
    for source in sources:
        try:
            found.append(load_contract(source))
        except ContractError as error:
            faults += error.faults
    if faults:
        raise ContractError(tuple(faults))
    return found


def validate(
    source: str | os.PathLike[str],
    contract: Contract | str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    chunk_rows: int | None = None,
    workers: int | None = None,
    block_bytes: int = BLOCK_BYTES,
    max_rejected: str | int | MaxRejected | None = None,
    publish_to: str | None = None,
    staging: str | os.PathLike[str] | None = None,
    on_progress: ProgressCallback | None = None,
    again: bool = False,
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
    contract, nothing is run, unless `again`. Where an unfinished run of the same left a checkpoint in `output`, the
    run goes on from there (`result.record.resumed` tells), unless not to `resume`; one is written every
    `checkpoint_seconds`, none where that is 0. `root` is the folder or prefix whose ledger records the run, `output`
    itself by default. `target_format` is `csv` (the accepted records byte for byte), `parquet` (typed by the contract,
    as its `run.layout` says), `delta` or `iceberg` (committed to the table that its `run.table` names). `engine` is what
    does the work: `local`, threads of this process, or `spark`, which takes tasks of `range_bytes` in the active Spark
    session, else in a local one of `workers`; it takes no checkpoints and goes on from none. Raises SourceError,
    OutputError, EngineError, ContractError or UsageError.
    """
    contract = contract if isinstance(contract, Contract) else load_contract(contract)
    for name, number, least in (
        ("chunk_rows", chunk_rows, 1),
        ("workers", workers, 1),
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
    if parts and target_format != "csv":
        raise UsageError(
            f"--parts: part files are CSV, not {target_format} (leave --parts or --target-format out; a run.layout"
            " gives folders of Parquet)"
        )
    keep = _KeptWhileUsed() if output is None else None
    folder = os.fspath(output) if output is not None else keep.name if keep is not None else ""
    plan = RunPlan(
        source=os.fspath(source),
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
        run_it = run_again if again else run_unless_done
        outcome = run_it(plan, contract.loaded, root=os.fspath(root) if root is not None else folder, run=run)
    return RunResult(
        record=outcome.summary,
        source=plan.source,
        output=folder,
        already_done=outcome.already_done,
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


def _run_for_itself(plan: RunPlan, contract: Contract, run: Run, folder: _KeptWhileUsed) -> Outcome:
    """Run into a folder that nobody else knows, so without lock and ledger; it goes with the result."""
    try:
        return Outcome(run(plan, contract.loaded))
    except BaseException:
        folder.cleanup()
        raise


def diff_contracts(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Give every change from one contract to another with its effect, the breaking ones first."""
    from callcenter_etl.contract.diff import compare_contracts

    return compare_contracts(old.loaded, new.loaded)


def back_tests(
    sources: Sequence[str], old: Contract, new: Contract, *, block_bytes: int = BLOCK_BYTES
) -> Iterator[BackTest]:
    """Hold each source to both contracts and count the records whose verdict flips; nothing is written.

    Raises SourceError where a source or lookup cannot be read, UsageError for standard input.
    """
    from callcenter_etl.change.backtest import back_test
    from callcenter_etl.change.verdicts import Court

    courts = [Court(contract.loaded, block_bytes=block_bytes) for contract in (old, new)]
    for source in sources:
        yield back_test(source, *courts)


def try_out(contract: Contract) -> Trial:
    """Hold a contract's examples to it, and search, for each rule, a record that breaks that one alone.

    Raises SourceError when a lookup cannot be read.
    """
    from callcenter_etl.change.trial import try_contract

    return try_contract(contract.loaded)


class _KeptWhileUsed:
    """A folder of the system's that goes with its last user. Raises OutputError where none can be made."""

    def __init__(self) -> None:
        try:
            self.name = tempfile.mkdtemp(prefix="callcenter_etl-")
        except OSError as error:
            raise OutputError(
                f"no folder for temporary files can be made (name an output): {error.strerror}"
            ) from error
        # Unlike TemporaryDirectory it is meant to go without a word.
        self._gone = weakref.finalize(self, shutil.rmtree, self.name, ignore_errors=True)

    def cleanup(self) -> None:
        """Remove the folder now."""
        self._gone()


def usable_cores() -> int:
    """Give how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def resolve_sources(patterns: list[str], storage: StorageOptions = DEFAULTS) -> list[str]:
    """Give the sources that names and globs stand for, in order, each once.

    Raises SourceError when a glob names no file.
    """
    return list(dict.fromkeys(uri for pattern in patterns for uri in expand(pattern, storage)))
