"""`lookup`: a value is in a column of another file."""

from __future__ import annotations

import pyarrow.compute as pc

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.rule_kind import (
    GOT,
    NO_CHANGES,
    Asked,
    Broken,
    RuleKind,
    always_breakable,
    demand_of,
    no_hints,
)
from callcenter_etl.rules.sample import Sample


def _mask(column: Column) -> Broken:
    name, rule_id = column.name, f"{column.name}.lookup"

    def broken(columns: ChunkColumns) -> Mask:
        # Not `where_known`, since the allowed values come with the chunk: rules compile without lookup files.
        found = pc.is_in(columns.text(name), value_set=columns.lookups[rule_id])
        return columns.known_mask(name) & ~as_mask(found)

    return broken


def _place(column: Column) -> str:
    return "" if column.lookup is None else f"{column.lookup.column} of {column.lookup.file}"


def _sentence(column: Column) -> str:
    return f"{{column}} must stand in column {_place(column)}{GOT}"


LOOKUP = RuleKind(
    key="lookup",
    asks=Asked.TYPED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="is not in its lookup",
    outliers="are not in the lookup",
    declared=_place,
    reported=lambda column: f"column {_place(column)}",
    is_wider=lambda before, after: before.lookup == after.lookup,
    newly_rejected=lambda _, after: f"values that are not in {_place(after)}",
    kept_through=NO_CHANGES,
    hints=no_hints,  # values of the file are tried if it can be read
    unbreakable=always_breakable,
    samples=(
        Sample(
            "lookup",
            "the value occurs in a column of another CSV file",
            "columns:\n  - {name: id}\n  - {name: value, lookup: {file: agents.csv, column: agent_id}}\n",
            b"id,value\n1,501\n",
            b"id,value\n1,999\n",
            "value.lookup",
            files={"agents.csv": "agent_id\n501\n502\n"},
        ),
        Sample(
            "lookup",
            "with `source`, the file has a dialect of its own; it may be compressed",
            "columns:\n  - {name: id}\n"
            "  - {name: value, lookup: {file: agents.csv, column: agent_id, source: {delimiter: ';'}}}\n",
            b"id,value\n1,501\n",
            b"id,value\n1,999\n",
            "value.lookup",
            files={"agents.csv": "agent_id;site\n501;HYD\n502;BER\n"},
        ),
    ),
)
