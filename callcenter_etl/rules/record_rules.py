"""Builds the rules over whole records: expressions with an optional condition, and uniqueness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.expressions import ExpressionColumns
from callcenter_etl.contract.model import RecordLookup, RecordRule
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


def expression_rule(rule: RecordRule, known: ExpressionColumns) -> Rule:
    """Return the rule of a check: broken where the check is false and its condition true; unknown is not broken."""
    check = known.compile(rule.check or "")
    when = None if rule.when is None else known.compile(rule.when)

    def broken(columns: ChunkColumns) -> Mask:
        # The inverse of null is null, which the mask reads as False: an unknown check is not broken.
        failed = as_mask(pc.invert(evaluate(check, columns)))
        if when is not None:
            failed &= as_mask(evaluate(when, columns))
        return failed

    condition = "" if rule.when is None else f" when {rule.when}"
    sentence = rule.reason or printable(f"{rule.name}: {rule.check}{condition} does not hold")
    return Rule(id=rule.name, severity=rule.severity, column=None, sentence=sentence, broken=broken)


def unique_rule(rule: RecordRule, key: tuple[str, ...], known: ExpressionColumns) -> Rule:
    """Return the rule of a unique key: broken by every occurrence but the first; the reason names the first one's line.

    Only records for which the condition is true take part.
    """
    when = None if rule.when is None else known.compile(rule.when)
    what = key[0] if len(key) == 1 else f"({', '.join(key)})"
    return Rule(
        id=rule.name,
        severity=rule.severity,
        column=None,
        sentence=rule.reason or printable(f"{what} must be unique, stands first on line {{first_line}}"),
        broken=lambda columns: columns.first_lines[rule.name] >= 0,
        key=key,
        fold=rule.ignore_case,
        takes_part=None if when is None else lambda columns: as_mask(evaluate(when, columns)),
    )


def lookup_rule(rule: RecordRule, lookup: RecordLookup, known: ExpressionColumns) -> Rule:
    """Return the rule of values that must be a row of a file together; a record with an unknown value is not asked."""
    when = None if rule.when is None else known.compile(rule.when)
    names = tuple(lookup.columns)

    def broken(columns: ChunkColumns) -> Mask:
        asked = np.ones(len(columns), dtype=bool) if when is None else as_mask(evaluate(when, columns))
        for name in names:
            asked &= columns.known_mask(name)
        # Not from the contract, since rules compile without lookup files.
        rows = composite_keys([columns.text(name) for name in names])
        return asked & ~as_mask(pc.is_in(rows, value_set=columns.lookups[rule.name]))

    what = f"({', '.join(names)}) must be a row of {lookup.file}"
    return Rule(
        id=rule.name,
        severity=rule.severity,
        column=None,
        sentence=rule.reason or printable(f"{rule.name}: {what}"),
        broken=broken,
        looks_up=True,
    )


def key_values(columns: ChunkColumns, rule: Rule) -> tuple[pa.LargeBinaryArray, np.ndarray]:
    """Return the keys of a unique rule without a blank value, and the indices of their records."""
    takes_part = np.ones(len(columns), dtype=bool) if rule.takes_part is None else rule.takes_part(columns)
    # As in SQL, a key with an empty part is not compared.
    for name in rule.key:
        takes_part &= ~columns.blank_mask(name)
    part = np.flatnonzero(takes_part)
    texts = [columns.text(name) for name in rule.key]
    if len(part) < len(columns):
        texts = [text.take(pa.array(part)) for text in texts]
    if rule.fold:
        texts = [pc.utf8_lower(text) for text in texts]
    keys = (
        composite_keys(texts)
        if len(texts) > 1
        else pc.cast(pc.cast(texts[0], pa.binary()), pa.large_binary())
    )
    return keys, part


def find_first_lines(
    columns: ChunkColumns,
    rule: Rule,
    first_lines: Callable[[pa.LargeBinaryArray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the line of the first occurrence of each record's key, of shape (records,).

    The line is -1 if the record is the first occurrence or has no key.
    """
    keys, part = key_values(columns, rule)
    found = np.full(len(columns), -1, dtype=np.int64)
    if len(part):
        found[part] = first_lines(keys, columns.lines[part])
    return found
