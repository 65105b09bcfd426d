"""Small contracts and outlines of what the oracle read, for its own tests."""

from __future__ import annotations

from typing import Any

from tests.oracle.reader import ReadResult, read_source
from tests.oracle.rules import judge


def contract_of(columns: list[dict[str, Any]], *rules: dict[str, Any], **source: Any) -> dict[str, Any]:
    return {"contract": "c", "version": "1", "source": source, "columns": columns, "rules": list(rules)}


def read_two(body: bytes, **source: Any) -> ReadResult:
    """Read records of two text columns `a` and `b`, under their header line."""
    header = f"a{source.get('delimiter', ',')}b\n".encode()
    return read_source(header + body, contract_of([{"name": "a"}, {"name": "b"}], **source))


def outline(read: ReadResult) -> list[tuple[int, Any]]:
    """Return (line, fields or structural rule) of each record."""
    return [(record.line, record.malformed or record.fields) for record in read.records]


def broken(column: dict[str, Any], value: str, **source: Any) -> list[str]:
    """Return the keys of the rules that this one value breaks."""
    contract = contract_of(
        [{"name": "c", **column}, {"name": "d"}], header="none", delimiter="\x1f", **source
    )
    read = read_source(f"{value}\x1fd\n".encode(), contract)
    [verdict] = judge(read, contract, {"l.csv": frozenset({"in"})})
    return [rule.removeprefix("c.") for rule in verdict.broken_errors + verdict.broken_warnings]
