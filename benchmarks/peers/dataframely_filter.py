"""Peer: a dataframely schema and its `filter`.

python dataframely_filter.py SOURCE OUTDIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import dataframely as dy
import polars as pl

TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
col = pl.col


def _real_date(values: pl.Expr) -> pl.Expr:
    return values.str.contains(DATE) & values.str.to_date("%Y-%m-%d", strict=False).is_not_null()


def _in_range(values: pl.Expr) -> pl.Expr:
    return ~values.str.contains("^[+-]?[0-9]+$") | values.str.to_integer(strict=False).is_between(
        0, 86_400
    ).fill_null(value=False)


class Call(dy.Schema):
    """A call record, all text, as the source has it."""

    line = dy.UInt32()
    call_id = dy.String(regex="^[0-9]+$")
    caller_id = dy.String(nullable=True, regex="^[0-9]+$")
    agent_id = dy.String(nullable=True, regex="^A[0-9]{4}$")
    call_date = dy.String(nullable=True, check={"date": _real_date})
    call_start_time = dy.String(regex=TIME)
    call_end_time = dy.String(regex=TIME)
    call_status = dy.String(
        check={"allowed": lambda values: values.is_in(["COMPLETED", "DROPPED", "FAILED"])}
    )
    talk_seconds = dy.String(nullable=True, regex="^[+-]?[0-9]+$", check={"range": _in_range})
    note = dy.String(nullable=True)

    @dy.rule()
    def ends_after_start(cls) -> pl.Expr:  # noqa: N805 (a dataframely rule is given its schema)
        """Times are compared where both are times."""
        times = col("call_start_time").str.contains(TIME) & col("call_end_time").str.contains(TIME)
        return ~times | (col("call_end_time") >= col("call_start_time"))

    @dy.rule()
    def answered_has_agent(cls) -> pl.Expr:  # noqa: N805
        """Somebody answered a completed call."""
        return (col("call_status") != "COMPLETED") | col("agent_id").is_not_null()


def main(source: Path, folder: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    records = pl.scan_csv(source, infer_schema=False, row_index_name="line", row_index_offset=2)
    accepted, failure = Call.filter(records.collect(engine="streaming"))
    accepted.drop("line").write_csv(folder / "accepted.csv")
    details = failure.details()
    rules = [name for name in details.columns if name not in Call.column_names()]
    reasons = pl.concat_str(
        [pl.when(col(rule) == "invalid").then(pl.lit(rule)) for rule in rules],
        separator="; ",
        ignore_nulls=True,
    )
    details.with_columns(reasons=reasons).drop(rules).write_csv(folder / "rejected.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
