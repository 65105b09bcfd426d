"""Compiles the rules of a contract to a pandera schema for any DataFrame of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.errors import ArgumentTypeError
from callcenter_etl.rules.chunk_columns import ChunkColumns, empty_texts
from callcenter_etl.rules.record_rules import find_first_lines
from callcenter_etl.rules.rule import Rule
from callcenter_etl.uniqueness import KeyRegistry

FIRST_RECORD_LINE = 2  # as in a file, in which line 1 is the header
Lookups = Mapping[str, pa.Array]
DataFrameSchema = pandera.DataFrameSchema


def text_schema(
    document: ContractDocument, rules: tuple[Rule, ...], lookups: Callable[[], Lookups]
) -> pandera.DataFrameSchema:
    """Return the schema for any DataFrame of text; each check returns one bool for each record."""

    def check_of(rule: Rule) -> Callable[[pd.Series | pd.DataFrame], pd.Series]:
        return partial(keeps, rule, document, lookups)

    source = document.source
    # pandera's `strict` refuses undeclared columns, its `ordered` another order. A frame has names in any case.
    strict = source.header != "none" and not source.carries_columns
    ordered = source.header == "exact"
    return build_schema(document, rules, check_of, strict=strict, ordered=ordered)


def keeps(
    rule: Rule, document: ContractDocument, lookups: Callable[[], Lookups], data: pd.Series | pd.DataFrame
) -> pd.Series:
    """Return, for each record, whether it satisfies a rule; `data` is the rule's column, or the whole frame."""
    frame = data.to_frame(rule.column) if isinstance(data, pd.Series) else data
    # Lookup files are read for such a rule alone.
    columns = columns_of(frame, document, lookups() if rule.looks_up else {})
    columns = with_first_lines(columns, tuple(each for each in (rule,) if each.key))
    return pd.Series(~rule.broken(columns), index=data.index)


def columns_of(frame: pd.DataFrame, document: ContractDocument, lookups: Lookups) -> ChunkColumns:
    """Return the contract's columns of a DataFrame of text; missing values count as empty.

    Raises ArgumentTypeError if a column holds anything but text.
    """
    known = {column.name: column for column in document.columns if column.name in frame.columns}
    absent = {each.name: each for each in document.columns if each.optional and each.name not in known}
    texts = {name: _text_of(frame[name], column) for name, column in known.items()}
    return ChunkColumns(
        columns=known | absent,
        empty_values=tuple(document.source.empty_values),
        texts=texts | dict.fromkeys(absent, empty_texts(len(frame) if absent else 0)),
        lines=np.arange(len(frame), dtype=np.int64) + FIRST_RECORD_LINE,
        lookups=lookups,
        absent=frozenset(absent),
    )


def with_first_lines(columns: ChunkColumns, rules: tuple[Rule, ...]) -> ChunkColumns:
    """Return the columns with the first lines of repeated keys, for data that is completely in memory."""
    found: dict[str, np.ndarray] = {}
    for rule in rules:
        with KeyRegistry.temporary() as registry:
            found[rule.id] = find_first_lines(columns, rule, registry.first_lines)
    return replace(columns, first_lines=found)


def _text_of(series: pd.Series, column: Column) -> pa.StringArray:
    try:
        # With `from_pandas` NaN is a missing value, too.
        values = pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ArgumentTypeError(
            f"column {column.name!r} holds more than text (read it with dtype=str)"
        ) from error
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], type=values.type)
    # A column of missing values alone has Arrow's null type.
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        raise ArgumentTypeError(
            f"column {column.name!r} is {series.dtype}, not text (read it with dtype=str)"
        )
    return values.cast(pa.string()).fill_null("")


def build_schema(
    document: ContractDocument,
    rules: tuple[Rule, ...],
    check_of: Callable[[Rule], Callable[[Any], object]],
    *,
    schema_type: type[DataFrameSchema] = DataFrameSchema,
    column_type: type[pandera.Column] = pandera.Column,
    check_type: type[pandera.Check] = pandera.Check,
    strict: bool = False,
    ordered: bool = False,
) -> DataFrameSchema:
    """Return a schema with a check for every rule, named by its id, on its column or on the whole frame."""
    column_rules: dict[str, list[pandera.Check]] = {column.name: [] for column in document.columns}
    record_checks: list[pandera.Check] = []
    for rule in rules:
        # `ignore_na` is off, because an empty value is a missing one and `required` checks it.
        target = record_checks if rule.column is None else column_rules[rule.column]
        target.append(check_type(check_of(rule), name=rule.id, error=rule.id, ignore_na=False))
    # Columns have neither dtype nor null check: types and empty values are rules with their own reasons.
    return schema_type(
        columns={
            column.name: column_type(
                None,
                checks=column_rules[column.name],
                nullable=True,
                required=not column.optional,
                description=column.description,
            )
            for column in document.columns
        },
        checks=record_checks,
        name=document.contract,
        description=document.description,
        strict=strict,
        ordered=ordered,
    )
