"""Runs into S3 that were killed are gone on with, and nobody takes a living run's files."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import validate
from callcenter_etl.run.result import RunResult
from tests.reliability.resume_support import FILES, dirty, run, started, words, write_contract, write_source
from tests.storage.buckets import Drops

DATA = dirty(3000)
WRITTEN = "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:after:3"
UPLOADED = "callcenter_etl.writers.s3_output:RemoteOutput.prepare:after:1"
CLAIMED = "callcenter_etl.writers.s3_output:RemoteOutput._replace:before:1"


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    return write_contract(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "staging"


def killed(folder: Path, source: object, output: str, home: Path, point: str = WRITTEN) -> None:
    line = words(source, folder / "contract.json", output, "--staging", home)
    code, said = run(line, folder, kill=point)
    assert code == -signal.SIGKILL, said


def gone_on(folder: Path, source: object, output: str, home: Path, **options: Any) -> RunResult:
    return validate(str(source), folder / "contract.json", output=output, staging=home, **options)


def is_clean(drops: Drops, folder: Path, source: Path) -> None:
    clean = folder / "clean"
    validate(source, folder / "contract.json", output=clean, force=True, checkpoint_seconds=0)
    for name in FILES:
        assert drops.get(f"out/{name}") == (clean / name).read_bytes()
    found, expected = (
        json.loads(drops.get("out/summary.json")),
        json.loads((clean / "summary.json").read_bytes()),
    )
    for key in ("status", "records", "rules", "lines", "blank_lines"):
        assert found[key] == expected[key]


@pytest.mark.parametrize("point", [WRITTEN, UPLOADED, CLAIMED])
@pytest.mark.usefixtures("contract")
def test_a_run_into_s3_is_gone_on_with(moto_drops: Drops, tmp_path: Path, home: Path, point: str) -> None:
    source = write_source(tmp_path, DATA)
    killed(tmp_path, source, moto_drops.uri("out"), home, point)
    (dead,) = home.iterdir()
    result = gone_on(tmp_path, source, moto_drops.uri("out") + "/", home)
    assert result.record.resumed is not None
    assert dead.name == f"callcenter_etl-{result.record.resumed.run_id}"
    assert list(home.iterdir()) == []
    is_clean(moto_drops, tmp_path, source)


@pytest.mark.usefixtures("contract")
def test_a_source_on_s3_is_gone_on_with_if_it_is_the_same_version(
    moto_drops: Drops, tmp_path: Path, home: Path
) -> None:
    for data, resumed in ((DATA, True), (DATA.replace(b"08:30:00", b"09:30:00", 1), False)):
        uri = moto_drops.put("in/s.csv", DATA)
        killed(tmp_path, uri, moto_drops.uri("out"), home)
        moto_drops.put("in/s.csv", data)
        result = gone_on(tmp_path, uri, moto_drops.uri("out"), home)
        assert (result.record.resumed is not None) is resumed
        assert list(home.iterdir()) == []
        is_clean(moto_drops, tmp_path, write_source(tmp_path, data))
        moto_drops.delete("out/summary.json")


@pytest.mark.usefixtures("contract")
def test_what_is_of_no_use_is_cleared_and_what_belongs_to_another_output_is_left(
    moto_drops: Drops, tmp_path: Path, home: Path
) -> None:
    source, other = write_source(tmp_path, DATA), write_source(tmp_path, DATA, "other.csv")
    foreign = home / "callcenter_etl-mine"
    foreign.mkdir(parents=True)
    killed(tmp_path, source, moto_drops.uri("elsewhere"), home)
    waiting = {foreign, *home.iterdir()}
    never = "callcenter_etl.writers.router:Router.begin:after:1"
    killed(tmp_path, source, moto_drops.uri("out"), home, never)
    killed(tmp_path, other, moto_drops.uri("out"), home)
    result = gone_on(tmp_path, source, moto_drops.uri("out"), home)
    assert result.record.resumed is None
    assert set(home.iterdir()) == waiting
    is_clean(moto_drops, tmp_path, source)
    assert gone_on(tmp_path, source, moto_drops.uri("elsewhere"), home).record.resumed is not None
    assert list(home.iterdir()) == [foreign]


def test_a_living_runs_folder_is_not_touched(
    moto_drops: Drops, tmp_path: Path, home: Path, contract: Path
) -> None:
    source = write_source(tmp_path, DATA)
    line = words(source, contract, moto_drops.uri("out"), "--staging", home)
    with started(line, block_bytes=4096, said=tmp_path / "said.txt") as first:
        while not list(home.glob("callcenter_etl-*/checkpoint.json")):
            assert first.poll() is None
        first.send_signal(signal.SIGSTOP)
        try:
            held = [path for path in home.iterdir() if (path / "checkpoint.json").exists()]
            result = gone_on(tmp_path, source, moto_drops.uri("out"), home)
            assert result.record.resumed is None
            assert list(home.iterdir()) == held
        finally:
            first.send_signal(signal.SIGCONT)
        first.wait(120)
    assert first.returncode == 3  # the other one was first
    is_clean(moto_drops, tmp_path, source)
