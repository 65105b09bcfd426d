"""Iceberg tables whose warehouse is on S3, through pyiceberg's own storage."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter_etl import validate
from callcenter_etl.writers.tables.iceberg.iceberg_target import catalog_named
from tests.storage.buckets import CONTRACT, Drops, records
from tests.storage.servers import KEY, SECRET


def _ids() -> list[str]:
    table = catalog_named("lake").load_table("calls.daily")
    return sorted(table.scan().to_arrow().column("id").to_pylist())


def test_a_run_writes_a_table_in_a_warehouse_on_s3_and_a_correction_replaces_its_rows(
    drops: Drops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "TYPE": "sql",
        "URI": f"sqlite:///{tmp_path}/catalog.db",
        "WAREHOUSE": drops.uri("lake"),
        "PY_IO_IMPL": "pyiceberg.io.fsspec.FsspecFileIO",
        "S3__ENDPOINT": drops.server.endpoint,
        "S3__ACCESS_KEY_ID": KEY,
        "S3__SECRET_ACCESS_KEY": SECRET,
        "S3__REGION": "us-east-1",
    }
    for name, text in settings.items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name}", text)
    table = "target_format: iceberg, table: {catalog: lake, identifier: calls.daily}, "
    rules = tmp_path / "calls.yaml"
    rules.write_text(CONTRACT.replace("run: {", f"run: {{{table}"), encoding="utf-8")
    source = drops.put("in/calls.csv", records(3))
    validate(source, rules, output=drops.uri("out"))
    assert _ids() == ["0", "1", "2"]
    assert validate(source, rules, output=drops.uri("out")).already_done
    drops.put("in/calls.csv", records(1, first=7))
    validate(source, rules, output=drops.uri("out"))
    assert _ids() == ["7"]
    data = [key for key in drops.everything("lake") if "/data/" in key]
    assert len(data) == 2  # the earlier file stays for time travel
