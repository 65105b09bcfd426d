"""A killed run with a typed target is gone on with, and gives the bytes that a run unharmed gives."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from tests.published import names_in
from tests.reliability.resume_support import ALWAYS, run, staged, words
from tests.tables.outputs import contract_of, listing_of, records_in, write_source

LAYOUTS: dict[str, dict[str, Any]] = {
    "file": {},
    "folder": {"layout": {"partition_by": ["day"]}, "write": "replace_partitions"},
}
STAGED = "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:after:3"
POINTS = [
    STAGED,
    "callcenter_etl.writers.tables.parquet_target:write_parquet:before:1",
    "callcenter_etl.writers.tables.parquet_target:write_parquet:after:1",
    "callcenter_etl.writers.staging:Staging.finish:after:1",
    "callcenter_etl.writers.staging:replace_target:before:1",
    "callcenter_etl.writers.staging:replace_target:after:1",
]
FOLDER_POINTS = [
    "callcenter_etl.writers.tables.parquet_target:_link:after:2",
    "callcenter_etl.writers.tables.parquet_target:write_manifest:after:1",
    "callcenter_etl.writers.target_forms:Path.rename:after:1",
    "callcenter_etl.writers.target_forms:shutil.rmtree:before:1",
]


@pytest.mark.parametrize(
    ("form", "point"),
    [(form, point) for form in LAYOUTS for point in POINTS + FOLDER_POINTS * (form == "folder")],
)
def test_what_comes_out_after_a_kill_is_what_a_run_unharmed_gives(
    form: str, point: str, tmp_path: Path
) -> None:
    document = contract_of(**LAYOUTS[form])
    (tmp_path / "c.json").write_text(json.dumps(document), encoding="utf-8")
    first = write_source(tmp_path / "first.csv", range(200))
    second = write_source(tmp_path / "second.csv", range(5000, 6000), days=2, bad=3)
    for name in ("clean", "out"):
        validate(first, load_contract(document), output=tmp_path / name)
    earlier = targets_of(tmp_path / "out")
    validate(second, load_contract(document), output=tmp_path / "clean", checkpoint_seconds=0, force=True)
    expected = targets_of(tmp_path / "clean")
    line = [*words(second, tmp_path / "c.json", tmp_path / "out"), "--force"]
    code, said = run(line, tmp_path, kill=point, seconds=ALWAYS)
    assert code == -signal.SIGKILL, said
    found = targets_of(tmp_path / "out")
    assert found in (earlier, expected, {}), "a mix of two runs is to be seen"
    code, said = run(line, tmp_path)
    assert code == 1, said
    assert "resumed run" in said or point != STAGED
    assert targets_of(tmp_path / "out") == expected
    assert staged(tmp_path / "out") == []
    assert names_in(tmp_path / "out") == names_in(tmp_path / "clean")
    total = 1000 if form == "file" else 1000 + 120
    (target,) = (tmp_path / "out").glob("target*")
    assert records_in(target) == total


def targets_of(output: Path) -> dict[str, str]:
    return {path: sha256 for path, sha256 in listing_of(output).items() if path.startswith("target")}


@pytest.mark.parametrize("point", ["shutil.rmtree:before:1", "Path.rename:before:1"])
def test_a_kill_while_a_folder_goes_leaves_no_part_of_it(point: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(contract_of(**LAYOUTS["folder"])), encoding="utf-8")
    source = write_source(tmp_path / "s.csv", range(200))
    line = words(source, tmp_path / "c.json", tmp_path / "out")
    assert run(line, tmp_path)[0] == 0
    plain = [*line, "--target-format", "csv"]
    code, said = run(plain, tmp_path, kill=f"callcenter_etl.writers.target_forms:{point}")
    assert code == -signal.SIGKILL, said
    assert run(plain, tmp_path)[0] == 0
    assert names_in(tmp_path / "out") == ["exceptions.csv", "rejected.csv", "summary.json", "target.csv"]


def test_a_damaged_stream_is_not_gone_on_with(tmp_path: Path) -> None:
    document = contract_of()
    (tmp_path / "c.json").write_text(json.dumps(document), encoding="utf-8")
    source = write_source(tmp_path / "s.csv", range(1000))
    line = words(source, tmp_path / "c.json", tmp_path / "out")
    run(line, tmp_path, kill=STAGED, seconds=ALWAYS)
    (folder,) = staged(tmp_path / "out")
    stream = folder / "target.arrows"
    content = bytearray(stream.read_bytes())
    content[len(content) // 3] ^= 1
    stream.write_bytes(content)
    code, said = run(line, tmp_path)
    assert code == 0, said
    assert "resumed run" not in said
    validate(source, load_contract(document), output=tmp_path / "clean")
    assert targets_of(tmp_path / "out") == targets_of(tmp_path / "clean")


def test_a_run_of_another_format_does_not_go_on_from_it(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(contract_of()), encoding="utf-8")
    source = write_source(tmp_path / "s.csv", range(1000))
    line = words(source, tmp_path / "c.json", tmp_path / "out")
    run(line, tmp_path, kill=STAGED, seconds=ALWAYS)
    code, said = run([*line, "--target-format", "csv"], tmp_path)
    assert (code, "resumed run" in said) == (0, False)
    assert (tmp_path / "out" / "target.csv").read_bytes() == source.read_bytes()
