"""A contract's rules as pandera schemas: one for any DataFrame of text, one for the stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.errors import SchemaErrorReason, SchemaErrors

from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.keys import KeyRegistry
from callcenter_etl.rules.columns import ChunkColumns, Mask
from callcenter_etl.rules.records import find_first_lines
from callcenter_etl.rules.rule import Rule

FIRST_RECORD_LINE = 2
Lookups = Mapping[str, pa.Array]
DataFrameSchema = pandera.DataFrameSchema


@dataclass(slots=True)
class MaskSink:
    """Where the checks of one streaming schema find the chunk and leave the masks of broken rules."""

    columns: ChunkColumns | None = None
    masks: dict[str, Mask] = field(default_factory=dict)

    def ask(self, rule: Rule) -> bool:
        """Work out a rule's mask, keep it where it is broken, and tell whether every record keeps the rule."""
        if self.columns is None:
            raise RuntimeError("the streaming schema is validated without a chunk")
        mask = rule.broken(self.columns)
        if mask.any():
            self.masks[rule.id] = mask
            return False
        return True


def streaming_schema(
    document: ContractDocument, rules: tuple[Rule, ...], sink: MaskSink
) -> pandera.DataFrameSchema:
    """Compile the schema that validates chunk by chunk: each check gives one bool and leaves its mask in `sink`.

    One schema serves one thread: pandera changes it while it validates.
    """
    return _schema(document, rules, lambda rule: lambda _: sink.ask(rule), strict=False)


def text_schema(
    document: ContractDocument, rules: tuple[Rule, ...], lookups: Callable[[], Lookups]
) -> pandera.DataFrameSchema:
    """Compile the schema for any DataFrame of text: each check gives one bool a record."""

    def check_of(rule: Rule) -> Callable[[pd.Series | pd.DataFrame], pd.Series]:
        def check(data: pd.Series | pd.DataFrame) -> pd.Series:
            frame = data.to_frame(rule.column) if isinstance(data, pd.Series) else data
            columns = columns_of(frame, document, lookups() if rule.id.endswith(".lookup") else {})
            columns = with_first_lines(columns, tuple(each for each in (rule,) if each.key))
            return pd.Series(~rule.broken(columns), index=data.index)

        return check

    return _schema(document, rules, check_of, strict=document.source.header in ("exact", "any_order"))


def broken_masks(
    schema: pandera.DataFrameSchema, frame: pd.DataFrame, columns: ChunkColumns, sink: MaskSink
) -> dict[str, Mask]:
    """Validate one chunk lazily; give the masks of the rules that are broken, each of shape (records,).

    Raises RuntimeError when a check could not be worked out: pandera would count that as one failure case.
    """
    sink.columns, sink.masks = columns, {}
    try:
        schema.validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK:
                raise RuntimeError(f"a check failed to run: {error}") from errors
    finally:
        sink.columns = None
    return sink.masks


def columns_of(frame: pd.DataFrame, document: ContractDocument, lookups: Lookups) -> ChunkColumns:
    """Take the contract's columns out of a DataFrame of text; missing values count as empty.

    Raises TypeError when a column holds anything but text.
    """
    known = {column.name: column for column in document.columns if column.name in frame.columns}
    return ChunkColumns(
        columns=known,
        empty_values=tuple(document.source.empty_values),
        texts={name: _text_of(frame[name], column) for name, column in known.items()},
        lines=np.arange(len(frame), dtype=np.int64) + FIRST_RECORD_LINE,
        lookups=lookups,
    )


def with_first_lines(columns: ChunkColumns, rules: tuple[Rule, ...]) -> ChunkColumns:
    """Work out the first lines of repeated keys for data that is whole in memory."""
    found: dict[str, np.ndarray] = {}
    for rule in rules:
        with KeyRegistry.temporary() as registry:
            found[rule.id] = find_first_lines(columns, rule.key, registry.first_lines)
    columns.first_lines = found
    return columns


def _text_of(series: pd.Series, column: Column) -> pa.StringArray:
    try:
        values = pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TypeError(f"column {column.name!r} holds more than text (read it with dtype=str)") from error
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], type=values.type)
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        raise TypeError(f"column {column.name!r} is {series.dtype}, not text (read it with dtype=str)")
    return values.cast(pa.string()).fill_null("")


def _schema(
    document: ContractDocument,
    rules: tuple[Rule, ...],
    check_of: Callable[[Rule], Callable[[pd.Series | pd.DataFrame], object]],
    *,
    strict: bool,
) -> pandera.DataFrameSchema:
    checks = {
        rule.id: pandera.Check(check_of(rule), name=rule.id, error=rule.id, ignore_na=False) for rule in rules
    }
    column_rules: dict[str, list[pandera.Check]] = {column.name: [] for column in document.columns}
    record_checks: list[pandera.Check] = []
    for rule in rules:
        target = record_checks if rule.column is None else column_rules[rule.column]
        target.append(checks[rule.id])
    return pandera.DataFrameSchema(
        columns={
            column.name: pandera.Column(
                None, checks=column_rules[column.name], nullable=True, description=column.description
            )
            for column in document.columns
        },
        checks=record_checks,
        name=document.contract,
        description=document.description,
        strict=strict,
        ordered=strict and document.source.header == "exact",
    )
