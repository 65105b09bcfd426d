"""The public class Contract: a loaded contract, its pandera schema, and the split of a DataFrame."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from callcenter_etl.arguments import kind_of, path_of
from callcenter_etl.contract.loader import READ_BYTES, LoadedContract
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import ArgumentTypeError, ContractError, UsageError
from callcenter_etl.imports import importing_pandera
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.store.access import read_bytes
from callcenter_etl.tools.convert.contract_readers import load_any_document

if TYPE_CHECKING:  # at run time imported in the methods: a run starts to read before pandas is imported
    import pandas as pd
    import pyarrow as pa

    from callcenter_etl.rules.text_schema import DataFrameSchema


class Split(NamedTuple):
    """The accepted and rejected records of a DataFrame: `accepted, rejected = contract.split(frame)`."""

    accepted: pd.DataFrame
    rejected: pd.DataFrame

    @property
    def rules(self) -> pd.Series[str]:
        """The ids of the violated rules of each rejected record, joined with `; `, by the frame's index."""
        return self.rejected["reject_rules"]

    @property
    def reasons(self) -> pd.Series[str]:
        """The reasons of each rejected record, joined with `; `, by the frame's index."""
        return self.rejected["reject_reasons"]


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
        """The contract as a pandera schema for any DataFrame of text, for validation with and without `lazy=True`."""
        with importing_pandera():
            from callcenter_etl.rules.text_schema import text_schema

        # Lookup files are read by the first check that needs one, and not when the schema is made.
        return text_schema(self.document, compile_rules(self.document), lambda: self._lookups)

    @cached_property
    def _lookups(self) -> Mapping[str, pa.Array]:
        return load_lookups(self.document, self.loaded.origin)

    def split(self, frame: pd.DataFrame) -> Split:
        """Split a DataFrame of text into its accepted and its rejected records.

        Both keep the frame's columns and index; the rejected records also have the columns `reject_rules` and
        `reject_reasons`. Missing values count as empty. `{line}` in a reason is the position in the frame plus 2, the
        line number in a file with a header. Raises UsageError if a column is missing or duplicated,
        ArgumentTypeError for anything but a pandas DataFrame, and for a column that is not text.
        """
        self._check_frame(frame)
        with importing_pandera():
            from callcenter_etl.rules.text_schema import columns_of, with_first_lines

        validator = Validator(self.document, lookups=self._lookups)
        columns = columns_of(frame, self.document, self._lookups)
        columns = with_first_lines(columns, tuple(rule for rule in validator.rules if rule.key))
        verdict = validator.judge(columns)
        reject_reasons = validator.reject_reasons(verdict)
        # A copy, since columns are added that the caller's frame must not get.
        rejected = frame[verdict.rejected].copy()
        rejected["reject_rules"] = reject_reasons.rules.to_pylist()
        rejected["reject_reasons"] = reject_reasons.reasons.to_pylist()
        return Split(frame[~verdict.rejected].copy(), rejected)

    def _check_frame(self, frame: object) -> None:
        import pandas as pd

        if not isinstance(frame, pd.DataFrame):
            remedy = (
                " (a file is validated with validate(source, contract))" if isinstance(frame, str) else ""
            )
            message = f"frame: a DataFrame of pandas is expected, not {kind_of(frame)}{remedy}"
            raise ArgumentTypeError(message)
        names = list(frame.columns)
        columns = [column for column in self.document.columns if not column.optional]
        missing = [column.name for column in columns if column.name not in names]
        if missing:
            raise UsageError(
                f"the frame lacks the columns {', '.join(map(repr, missing))} of contract {self.id!r}"
            )
        twice = [column.name for column in self.document.columns if names.count(column.name) > 1]
        if twice:
            raise UsageError(f"the frame has the columns {', '.join(map(repr, twice))} more than once")

    def __repr__(self) -> str:
        return f"<Contract {self.id} {self.version}: {len(self.document.columns)} columns>"


def load_contract(source: str | os.PathLike[str] | Mapping[str, Any]) -> Contract:
    """Load a contract from a YAML or JSON file, or from a mapping with the same keys.

    Raises ContractError with every fault, SourceError if the file cannot be read, ArgumentTypeError for anything but
    a path or a mapping.
    """
    given = source if isinstance(source, Mapping) else path_of("contract", source)
    return Contract(load_any_document(given, read_bytes=partial(read_bytes, most=READ_BYTES)))


def as_contract(contract: Contract | str | os.PathLike[str] | Mapping[str, Any]) -> Contract:
    """Return a loaded contract unchanged, and load any other argument. Raises as `load_contract` does."""
    return contract if isinstance(contract, Contract) else load_contract(contract)


def load_contracts(sources: Sequence[str]) -> list[Contract]:
    """Load several contracts from files. Raises one ContractError with the faults of all of them."""
    faults: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    found: list[Contract] = []
    for source in sources:
        try:
            found.append(load_contract(source))
        except ContractError as error:
            faults += error.faults
            warnings += error.warnings
    if faults:
        raise ContractError(tuple(faults), tuple(warnings))
    return found
