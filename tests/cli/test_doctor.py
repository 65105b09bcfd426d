"""callcenter-etl doctor: what is right, what is missing, what is wrong, and no secret in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.tools import doctor

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ACCESS = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture(autouse=True)
def _without_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def call(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", "doctor", *words]
    return subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_a_sound_machine_ends_with_0_and_tells_what_it_has() -> None:
    done = call()
    assert (done.returncode, done.stderr) == (0, "")
    assert f"pandas {version('pandas')}" in done.stdout
    told = checks(call("--format", "json"))
    assert told["python"]["found"].startswith(sys.version.split()[0])
    assert told["cores"]["found"].startswith(f"{len(os.sched_getaffinity(0))} ")
    assert told["s3"]["state"] == "note"
    assert "AWS_ACCESS_KEY_ID" in told["s3"]["remedy"]


def test_it_tells_where_credentials_come_from_and_never_what_they_are() -> None:
    done = call(AWS_ACCESS_KEY_ID=ACCESS, AWS_SECRET_ACCESS_KEY=SECRET, AWS_REGION="eu-north-1")
    assert "credentials from env, region eu-north-1" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert ACCESS not in done.stdout + done.stderr


def test_a_profile_that_is_not_there_is_wrong() -> None:
    Path("c.yaml").write_text(
        "contract: c\ncolumns: [{name: a}]\nrun: {storage_options: {profile: night}}\n", encoding="utf-8"
    )
    done = call("--contract", "c.yaml", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["sound"] is False
    assert "(night)" in checks(done)["s3"]["found"]


def test_a_staging_folder_that_cannot_be_written_is_wrong_and_the_remedy_is_named() -> None:
    done = call("--staging", "none", "--format", "json")
    assert done.returncode == 1
    told = checks(done)["staging"]
    assert told["state"] == "wrong"
    assert told["found"] == "none: no such file or directory"
    assert "--staging" in told["remedy"]


def test_it_leaves_nothing_in_the_folders_it_looks_at(tmp_path: Path) -> None:
    (tmp_path / "waiting").mkdir()
    assert call("--staging", "waiting").returncode == 0
    assert list((tmp_path / "waiting").iterdir()) == []


def test_what_is_missing_is_told_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = [
        *("pandas<4,>=3", "gone>=1", "also_gone; extra == 'report'", "unasked; extra == 'dev'"),
        *("gone_too; extra == 'delta'", "gone_as_well; extra == 'iceberg'"),
    ]
    monkeypatch.setattr(doctor, "_declared", lambda: declared)
    told = {check.name: check for check in doctor.examine(StorageOptions(), extras={"delta"})}
    assert (told["packages"].state, told["packages"].found) == ("wrong", "missing: gone")
    assert told["extra report"].state == "note"
    assert told["extra report"].remedy == "for --report: pip install 'callcenter-etl[report]'"
    assert told["extra delta"].state == "wrong"
    assert told["extra delta"].remedy == "for --target-format delta: pip install 'callcenter-etl[delta]'"
    assert told["extra iceberg"].state == "note"
    assert "extra dev" not in told


def java_home(folder: Path, said: str) -> str:
    """Make a JAVA_HOME whose java says so of its version."""
    java = folder / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    return str(folder / "jdk")


@pytest.mark.parametrize(
    ("said", "state", "found"),
    [
        ('openjdk version "17.0.15" 2025-04-15', "ok", "17 ("),
        ('java version "22-ea" 2024-03-19', "ok", "22 ("),
        ('openjdk version "11.0.2" 2019-01-15', "note", "is Java 11"),
        ('java version "1.8.0_402"', "note", "is Java 8"),
        ("no Java runtime present", "note", "does not report its version"),
    ],
)
def test_a_java_that_spark_cannot_use_is_told(tmp_path: Path, said: str, state: str, found: str) -> None:
    told = checks(call("--format", "json", JAVA_HOME=java_home(tmp_path, said)))["java"]
    assert told["state"] == state
    assert found in told["found"]
    assert (told["remedy"] is None) == (state == "ok")


def test_an_empty_java_home_says_nothing(tmp_path: Path) -> None:
    home = java_home(tmp_path, 'openjdk version "21.0.2"')
    path = f"{home}/bin{os.pathsep}{os.environ['PATH']}"
    told = checks(call("--format", "json", JAVA_HOME="", PATH=path))["java"]
    assert (told["state"], told["found"]) == ("ok", f"21 ({tmp_path}/jdk/bin/java)")


@pytest.mark.parametrize(("engine", "code", "state"), [("spark", 1, "wrong"), ("local", 0, "note")])
def test_what_the_contract_needs_is_wrong_where_it_is_missing(
    tmp_path: Path, engine: str, code: int, state: str
) -> None:
    contract = f"contract: c\ncolumns: [{{name: a}}]\nrun: {{engine: {engine}}}\n"
    Path("c.yaml").write_text(contract, encoding="utf-8")
    done = call("--contract", "c.yaml", "--format", "json", JAVA_HOME=str(tmp_path))
    told = checks(done)["java"]
    assert (done.returncode, told["state"]) == (code, state)
    assert told["found"] == f"there is none in JAVA_HOME, {tmp_path}"


def test_little_memory_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("134217728\n", encoding="ascii")
    monkeypatch.setattr(doctor, "_CGROUP_LIMIT", tmp_path / "memory.max")
    told = {check.name: check for check in doctor.examine(StorageOptions())}
    assert told["memory"].state == "note"
    assert "0.1 GiB allowed to this container" in told["memory"].found
