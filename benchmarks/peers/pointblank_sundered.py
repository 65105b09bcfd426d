"""Peer: pointblank over a polars frame, its passing rows, and the extracts of its steps as reasons.

python pointblank_sundered.py SOURCE OUTDIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import pointblank as pb
import polars as pl

TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
col = pl.col


def _validation(records: pl.DataFrame) -> tuple[pb.Validate, list[str]]:
    """Give the interrogated validation and the reason of each of its steps."""
    real_date = (
        col("call_date").str.contains(DATE)
        & col("call_date").str.to_date("%Y-%m-%d", strict=False).is_not_null()
    )
    integer = col("talk_seconds").str.contains("^[+-]?[0-9]+$")
    in_range = col("talk_seconds").str.to_integer(strict=False).is_between(0, 86_400).fill_null(value=False)
    times = col("call_start_time").str.contains(TIME) & col("call_end_time").str.contains(TIME)
    expressions = {
        "call_date must be a date": real_date,
        "talk_seconds must be 0 to 86400": ~integer | in_range,
        "call ends before it starts": ~times | (col("call_end_time") >= col("call_start_time")),
        "a completed call has an agent": (col("call_status") != "COMPLETED") | col("agent_id").is_not_null(),
    }
    patterns = {
        "call_id": "^[0-9]+$",
        "caller_id": "^[0-9]+$",
        "agent_id": "^A[0-9]{4}$",
        "call_start_time": TIME,
        "call_end_time": TIME,
        "talk_seconds": "^[+-]?[0-9]+$",
    }
    required = ["call_id", "call_start_time", "call_end_time", "call_status"]
    validation = pb.Validate(records).col_vals_not_null(columns=required)
    for column, pattern in patterns.items():
        validation = validation.col_vals_regex(columns=column, pattern=pattern, na_pass=True)
    validation = validation.col_vals_in_set(columns="call_status", set=["COMPLETED", "DROPPED", "FAILED"])
    for expression in expressions.values():
        validation = validation.col_vals_expr(expr=expression.fill_null(value=True))
    reasons = [f"{column} is required" for column in required]
    reasons += [f"{column} must match {pattern}" for column, pattern in patterns.items()]
    reasons += ["call_status is not one of the three", *expressions]
    # Without this the extracts, which give the reasons, stop at 500 rows.
    return validation.interrogate(extract_limit=max(len(records), 1)), reasons


def main(source: Path, folder: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    records = pl.scan_csv(source, infer_schema=False, row_index_name="line", row_index_offset=2).collect(
        engine="streaming"
    )
    validation, reasons = _validation(records)
    validation.get_sundered_data(type="pass").drop("line").write_csv(folder / "accepted.csv")
    extracts = validation.get_data_extracts()
    # One empty frame stands first, for a source without rejects.
    broken = pl.concat(
        [
            records.select("line", reasons=pl.lit("")).clear(),
            *(
                extracts[step].select("line", reasons=pl.lit(reason))
                for step, reason in enumerate(reasons, start=1)
                if extracts[step] is not None and len(extracts[step])
            ),
        ]
    )
    joined = broken.group_by("line").agg(col("reasons").str.join("; "))
    rejected = validation.get_sundered_data(type="fail")
    rejected.join(joined, on="line", how="left", maintain_order="left").write_csv(folder / "rejected.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
