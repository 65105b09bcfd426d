"""Spark says the same of headers with absent, shared and unexpected columns, and of deliveries with side files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from callcenter_etl import load_contract
from tests.engines.spark.support import both, differing

COLUMNS = [
    {"name": "id", "type": "digits", "unique": True},
    {"name": "note"},
    {"name": "note_2", "header": "note", "type": "integer"},
    {"name": "queue", "optional": True, "required": True},
]
RULES = [{"name": "queue_is_unknown", "check": "empty(queue)"}]

pytestmark = pytest.mark.usefixtures("needs_spark")


def test_columns_and_side_files_come_out_the_same(tmp_path: Path) -> None:
    lines = [f"{number % 900},{number},extra,{'x' if number % 7 == 0 else number}" for number in range(1000)]
    data = ("\n".join(["id,note,extra,note", *lines]) + "\n").encode()
    (tmp_path / "s.csv").write_bytes(data)
    (tmp_path / "s.ctl").write_text("1000")
    control = {"file": "{stem}.ctl", "match": "(?P<records>[0-9]+)"}
    source = {"header": "any_order", "unexpected_columns": "warn", "control": control}
    contract = {"contract": "c", "source": source, "columns": COLUMNS, "rules": RULES}
    local, spark = both(tmp_path / "s.csv", load_contract(contract), tmp_path / "first", range_bytes=1000)
    assert differing(local, spark) == []
    assert (local["status"], local["rules"]["id.unique"]["broken"]) == ("rejects", 100)
    assert local["rules"]["queue.required"]["broken"] == 0
    assert [each["severity"] for each in local["problems"]] == ["warn"]
    (tmp_path / "s.csv.md5").write_text(hashlib.md5(data[:-1], usedforsecurity=False).hexdigest())
    source["checksum"] = {"file": "{name}.md5"}
    local, spark = both(tmp_path / "s.csv", load_contract(contract), tmp_path / "second", range_bytes=1000)
    assert differing(local, spark) == []
    assert [each["rule"] for each in spark["problems"]] == ["file.checksum", "header.unexpected"]
    assert spark["status"] == "failed"
