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


UNIQUE = RuleKind(
    key="unique",
    asks=Asked.TYPED_VALUES,
    compares_records=True,
    mask=_mask,
    sentence=lambda column: f"{column.name} must be unique, '{{value}}' stands first on line {{first_line}}",
    kept=lambda _: "no earlier record has this value",
    broken="occurred before",
    outliers="occurred before",
    declared=lambda _: "true",
    reported=lambda _: "true",
    is_wider=lambda _before, _after: True,
    newly_rejected=lambda _before, _after: "values that occur in an earlier record",
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
    ),
)
