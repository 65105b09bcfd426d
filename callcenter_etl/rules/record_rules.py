"""Builds the rules over whole records: expressions with an optional condition, and uniqueness."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.expressions import compile_expression
from callcenter_etl.contract.model import RecordRule
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.expression_evaluator import evaluate
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.rule import Rule
from callcenter_etl.terminal import printable
from callcenter_etl.uniqueness import composite_keys


def _short_records(columns: ChunkColumns) -> Mask:
    return np.zeros(len(columns), dtype=bool) if columns.short is None else columns.short


# The reader marks these records, so that no expression can ask for them.
SHORT_RECORD = Rule(
    id="record.short",
    severity="warn",
    column=None,
    sentence="fields at the end of the record are missing, and are read as empty values",
    broken=_short_records,
)


def expression_rule(rule: RecordRule, types: Mapping[str, str]) -> Rule:
    """Return the rule of a check: broken where the check is false and its condition true; unknown is not broken."""
    check = compile_expression(rule.check or "", types)
    when = None if rule.when is None else compile_expression(rule.when, types)

    def broken(columns: ChunkColumns) -> Mask:
        # The inverse of null is null, which the mask reads as False: an unknown check is not broken.
        failed = as_mask(pc.invert(evaluate(check, columns)))
        if when is not None:
            failed &= as_mask(evaluate(when, columns))
        return failed

    condition = "" if rule.when is None else f" when {rule.when}"
    sentence = rule.reason or printable(f"{rule.name}: {rule.check}{condition} does not hold")
    return Rule(id=rule.name, severity=rule.severity, column=None, sentence=sentence, broken=broken)


def unique_rule(rule: RecordRule, key: tuple[str, ...]) -> Rule:
    """Return the rule of a unique key: broken by every occurrence but the first; the reason names the first one's line."""
    what = key[0] if len(key) == 1 else f"({', '.join(key)})"
    return Rule(
        id=rule.name,
        severity=rule.severity,
        column=None,
        sentence=rule.reason or printable(f"{what} must be unique, stands first on line {{first_line}}"),
        broken=lambda columns: columns.first_lines[rule.name] >= 0,
        key=key,
    )


def key_values(columns: ChunkColumns, key: tuple[str, ...]) -> tuple[pa.LargeBinaryArray, np.ndarray]:
    """Return the keys without a blank value, and the indices of their records."""
    blank = np.zeros(len(columns), dtype=bool)
    # As in SQL, a key with an empty part is not compared.
    for name in key:
        blank |= columns.blank_mask(name)
    part = np.flatnonzero(~blank)
    texts = [columns.text(name) for name in key]
    if len(part) < len(columns):
        texts = [text.take(pa.array(part)) for text in texts]
    keys = (
        composite_keys(texts)
        if len(texts) > 1
        else pc.cast(pc.cast(texts[0], pa.binary()), pa.large_binary())
    )
    return keys, part


def find_first_lines(
    columns: ChunkColumns,
    key: tuple[str, ...],
    first_lines: Callable[[pa.LargeBinaryArray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the line of the first occurrence of each record's key, of shape (records,).

    The line is -1 if the record is the first occurrence or has no key.
    """
    keys, part = key_values(columns, key)
    found = np.full(len(columns), -1, dtype=np.int64)
    if len(part):
        found[part] = first_lines(keys, columns.lines[part])
    return found
