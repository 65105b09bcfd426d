"""Peer on the shapes: polars expressions made from a contract's columns, lazy and streaming.

python shape_polars.py SOURCE OUTDIR CONTRACT.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl

PATTERNS = {
    "digits": "[0-9]+",
    "decimal": r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?",
    "datetime": "[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
}


def _rules(columns: list[dict[str, object]]) -> dict[str, pl.Expr]:
    rules = {}
    for column in columns:
        name = str(column["name"])
        value = pl.col(name)
        if "type" in column:
            rule = value.str.contains(f"^({PATTERNS[str(column['type'])]})$")
            if column["type"] == "datetime":
                rule &= value.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False).is_not_null()
            rules[f"{name} must be {column['type']}"] = rule
        if "pattern" in column:
            rules[f"{name} must match its pattern"] = value.str.contains(f"^({column['pattern']})$")
        if "max_length" in column:
            rules[f"{name} is too long"] = value.str.len_chars() <= column["max_length"]
        if column.get("unique"):
            rules[f"{name} is repeated"] = value.is_first_distinct()
    return rules


def main(source: Path, folder: Path, contract: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = json.loads(contract.read_text())["columns"]
    # Uniqueness is asked of all records, before any is left out.
    verdicts = {f"rule_{number}": rule for number, rule in enumerate(_rules(columns).values())}
    reasons = dict(zip(verdicts, _rules(columns), strict=True))
    unique = any(column.get("unique") for column in columns)
    records = pl.scan_csv(source, infer_schema=False, row_index_name="line", row_index_offset=2)
    records = records.with_columns(sound=pl.all_horizontal(verdicts.values()).fill_null(value=True))
    why = [
        pl.when(~(pl.col(rule) if unique else verdicts[rule])).then(pl.lit(reason))
        for rule, reason in reasons.items()
    ]
    if unique:
        records = records.with_columns(**verdicts)
    rejected = records.filter(~pl.col("sound")).with_columns(
        reasons=pl.concat_str(why, separator="; ", ignore_nulls=True)
    )
    names = [column["name"] for column in columns]
    pl.collect_all(
        [
            records.filter(pl.col("sound")).select(names).sink_csv(folder / "accepted.csv", lazy=True),
            rejected.select(*names, "line", "reasons").sink_csv(folder / "rejected.csv", lazy=True),
        ],
        engine="streaming",
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
