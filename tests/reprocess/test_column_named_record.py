"""A column `record` has rules such as `record.type`, which are none of those of malformed records."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.tools.explain import find_causes
from callcenter_etl.tools.reprocess import ReprocessPlan, reprocess

CONTRACT = {
    "contract": "named",
    "columns": [{"name": "record", "required": True}, {"name": "other", "max_length": 3}],
}


def test_an_empty_record_of_such_a_column_is_not_taken_for_a_malformed_one(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("record,other\n1,a\n,\n2,b\n", encoding="utf-8")
    contract = load_contract(CONTRACT)
    validate(tmp_path / "s.csv", contract, output=tmp_path / "o")
    done = reprocess(ReprocessPlan(file=str(tmp_path / "o" / "exceptions.csv")), contract.loaded)
    assert dict(done.rules) == {"record.required": 1}


@pytest.mark.parametrize("name", ["record", "a; b"])
def test_causes_of_such_a_column_are_those_of_its_values(tmp_path: Path, name: str) -> None:
    contract = load_contract(
        {"contract": "named", "columns": [{"name": name, "type": "integer"}, {"name": "x"}]}
    )
    rows = "".join(f"v{number},x\n" for number in range(9))
    (tmp_path / "s.csv").write_text(f"{name},x\n{rows}1,2,3\n", encoding="utf-8")
    result = validate(tmp_path / "s.csv", contract, output=tmp_path / "o")
    found = find_causes(result.exceptions_uris(), contract.loaded, rejected=result.record.records.rejected)
    by_rule = {cause.rule: cause.records for cause in found.causes}
    assert by_rule == {f"{name}.type": 9, "record.fields": 1}
