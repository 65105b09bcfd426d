"""No source has columns under the names that exceptions.csv adds, so that every column of it has a name of its own."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.contract.loader import load_document
from callcenter_etl.errors import ContractError
from tests.oracle.reader import RefusedError, place_columns

ADDED = ("reject_line", "reject_rules", "reject_reasons", "reject_raw")


def contract_of(*columns: dict[str, Any], **source: str) -> dict[str, Any]:
    return {"contract": "c", "source": source, "columns": list(columns)}


@pytest.mark.parametrize("header", ["exact", "any_order", "by_name", "none"])
@pytest.mark.parametrize("name", ADDED)
def test_a_declared_column_or_alias_is_a_fault(name: str, header: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_document(contract_of({"name": name}, {"name": "b", "aliases": ["c", name]}, header=header))
    sentence = f"{name!r} is a column that exceptions.csv adds to the source's own (the source must use another name)"
    found = {fault.path: fault.message for fault in caught.value.faults}
    assert found["columns[0].name"] == sentence
    assert found["columns[1].aliases[1]"] == f"alias {name!r} also means columns[0]"
    with pytest.raises(ContractError) as caught:
        load_document(contract_of({"name": "b", "aliases": [name]}, header=header))
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [
        ("columns[0].aliases[0]", sentence)
    ]


@pytest.mark.parametrize("name", ADDED)
@pytest.mark.parametrize(
    ("column", "source"),
    [
        ({"name": "a"}, {"header": "by_name"}),
        ({"name": "REJECT"}, {"header": "exact", "header_case": "ignore"}),
        ({"name": "REJECT"}, {"header": "any_order", "header_case": "ignore"}),
    ],
    ids=["carried along", "another case in order", "another case in any order"],
)
def test_a_source_with_such_a_column_is_refused(
    tmp_path: Path, name: str, column: dict[str, str], source: dict[str, str]
) -> None:
    declared = [{**column, "name": name.upper() if column["name"] == "REJECT" else "a"}, {"name": "b"}]
    header = [name, "b"] if column["name"] == "REJECT" else ["a", name, "b"]
    path = tmp_path / "s.csv"
    path.write_text(",".join(header) + "\n" + ",".join("x" * len(header)) + "\n")
    result = validate(path, load_contract(contract_of(*declared, **source)), output=tmp_path / "out")
    assert result.summary["status"] == "refused"
    (problem,) = result.summary["problems"]
    position = header.index(name) + 1
    assert problem == {
        "rule": "header.unexpected",
        "message": f"column {name!r} at position {position} has the name of a column that exceptions.csv adds"
        " (the source must use another name)",
    }
    with pytest.raises(RefusedError):
        place_columns(header, declared, source)


def test_names_that_only_look_alike_are_kept_apart(tmp_path: Path) -> None:
    names = ["Reject_Line", "reject_line ", "reject"]
    path = tmp_path / "s.csv"
    path.write_text(",".join(names) + ",reject_lines\n1,2,x,4\n")
    contract = contract_of(*({"name": name, "type": "digits"} for name in names), header="by_name")
    result = validate(path, load_contract(contract), output=tmp_path / "out")
    assert result.summary["status"] == "rejects"
    with (tmp_path / "out" / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        (header, _) = csv.reader(file)
    assert header == [*names, "reject_lines", *ADDED]
    assert len(set(header)) == len(header)
