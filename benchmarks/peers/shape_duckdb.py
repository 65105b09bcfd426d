"""Peer on the shapes: DuckDB SQL made from a contract's columns, through a temporary table, on two threads.

python shape_duckdb.py SOURCE OUTDIR CONTRACT.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

TYPES = {
    "digits": "regexp_full_match({0}, '[0-9]+')",
    "decimal": "regexp_full_match({0}, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')",
    "datetime": "regexp_full_match({0}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]') "
    "AND TRY_CAST({0} AS TIMESTAMP) IS NOT NULL",
}


def _quoted(column: dict[str, object]) -> str:
    return f'"{column["name"]}"'


def _rules(columns: list[dict[str, object]]) -> dict[str, str]:
    """Give an SQL expression for each rule but uniqueness, which is no matter of one record."""
    rules = {}
    for column in columns:
        name, value = column["name"], _quoted(column)
        if "type" in column:
            rules[f"{name} must be {column['type']}"] = TYPES[str(column["type"])].format(value)
        if "pattern" in column:
            rules[f"{name} must match its pattern"] = f"regexp_full_match({value}, '{column['pattern']}')"
        if "max_length" in column:
            rules[f"{name} is too long"] = f"length({value}) <= {column['max_length']}"
    return rules


def _repeated(session: duckdb.DuckDBPyConnection, keys: list[str]) -> str:
    """Give a condition that holds for every occurrence of a key but the first; no condition where there is none."""
    conditions = []
    for number, key in enumerate(keys):
        session.execute(
            f"CREATE TEMP TABLE later_{number} AS SELECT records.rowid AS place FROM records JOIN "
            f"(SELECT {key}, min(rowid) AS first FROM records WHERE {key} IS NOT NULL "
            f"GROUP BY {key} HAVING count(*) > 1) AS repeated "
            f"ON records.{key} = repeated.{key} AND records.rowid <> repeated.first"
        )
        found = session.execute(f"SELECT count(*) FROM later_{number}").fetchone()
        if found != (0,):
            conditions.append(f"rowid IN (SELECT place FROM later_{number})")
    return " OR ".join(conditions)


def main(source: Path, folder: Path, contract: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = json.loads(contract.read_text())["columns"]
    names = ", ".join(_quoted(column) for column in columns)
    types = ", ".join(f"'{column['name']}': 'VARCHAR'" for column in columns)
    rules = _rules(columns)
    sound = "(" + " AND ".join(f"({rule})" for rule in rules.values()) + ") IS NOT FALSE"
    cases = ", ".join(f"CASE WHEN NOT ({rule}) THEN '{reason}' END" for reason, rule in rules.items())
    session = duckdb.connect()
    session.execute("SET threads = 2")
    session.execute(
        f"CREATE TEMP TABLE records AS SELECT *, {sound} AS sound FROM read_csv('{source}', header = true, "
        f"auto_detect = false, delim = ',', quote = '\"', escape = '\"', columns = {{{types}}})"
    )
    repeated = _repeated(session, [_quoted(column) for column in columns if column.get("unique")])
    # A join does not keep the order of the records, a scan does.
    order = "ORDER BY rowid" if repeated else ""
    repeated = repeated or "false"
    session.execute(
        f"COPY (SELECT {names} FROM records WHERE sound AND NOT ({repeated}) {order}) "
        f"TO '{folder}/accepted.csv' (HEADER)"
    )
    session.execute(
        f"COPY (SELECT {names}, rowid + 2 AS line, "
        f"concat_ws('; ', {cases}, CASE WHEN {repeated} THEN 'repeated' END) AS reasons "
        f"FROM records WHERE NOT sound OR {repeated} {order}) TO '{folder}/rejected.csv' (HEADER)"
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
