"""Peer: a great_expectations suite over a pandas frame, COMPLETE results with the lines of the unexpected records.

python great_expectations_suite.py SOURCE OUTDIR
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path

# Neither a question to its home page nor a progress bar belongs to the job.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\Z"
DERIVED = ["is_real_date", "is_in_range", "ends_after_start", "answered_has_agent"]


def _with_derived(records: pd.DataFrame) -> pd.DataFrame:
    """Add what no expectation says of text: real dates, ranges, and the two rules over a record."""
    dates, talk = records["call_date"], records["talk_seconds"]
    padded = dates.str.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}")
    real = padded & pd.to_datetime(dates, format="%Y-%m-%d", errors="coerce").notna()
    in_range = pd.to_numeric(talk, errors="coerce").between(0, 86_400)
    start, end = records["call_start_time"], records["call_end_time"]
    times = start.str.match(TIME).eq(other=True) & end.str.match(TIME).eq(other=True)
    return records.assign(
        line=records.index + 2,
        is_real_date=dates.isna() | real.eq(other=True),
        is_in_range=~talk.str.fullmatch("[+-]?[0-9]+").eq(other=True) | in_range,
        ends_after_start=~times | (end >= start).eq(other=True),
        answered_has_agent=records["call_status"].ne("COMPLETED") | records["agent_id"].notna(),
    )


def _expectations() -> list[gxe.Expectation]:
    """Give the suite's expectations; `meta` carries the reason into the results."""
    patterns = {
        "call_id": r"^[0-9]+\Z",
        "caller_id": r"^[0-9]+\Z",
        "agent_id": r"^A[0-9]{4}\Z",
        "call_start_time": TIME,
        "call_end_time": TIME,
        "talk_seconds": r"^[+-]?[0-9]+\Z",
    }
    sets = {"call_status": ["COMPLETED", "DROPPED", "FAILED"]} | {column: [True] for column in DERIVED}
    return [
        *(
            gxe.ExpectColumnValuesToNotBeNull(column=column, meta={"reason": f"{column} is required"})
            for column in ("call_id", "call_start_time", "call_end_time", "call_status")
        ),
        *(
            gxe.ExpectColumnValuesToMatchRegex(
                column=column, regex=pattern, meta={"reason": f"{column} must match {pattern}"}
            )
            for column, pattern in patterns.items()
        ),
        *(
            gxe.ExpectColumnValuesToBeInSet(
                column=column, value_set=allowed, meta={"reason": f"{column} must be one of {allowed}"}
            )
            for column, allowed in sets.items()
        ),
    ]


def _reasons(records: pd.DataFrame) -> pd.Series[str]:
    """Give the joined reasons of the rejected records, by line."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = (
        context.data_sources.add_pandas("calls")
        .add_dataframe_asset("records")
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": records})
    )
    results = batch.validate(
        gx.ExpectationSuite(name="calls", expectations=_expectations()),
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["line"],
            "return_unexpected_index_query": False,
        },
    )
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    for result in results.results:
        for unexpected in result.result["unexpected_index_list"] or []:
            reasons[unexpected["line"]].append(result.expectation_config.meta["reason"])
    return pd.Series({line: "; ".join(found) for line, found in reasons.items()}, dtype=str)


def main(source: Path, folder: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    records = pd.read_csv(source, dtype=str, keep_default_na=False, na_values=[""])
    reasons = _reasons(_with_derived(records))
    bad = (records.index + 2).isin(reasons.index)
    lines = records.index[bad] + 2
    records[~bad].to_csv(folder / "accepted.csv", index=False)
    records[bad].assign(line=lines, reasons=reasons.loc[lines].to_numpy()).to_csv(
        folder / "rejected.csv", index=False
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
