"""Peer: hand-written DuckDB SQL on two threads; `table` keeps the verdict in a temporary table, `stream` scans twice.

python duckdb_sql.py SOURCE OUTDIR [table|stream]
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

COLUMNS = (
    "call_id",
    "caller_id",
    "agent_id",
    "call_date",
    "call_start_time",
    "call_end_time",
    "call_status",
    "talk_seconds",
    "note",
)
NAMES = ", ".join(COLUMNS)
TIME = "'([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]'"
START_IS_TIME = f"regexp_full_match(call_start_time, {TIME})"
END_IS_TIME = f"regexp_full_match(call_end_time, {TIME})"
IS_INTEGER = "regexp_full_match(talk_seconds, '[+-]?[0-9]+')"
# An empty field is NULL, and a NULL verdict breaks no rule.
RULES = (
    ("call_id is required", "call_id IS NOT NULL"),
    ("call_id must be digits", "regexp_full_match(call_id, '[0-9]+')"),
    ("caller_id must be digits", "regexp_full_match(caller_id, '[0-9]+')"),
    ("agent_id must be A and four digits", "regexp_full_match(agent_id, 'A[0-9]{4}')"),
    (
        "call_date must be a date",
        "regexp_full_match(call_date, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND TRY_CAST(call_date AS DATE) IS NOT NULL",
    ),
    ("call_start_time is required", "call_start_time IS NOT NULL"),
    ("call_start_time must be HH:MM:SS", START_IS_TIME),
    ("call_end_time is required", "call_end_time IS NOT NULL"),
    ("call_end_time must be HH:MM:SS", END_IS_TIME),
    ("call_status is required", "call_status IS NOT NULL"),
    ("call_status is not one of the three", "call_status IN ('COMPLETED', 'DROPPED', 'FAILED')"),
    ("talk_seconds must be an integer", IS_INTEGER),
    (
        "talk_seconds must be 0 to 86400",
        f"NOT {IS_INTEGER} OR coalesce(TRY_CAST(talk_seconds AS HUGEINT) BETWEEN 0 AND 86400, false)",
    ),
    (
        "call ends before it starts",
        f"NOT {START_IS_TIME} OR NOT {END_IS_TIME} OR call_end_time >= call_start_time",
    ),
    ("a completed call has an agent", "call_status <> 'COMPLETED' OR agent_id IS NOT NULL"),
)
# Whether a record is sound needs fewer questions than why it is not: beside rules that already ask for integers
# and times, range and order may be asked plainly.
PLAIN = {
    "talk_seconds must be 0 to 86400": "TRY_CAST(talk_seconds AS INTEGER) BETWEEN 0 AND 86400 "
    "OR (TRY_CAST(talk_seconds AS INTEGER) IS NULL AND talk_seconds IS NULL)",
    "call ends before it starts": "call_end_time >= call_start_time",
}
SOUND = "(" + " AND ".join(f"({PLAIN.get(reason, rule)})" for reason, rule in RULES) + ") IS NOT FALSE"
REASONS = (
    "concat_ws('; ', "
    + ", ".join(f"CASE WHEN NOT ({rule}) THEN '{reason}' END" for reason, rule in RULES)
    + ")"
)


def _scan(source: Path) -> str:
    types = ", ".join(f"'{column}': 'VARCHAR'" for column in COLUMNS)
    return (
        f"read_csv('{source}', header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"columns = {{{types}}})"
    )


def through_a_table(session: duckdb.DuckDBPyConnection, source: Path, folder: Path) -> None:
    """Read once into memory; the table's rowid is the record's place in the file."""
    session.execute(f"CREATE TEMP TABLE calls AS SELECT *, {SOUND} AS sound FROM {_scan(source)}")
    session.execute(f"COPY (SELECT {NAMES} FROM calls WHERE sound) TO '{folder}/accepted.csv' (HEADER)")
    session.execute(
        f"COPY (SELECT {NAMES}, rowid + 2 AS line, {REASONS} AS reasons FROM calls WHERE NOT sound) "
        f"TO '{folder}/rejected.csv' (HEADER)"
    )


def in_two_scans(session: duckdb.DuckDBPyConnection, source: Path, folder: Path) -> None:
    """Read twice, at constant memory."""
    session.execute(f"COPY (SELECT * FROM {_scan(source)} WHERE {SOUND}) TO '{folder}/accepted.csv' (HEADER)")
    session.execute(
        f"COPY (SELECT {NAMES}, line, {REASONS} AS reasons "
        f"FROM (SELECT *, row_number() OVER () + 1 AS line FROM {_scan(source)}) "
        f"WHERE NOT {SOUND}) TO '{folder}/rejected.csv' (HEADER)"
    )


VARIANTS = {"table": through_a_table, "stream": in_two_scans}


def main(source: Path, folder: Path, variant: str) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    session = duckdb.connect()
    session.execute("SET threads = 2")
    VARIANTS[variant](session, source, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "table")
