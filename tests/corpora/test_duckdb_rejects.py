"""DuckDB's reject tests: the malformed records of each of its files, against its own expectations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.corpora.support import numbered, read
from tests.shared_folder import shared, shared_or_skip

FOLDER = ("data", "corpora", "duckdb_rejects")
SOURCE = re.compile(r"\{DATA_DIR\}/csv/rejects/([\w/]+\.csv)")
KINDS = {
    # in the order in which one reason is chosen where DuckDB names several
    "UNQUOTED VALUE": "record.quote",
    "INVALID ENCODING": "record.encoding",
    "MISSING COLUMNS": "record.fields",
    "TOO MANY COLUMNS": "record.fields",
}
NOT_STRUCTURAL = {
    "CAST": "types are rules of a contract, not the shape of a record",
    "LINE SIZE OVER MAXIMUM": "DuckDB's tests set 10 to 40 bytes, a record here may have 16 MiB whatever the contract says",
}
DIFFERENT = {
    "unquoted/unquoted_new_line.csv": (
        "DuckDB joins lines 5 and 6 into one bad record; here a quote left open costs its own line, so each costs one",
        {5: "record.quote", 6: "record.quote"},
    ),
}
WITHOUT_HEADER = {"unquoted/unquoted_last_value.csv"}


def expectations() -> dict[str, dict[int, str]]:
    """Give DuckDB's malformed records of each file: the reason by line."""
    found: dict[str, dict[int, str]] = {}
    for test in sorted(shared(*FOLDER, "test").rglob("*.test*")):
        name: str | None = None
        for block in test.read_text(encoding="utf-8").split("\n\n"):
            if "read_csv" in block:
                source = SOURCE.search(block)
                name = source.group(1) if source else None
            elif name and "reject_errors" in block and "----" in block:
                kinds = _kinds_by_line(block.partition("----\n")[2])
                found[name] = {
                    line: next(rule for kind, rule in KINDS.items() if kind in named)
                    for line, named in kinds.items()
                    if named & KINDS.keys()
                }
    return found


def _kinds_by_line(table: str) -> dict[int, set[str]]:
    kinds: dict[int, set[str]] = {}
    for row in table.splitlines():
        fields = row.split("\t")
        kind = next((field for field in fields if field in KINDS or field in NOT_STRUCTURAL), None)
        if kind is not None:
            kinds.setdefault(int(fields[1]), set()).add(kind)
    return kinds


@pytest.mark.parametrize("multiline", [False, True])
@pytest.mark.parametrize("name", sorted(expectations()) or ["absent"])
def test_malformed_records_are_those_of_duckdb(name: str, multiline: bool, tmp_path: Path) -> None:  # noqa: FBT001  a parameter of the test
    data = shared_or_skip(*FOLDER, "data", "csv", "rejects", name).read_bytes()
    if name in WITHOUT_HEADER:
        reading = read(tmp_path, data, numbered(1), header="none", multiline=multiline)
    else:
        header = data.splitlines()[0].decode().replace('"', "").split(",")
        reading = read(tmp_path, data, header, multiline=multiline)
    _, expected = DIFFERENT.get(name, ("", expectations()[name]))
    assert reading.malformed == expected


def test_the_tables_of_expectations_were_found() -> None:
    shared_or_skip(*FOLDER)
    found = expectations()
    assert len(found) >= 25
    assert found["incorrect_columns/many_columns.csv"] == dict.fromkeys(
        (1096, 1159, 1206, 2769), "record.fields"
    )
    assert found["frankstein/nightmare.csv"] == {
        10: "record.fields",
        14: "record.fields",
        22: "record.quote",
        38: "record.encoding",
    }
