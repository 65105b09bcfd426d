"""A disk that gets full while a typed target is staged or built ends the run with a sentence and harms nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from tests.reliability.tmpfs import PAGE, mounted, tmpfs_or_skip
from tests.tables.outputs import cli, contract_of, listing_of, records_in, write_source

LAYOUTS: list[dict[str, Any]] = [
    {},
    {"layout": {"partition_by": ["day"], "sort_by": ["note"]}, "write": "replace_partitions"},
]


@pytest.mark.parametrize("run", LAYOUTS, ids=["file", "folder"])
def test_a_full_disk_harms_nothing_wherever_it_gets_full(run: dict[str, Any], tmp_path: Path) -> None:
    tmpfs_or_skip(tmp_path)
    (tmp_path / "c.json").write_text(json.dumps(contract_of(**run)), encoding="utf-8")
    first = write_source(tmp_path / "first.csv", range(1000))
    second = write_source(tmp_path / "second.csv", range(10_000, 15_000), days=2)
    needed = _needed(tmp_path, first, second, run)
    codes = []
    for share in (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.2):
        with mounted(tmp_path / f"disk-{share}", 2**26) as disk:
            output = disk.path / "out"
            validate(first, load_contract(contract_of(**run)), output=output)
            before = _target(output)
            disk.resize(disk.used + int(needed * share) // PAGE * PAGE)
            code, _, said = cli(second, "-c", tmp_path / "c.json", "-o", output, "--force")
            codes.append(code)
            assert code in (0, 3), said
            assert "Traceback" not in said
            if code:
                assert "no space left on device" in said.lower()
                assert _target(output) == before
                disk.resize(2**26)
                assert cli(second, "-c", tmp_path / "c.json", "-o", output, "--force")[0] == 0
            (target,) = output.glob("target*")
            assert records_in(target) == (5600 if run else 5000)
    assert codes[0] == 3
    assert codes[-1] == 0


def _needed(folder: Path, first: Path, second: Path, run: dict[str, Any]) -> int:
    """Give about how many bytes a run takes while it is under way: the stream, and what is built from it."""
    contract = load_contract(contract_of(**run))
    validate(first, contract, output=folder / "measure")
    result = validate(second, contract, output=folder / "measure", force=True)
    return 700_000 + int(result.summary["outputs"]["target"]["bytes"])


def _target(output: Path) -> dict[str, str]:
    return {path: sha256 for path, sha256 in listing_of(output).items() if path.startswith("target")}
