"""Reduces columns in the notation of vendors to what other formats compare with the text of the file.

Other tools see values as they are in the file: without `trim` and `case`, with words, separators and formats that they do
not read. So a rule on such values is exported only where it accepts every text that the contract accepts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcenter_etl.contract.duration_formats import DEFAULT_DURATIONS, compile_duration
from callcenter_etl.contract.epoch_formats import EPOCH_UNITS
from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.contract.number_format import number_format

# Values that differ as normalised values differ as texts, and one that is not empty when it is normalised is not empty.
_OF_ANY_NOTATION = ("required", "unique")
_OF_TYPED_VALUES = ("type", "min", "max")


def for_other_tools(document: ContractDocument) -> ContractDocument:
    """Return a contract that accepts every value that `document` accepts, in the notation of other tools."""
    return document.model_copy(
        update={"columns": tuple(column_for_other_tools(column) for column in document.columns)}
    )


def column_for_other_tools(column: Column) -> Column:
    """Return a column without a notation that only this program reads; types become text, with a pattern if there is one."""
    if column.trim or column.case is not None:
        return _as_text(column, [key for key in column.rule_keys if key in _OF_ANY_NOTATION], None)
    on_text = [key for key in column.rule_keys if key not in _OF_TYPED_VALUES]
    if column.true_values is not None or any(each in EPOCH_UNITS for each in column.format):
        return _as_text(column, on_text, None)
    shape = _shape(column)
    return column if shape is None else _as_text(column, on_text, shape)


def _shape(column: Column) -> str | None:
    """Return the pattern of a type in another notation than the usual one, None where it is the usual one."""
    notation = number_format(column)
    if notation is not None:
        return notation.pattern
    if column.type == "duration" and column.formats != DEFAULT_DURATIONS:
        # Without names of groups: a pattern of several alternatives must not repeat a name.
        looks = [
            re.sub(r"\(\?P<\w+>", "(?:", compile_duration(each).regex.pattern) for each in column.formats
        ]
        return "|".join(looks)
    return None


def _as_text(column: Column, kept: Sequence[str], shape: str | None) -> Column:
    changes: dict[str, object] = {"type": "text", "format": (), "rule_keys": tuple(kept)}
    # Two patterns cannot be said, and a pattern without a severity of its own would be an error.
    if shape is not None and "pattern" not in kept and column.severity_of("type") == "error":
        severity = {**column.severity, "pattern": "error"}
        changes |= {"pattern": shape, "rule_keys": (*kept, "pattern"), "severity": severity}
    return column.model_copy(update=changes)
