"""Peer: pandera as its documentation shows it, chunk by chunk, lazily, with failure_cases and to_csv.

python pandera_naive.py SOURCE OUTDIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

CHUNK = 100_000
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"


def _matches(pattern: str, reason: str) -> pa.Check:
    return pa.Check(lambda values: values.eq("") | values.str.fullmatch(pattern), error=reason)


def _required(column: str) -> pa.Check:
    return pa.Check(lambda values: values.ne(""), error=f"{column} is required")


def _real_date(values: pd.Series[str]) -> pd.Series[bool]:
    padded = values.str.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}")
    return values.eq("") | (padded & pd.to_datetime(values, format="%Y-%m-%d", errors="coerce").notna())


def _in_range(values: pd.Series[str]) -> pd.Series[bool]:
    is_integer = values.str.fullmatch("[+-]?[0-9]+")
    return ~is_integer | pd.to_numeric(values, errors="coerce").between(0, 86_400)


def _ends_after_start(chunk: pd.DataFrame) -> pd.Series[bool]:
    start, end = chunk["call_start_time"], chunk["call_end_time"]
    return ~start.str.fullmatch(TIME) | ~end.str.fullmatch(TIME) | (end >= start)


def _answered_has_agent(chunk: pd.DataFrame) -> pd.Series[bool]:
    return chunk["call_status"].ne("COMPLETED") | chunk["agent_id"].ne("")


def _allowed_status(values: pd.Series[str]) -> pd.Series[bool]:
    return values.isin(["", "COMPLETED", "DROPPED", "FAILED"])


SCHEMA = pa.DataFrameSchema(
    {
        "call_id": pa.Column(str, [_required("call_id"), _matches("[0-9]+", "call_id must be digits")]),
        "caller_id": pa.Column(str, _matches("[0-9]+", "caller_id must be digits")),
        "agent_id": pa.Column(str, _matches("A[0-9]{4}", "agent_id must be A and four digits")),
        "call_date": pa.Column(str, pa.Check(_real_date, error="call_date must be a date")),
        "call_start_time": pa.Column(
            str, [_required("call_start_time"), _matches(TIME, "call_start_time must be HH:MM:SS")]
        ),
        "call_end_time": pa.Column(
            str, [_required("call_end_time"), _matches(TIME, "call_end_time must be HH:MM:SS")]
        ),
        "call_status": pa.Column(
            str,
            [
                _required("call_status"),
                pa.Check(_allowed_status, error="call_status is not one of the three"),
            ],
        ),
        "talk_seconds": pa.Column(
            str,
            [
                _matches("[+-]?[0-9]+", "talk_seconds must be an integer"),
                pa.Check(_in_range, error="talk_seconds must be 0 to 86400"),
            ],
        ),
        "note": pa.Column(str),
    },
    checks=[
        pa.Check(_ends_after_start, error="call ends before it starts"),
        pa.Check(_answered_has_agent, error="a completed call has an agent"),
    ],
)


def _reasons(chunk: pd.DataFrame) -> pd.Series[str]:
    """Give the joined reasons of the rejected records, by their index in the chunk."""
    try:
        SCHEMA.validate(chunk, lazy=True)
    except pa.errors.SchemaErrors as errors:
        # A check of the whole record gives a failure case for each of its columns.
        cases = errors.failure_cases.drop_duplicates(["index", "check"])
        joined: pd.Series[str] = cases.groupby("index")["check"].agg("; ".join)
        return joined
    return pd.Series(dtype=str)


def main(source: Path, folder: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    chunks = pd.read_csv(source, dtype=str, keep_default_na=False, chunksize=CHUNK)
    with (
        (folder / "accepted.csv").open("w") as accepted_file,
        (folder / "rejected.csv").open("w") as rejected_file,
    ):
        for number, chunk in enumerate(chunks):
            reasons = _reasons(chunk)
            bad = chunk.index.isin(reasons.index)
            rejected = chunk[bad].assign(line=chunk.index[bad] + 2, reasons=reasons)
            chunk[~bad].to_csv(accepted_file, index=False, header=number == 0)
            rejected.to_csv(rejected_file, index=False, header=number == 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
