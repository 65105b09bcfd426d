"""Which files a pattern means, and which folder each source gets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl.own_outputs import without_own_outputs
from callcenter_etl.store.access import DEFAULTS
from tests.storage.buckets import Drops


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text("contract: c\ncolumns: [{name: id, type: digits}]\n", encoding="utf-8")
    for name in ("a/one.csv", "b/one.csv", "b/two.csv"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(f"id\n{len(name)}\nx\n", encoding="utf-8")
    return tmp_path


def validate(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "callcenter_etl", "validate", *words, "-c", "c.yaml", "--no-resume"]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("sources", "folders"),
    [
        (("a/one.csv",), {"."}),
        (("a/*.csv",), {"one"}),
        (("b/*.csv",), {"one", "two"}),
        (("b/one.csv", "b/two.csv"), {"one", "two"}),
        (("a/one.csv", "b/one.csv"), {"one", "one_2"}),
        (("a/*.csv", "b/two.csv"), {"one", "two"}),
        (("a/one.csv", "a/one.csv"), {"one"}),
    ],
    ids=lambda value: " ".join(sorted(value) if isinstance(value, set) else value),
)
def test_a_named_source_has_the_output_and_a_pattern_has_folders_in_it(
    here: Path, sources: tuple[str, ...], folders: set[str]
) -> None:
    assert validate(*sources, "-o", "out", "-q").returncode == 1
    found = {str(path.parent.relative_to("out")) for path in Path("out").rglob("summary.json")}
    assert found == folders


def test_the_help_says_which_source_gets_a_folder(here: Path) -> None:
    line = [sys.executable, "-m", "callcenter_etl", "validate", "--help"]
    told = " ".join(subprocess.run(line, capture_output=True, text=True, check=True).stdout.split())
    assert "a pattern (even with a single match), write into DIR/NAME each" in told
    assert "a shell that expands one to a single file passes a name" in told


def test_a_pattern_does_not_mean_the_files_of_earlier_runs(here: Path) -> None:
    first = validate("**/*.csv", "-o", "out")
    assert "note:" not in first.stderr
    second = validate("**/*.csv", "-o", "out")
    assert second.stdout.count(": already done by run ") == 3
    for folder in ("one", "one_2", "two"):
        said = f"note: out/{folder}: skipped 3 files of earlier runs (name a file to read it)\n"
        assert said in second.stderr
    assert not list(Path("out").glob("target*"))
    assert "note:" not in validate("**/*.csv", "-o", "out", "-q").stderr


def test_a_source_beside_outputs_is_still_a_source(here: Path) -> None:
    validate("a/one.csv", "-o", "a", "-q")
    Path("b/target.csv").write_text("id\n5\n", encoding="utf-8")  # of a name like ours, where no run was
    done = validate("a/*.csv", "b/*.csv", "-o", "out", "-q")
    assert {path.parent.name for path in Path("out").rglob("summary.json")} == {
        "one",
        "one_2",
        "target",
        "two",
    }
    assert done.returncode == 1


def test_an_output_that_is_named_is_read(here: Path) -> None:
    validate("a/one.csv", "-o", "out", "-q")
    assert validate("out/target.csv", "-o", "second").returncode == 0


def test_a_pattern_that_matches_nothing_else_is_an_error(here: Path) -> None:
    validate("a/one.csv", "-o", "out", "-q")
    done = validate("out/*.csv", "-o", "second")
    assert done.returncode == 3
    assert "error: out/*.csv: matches only files that earlier runs have written" in done.stderr


def test_contract_commands_skip_them_too(here: Path) -> None:
    validate("a/one.csv", "-o", "a/out", "-q")
    line = [sys.executable, "-m", "callcenter_etl", "contract", "diff", "c.yaml", "c.yaml", "--against"]
    done = subprocess.run([*line, "a/**/*.csv"], capture_output=True, text=True, check=False)
    assert done.stderr == "note: a/out: skipped 3 files of earlier runs (name a file to read it)\n"
    assert "target.csv" not in done.stdout


def test_folders_of_parts_staged_files_and_ledgers_are_outputs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ours = (
        "target/part-00000.csv",
        "target/part-0123456789abcdef.parquet",
        ".staging-20250131T083000Z-5f0c1a2b/target.csv",
        "runs/20250131T083000Z-5f0c1a2b.json",
        "ledger.sqlite",
        "summary.json",
    )
    theirs = ("target/calls.csv", "calls.csv", "runs/monday.json", "staging/target.csv")
    for name in (*ours, *theirs):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("{}", encoding="utf-8")
    skipped: dict[str, int] = {}
    found = [str(out / name) for name in (*ours, *theirs)]
    kept = without_own_outputs(found, DEFAULTS, skipped.__setitem__)
    assert kept == [str(out / name) for name in theirs]
    assert sum(skipped.values()) == len(ours)


def test_a_prefix_does_not_mean_the_objects_of_earlier_runs(here: Path, moto_drops: Drops) -> None:
    moto_drops.put("in/calls.csv", b"id\n1\nx\n")
    uri = moto_drops.uri("in/")
    assert validate(uri, "-o", moto_drops.uri("in/out"), "-q").returncode == 1
    second = validate(uri, "-o", moto_drops.uri("in/out"))
    assert second.stdout.count("already done by run ") == 1
    assert f"note: {uri}out/calls: skipped 4 files of earlier runs" in second.stderr
