"""Peer: hand-written polars, lazy, on the streaming engine; one scan feeds both sinks.

python polars_streaming.py SOURCE OUTDIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
col = pl.col
START_IS_TIME = col("call_start_time").str.contains(TIME)
END_IS_TIME = col("call_end_time").str.contains(TIME)
IS_INTEGER = col("talk_seconds").str.contains("^[+-]?[0-9]+$")
IN_RANGE = col("talk_seconds").str.to_integer(strict=False).is_between(0, 86_400)
# An empty field is null, and a null verdict breaks no rule.
RULES = {
    "call_id is required": col("call_id").is_not_null(),
    "call_id must be digits": col("call_id").str.contains("^[0-9]+$"),
    "caller_id must be digits": col("caller_id").str.contains("^[0-9]+$"),
    "agent_id must be A and four digits": col("agent_id").str.contains("^A[0-9]{4}$"),
    "call_date must be a date": col("call_date").str.contains(DATE)
    & col("call_date").str.to_date("%Y-%m-%d", strict=False).is_not_null(),
    "call_start_time is required": col("call_start_time").is_not_null(),
    "call_start_time must be HH:MM:SS": START_IS_TIME,
    "call_end_time is required": col("call_end_time").is_not_null(),
    "call_end_time must be HH:MM:SS": END_IS_TIME,
    "call_status is required": col("call_status").is_not_null(),
    "call_status is not one of the three": col("call_status").is_in(["COMPLETED", "DROPPED", "FAILED"]),
    "talk_seconds must be an integer": IS_INTEGER,
    "talk_seconds must be 0 to 86400": ~IS_INTEGER | IN_RANGE.fill_null(value=False),
    "call ends before it starts": ~START_IS_TIME
    | ~END_IS_TIME
    | (col("call_end_time") >= col("call_start_time")),
    "a completed call has an agent": (col("call_status") != "COMPLETED") | col("agent_id").is_not_null(),
}


def main(source: Path, folder: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    reasons = pl.concat_str(
        [pl.when(~rule).then(pl.lit(reason)) for reason, rule in RULES.items()],
        separator="; ",
        ignore_nulls=True,
    )
    records = pl.scan_csv(
        source, infer_schema=False, row_index_name="line", row_index_offset=2, low_memory=True
    ).with_columns(sound=pl.all_horizontal(RULES.values()).fill_null(value=True))
    accepted = records.filter(col("sound")).drop("line", "sound")
    rejected = records.filter(~col("sound")).drop("sound").with_columns(reasons=reasons)
    pl.collect_all(
        [
            accepted.sink_csv(folder / "accepted.csv", lazy=True),
            rejected.sink_csv(folder / "rejected.csv", lazy=True),
        ],
        engine="streaming",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
