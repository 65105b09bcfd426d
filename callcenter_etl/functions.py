"""The public functions infer, explain, diff and find_sources."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, overload

from callcenter_etl.api import diff_contracts
from callcenter_etl.api_contract import Contract, as_contract
from callcenter_etl.arguments import check_types, path_of
from callcenter_etl.errors import UsageError
from callcenter_etl.run.result import RunResult
from callcenter_etl.source_patterns import only_members, only_source, resolve_sources
from callcenter_etl.sources.side_file_reader import without_side_files

if (
    TYPE_CHECKING
):  # at run time imported in the functions: each needs a part of the package that the others do not
    from callcenter_etl.tools.compare import ContractChange
    from callcenter_etl.tools.explain import Causes, Explanation
    from callcenter_etl.tools.infer.sample_check import SampleOutcome

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
_INFER_TYPES = {
    "id": "a text",
    "delimiter": "a text",
    "tolerance": "a number",
    "max_records": "a whole number",
    "header": "True or False",
}
AnyContract = Contract | str | os.PathLike[str] | Mapping[str, Any]


def find_sources(patterns: Paths, *, contract: AnyContract | None = None) -> list[str]:
    """Return the sources of names and globs, in order and without duplicates, for example to validate each.

    Of an archive they are its members: those that `source.member` of the contract matches, or its only one.
    `contract` also supplies `run.storage_options` for S3, and the names of files beside a source, which are none. Raises SourceError if a glob matches no file, UsageError if an archive has several members and none is meant.
    """
    if contract is None:
        return resolve_sources(_paths_of("patterns", patterns), members_of=only_members)
    document = as_contract(contract).document
    paths = _paths_of("patterns", patterns)
    found = resolve_sources(paths, document.run.storage_options, member=document.source.member)
    return without_side_files(found, document.source)


def _paths_of(name: str, paths: object) -> list[str]:
    # Not any sequence: a text is one of characters.
    if isinstance(paths, (list, tuple)):
        return [path_of(f"{name}[{number}]", path) for number, path in enumerate(paths)]
    return [path_of(name, paths)]


@dataclass(frozen=True, slots=True)
class InferredContract:
    """A contract inferred from samples: its YAML text, the loaded contract, and the result of validating the samples."""

    text: str
    contract: Contract
    outcome: SampleOutcome

    def __repr__(self) -> str:
        counts = f"{self.outcome.accepted:,} of {self.outcome.read:,} records accepted"
        return (
            f"<InferredContract {self.contract.id}: {len(self.contract.document.columns)} columns, {counts}>"
        )


def infer(
    samples: Paths,
    *,
    id: str | None = None,  # noqa: A002  what a contract calls it
    tolerance: float = 0.01,
    max_records: int | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
) -> InferredContract:
    """Infer a contract from one sample or several: paths, globs or addresses.

    `tolerance` is the share of a column's values (0 to below 0.5) that may be outliers of its rules; `max_records`
    limits the records read of each sample; `delimiter` and `header` are guessed by default. Raises SampleError if a
    sample is not delimited text, UsageError if the samples have different layouts, SourceError if one cannot be read.
    """
    from callcenter_etl.tools.infer import InferOptions, infer_contract

    check_types(
        {
            "id": id,
            "tolerance": tolerance,
            "max_records": max_records,
            "delimiter": delimiter,
            "header": header,
        },
        _INFER_TYPES,
    )
    if not 0 <= tolerance < 0.5:
        raise UsageError(f"tolerance: a share from 0 to below 0.5 is expected, not {tolerance!r}")
    if max_records is not None and max_records < 1:
        raise UsageError(f"max_records must be at least 1, got {max_records}")
    paths = _paths_of("samples", samples)
    if not paths:
        raise UsageError("samples: the list is empty (name at least one file)")
    options = InferOptions(
        samples=tuple(resolve_sources(paths, members_of=only_members)),
        id=id,
        # By its shortest text: the float 0.01 itself is not one hundredth.
        tolerance=Fraction(str(tolerance)),
        max_records=max_records,
        delimiter=delimiter,
        header=header,
    )
    found = infer_contract(options)
    return InferredContract(found.text, Contract(found.contract), found.outcome)


@overload
def explain(
    source: str | os.PathLike[str], contract: AnyContract, *, line: int, show_values: bool = False
) -> Explanation: ...
@overload
def explain(
    source: str | os.PathLike[str] | RunResult, contract: AnyContract, *, line: None = None
) -> Causes | None: ...
def explain(
    source: str | os.PathLike[str] | RunResult,
    contract: AnyContract,
    *,
    line: int | None = None,
    show_values: bool = False,
) -> Explanation | Causes | None:
    """Explain the record on a line of a source, or the causes behind the rejects of a run.

    With `line`, `source` is a source. Without it, `source` is the output folder of a run or its result, and the
    return value is None if nothing was rejected or the source was refused. Values of classified columns are masked
    unless `show_values`. Raises UsageError if there is no record on that line or no run in that folder, SourceError
    if a file cannot be read.
    """
    from callcenter_etl.tools.explain import causes_of_run, explain_line

    kinds = {"line": "a whole number", "show_values": "True or False"}
    check_types({"line": line, "show_values": show_values}, kinds)
    loaded = as_contract(contract).loaded
    if line is not None:
        if isinstance(source, RunResult):
            source = source.source
        path = only_source(path_of("source", source), loaded.document)
        return explain_line(path, loaded, line, show_values=show_values)
    output = source.output if isinstance(source, RunResult) else path_of("source", source)
    return causes_of_run(output, loaded)[1]


def diff(old: AnyContract, new: AnyContract) -> tuple[ContractChange, ...]:
    """Return every change from one contract to another with its effect, the breaking ones first.

    Raises ContractError or SourceError if one cannot be loaded.
    """
    return diff_contracts(as_contract(old), as_contract(new))
