"""`unique`: no earlier record has the value."""

from __future__ import annotations

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.rule_kind import Asked, Broken, FormChange, RuleKind, always_breakable, no_hints
from callcenter_etl.rules.sample import Sample


def _mask(column: Column) -> Broken:
    name, rule_id = column.name, f"{column.name}.unique"

    def broken(columns: ChunkColumns) -> Mask:
        # A value of another type takes part as text, but it has a fault of its own already.
        return (columns.first_lines[rule_id] >= 0) & columns.known_mask(name)

    return broken


def _case(column: Column) -> str:
    return " in any letter case" if column.ignore_case else ""


def _declared(column: Column) -> str:
    return "true (any letter case)" if column.ignore_case else "true"


UNIQUE = RuleKind(
    key="unique",
    asks=Asked.TYPED_VALUES,
    compares_records=True,
    mask=_mask,
    sentence=lambda column: f"{column.name} must be unique, '{{value}}' stands first on line {{first_line}}",
    kept=lambda column: "no earlier record has this value" + _case(column),
    broken="occurred before",
    outliers="occurred before",
    declared=_declared,
    reported=_declared,
    # Values that differ in letter case alone are one key where it is ignored.
    is_wider=lambda before, after: before.ignore_case or not after.ignore_case,
    newly_rejected=lambda _, after: "values that occur in an earlier record" + _case(after),
    kept_through=frozenset({FormChange.UNTRIMMED}),
    hints=no_hints,  # a single value cannot break it: the search repeats a valid record
    unbreakable=always_breakable,
    samples=(
        Sample(
            "unique",
            "no value occurs twice; the first occurrence satisfies the rule, empty values are ignored",
            "columns:\n  - {name: id, unique: true}\n",
            b"id\n1\n2\n",
            b"id\n1\n1\n",
            "id.unique",
        ),
        Sample(
            "unique",
            "with `ignore_case: true`, values that differ in letter case alone are one",
            "columns:\n  - {name: id, unique: true, ignore_case: true, reason: it occurred before}\n",
            b"id\nA1\nA2\n",
            b"id\nA1\na1\n",
            "id.unique",
        ),
    ),
)
