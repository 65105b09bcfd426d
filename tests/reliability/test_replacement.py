"""An output that holds another source's run is not replaced silently."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import validate
from callcenter_etl.errors import OtherSourceError
from tests.reliability.support import DATA, command, contents, contract, write_contract, written
from tests.storage.buckets import Drops

OTHER = b"id,note\n7,g\nx,b\n"
CLEAN = b"id,note\n8,h\n"


def test_a_second_source_is_refused_and_the_first_ones_files_stay(tmp_path: Path) -> None:
    document, out = write_contract(tmp_path), tmp_path / "nightly"
    words = ("-c", document, "-o", out, "-q")
    command("validate", written(tmp_path, name="day18.csv"), *words)
    before = contents(out)
    second = command("validate", written(tmp_path, OTHER, "day21.csv"), *words)
    assert (second.returncode, second.stdout) == (2, "")
    assert contents(out) == before
    run_id = json.loads(before["summary.json"][0])["run_id"]
    assert second.stderr == (
        f"error: {out}: holds run {run_id} of '{tmp_path}/day18.csv' (3 records, 1 rejected), and '{tmp_path}/day21.csv'"
        " is another source (name another --output, or replace the files of that run with --force)\n"
    )


@pytest.mark.parametrize("through", ["option", "variable"])
def test_force_replaces_and_says_what(tmp_path: Path, through: str) -> None:
    document, out = write_contract(tmp_path), tmp_path / "nightly"
    words = ("-c", document, "-o", out, "-q")
    command("validate", written(tmp_path, name="day18.csv"), *words)
    run_id = json.loads((out / "summary.json").read_bytes())["run_id"]
    option = ("--force",) if through == "option" else ()
    environ = {**os.environ, "CALLCENTER_ETL_FORCE": "true"} if through == "variable" else None
    second = command("validate", written(tmp_path, OTHER, "day21.csv"), *words, *option, env=environ)
    assert second.returncode == 1
    assert (
        f"{out}: replaced run {run_id} of '{tmp_path}/day18.csv' (3 records, 1 rejected)\n" in second.stdout
    )
    assert (out / "target.csv").read_bytes() == b"id,note\n7,g\n"


def test_the_same_source_in_a_newer_version_replaces_and_says_so(tmp_path: Path) -> None:
    words = ("-c", write_contract(tmp_path), "-o", tmp_path / "out")
    command("validate", written(tmp_path), *words)
    second = command("validate", written(tmp_path, CLEAN), *words)
    assert second.returncode == 0
    assert second.stdout.count(f"{tmp_path}/out: replaced run ") == 1
    assert " replaced " in second.stderr  # the log, for formats that are not text


def test_nothing_is_said_where_nothing_is_replaced(tmp_path: Path) -> None:
    assert validate(written(tmp_path), contract(), output=tmp_path / "out").replaced == ()


def _validated(folder: Path, source: str, working: Path, out: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "callcenter_etl", "validate", source, "-c", str(folder / "c.json"), "-q"]
    return subprocess.run([*line, "-o", str(out)], cwd=working, capture_output=True, text=True, check=False)


def test_one_relative_path_in_two_working_folders_is_two_sources(tmp_path: Path) -> None:
    write_contract(tmp_path)
    for site in ("delhi", "hyderabad"):
        (tmp_path / site).mkdir()
    written(tmp_path / "delhi", name="calls.csv")
    written(tmp_path / "hyderabad", OTHER, "calls.csv")
    out = tmp_path / "out"
    assert _validated(tmp_path, "calls.csv", tmp_path / "delhi", out).returncode == 1
    refused = _validated(tmp_path, "calls.csv", tmp_path / "hyderabad", out)
    assert (refused.returncode, "is another source" in refused.stderr) == (2, True)
    written(tmp_path / "delhi", CLEAN, "calls.csv")
    for spelling, working in (("delhi/calls.csv", tmp_path), ("../delhi/calls.csv", tmp_path / "hyderabad")):
        assert _validated(tmp_path, spelling, working, out).returncode == 0


def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    validate(written(tmp_path), contract(), output=tmp_path / "out")
    (tmp_path / "link.csv").symlink_to("s.csv")
    written(tmp_path, CLEAN)
    assert len(validate(tmp_path / "link.csv", contract(), output=tmp_path / "out").replaced) == 1


def test_a_compressed_twin_is_the_same_source(tmp_path: Path) -> None:
    validate(written(tmp_path), contract(), output=tmp_path / "out")
    for name in ("s.csv.gz", "s.csv"):
        data = gzip.compress(OTHER) if name.endswith(".gz") else CLEAN
        assert validate(written(tmp_path, data, name), contract(), output=tmp_path / "out").replaced
    with pytest.raises(OtherSourceError):
        validate(written(tmp_path, gzip.compress(OTHER), "t.csv.gz"), contract(), output=tmp_path / "out")


@pytest.mark.parametrize("source", ["-", "/dev/stdin"])
def test_standard_input_is_never_known_to_be_the_same_source(tmp_path: Path, source: str) -> None:
    words = ("validate", source, "-c", write_contract(tmp_path), "-o", tmp_path / "out", "-q")
    assert command(*words, input=DATA.decode()).returncode == 1
    second = command(*words, input=OTHER.decode())
    assert second.returncode == 2
    assert "perhaps another source: a pipe has no name of its own" in second.stderr
    assert (tmp_path / "out" / "target.csv").read_bytes() == b"id,note\n1,a\n3,c\n"
    assert command(*words, "--force", input=OTHER.decode()).returncode == 1


def test_a_refused_run_published_no_records_and_gives_way(tmp_path: Path) -> None:
    assert validate(
        written(tmp_path, b"other\n1\n", "bad.csv"), contract(), output=tmp_path / "out"
    ).exit_code
    result = validate(written(tmp_path), contract(), output=tmp_path / "out")
    assert [run.holds_files for run in result.replaced] == [False]


def test_a_source_that_would_be_refused_does_not_remove_another_ones_files(tmp_path: Path) -> None:
    validate(written(tmp_path), contract(), output=tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(OtherSourceError):
        validate(written(tmp_path, b"other\n1\n", "bad.csv"), contract(), output=tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_a_name_with_a_typo_is_not_another_source(tmp_path: Path) -> None:
    document, out = write_contract(tmp_path), tmp_path / "out"
    command("validate", written(tmp_path), "-c", document, "-o", out, "-q")
    before = contents(out)
    done = command("validate", tmp_path / "t.csv", "-c", document, "-o", out, "-q")
    assert (done.returncode, "t.csv: no such file" in done.stderr) == (3, True)
    assert contents(out) == before


def test_where_the_ledger_is_gone_the_summary_names_the_source(tmp_path: Path) -> None:
    validate(written(tmp_path), contract(), output=tmp_path / "out")
    (tmp_path / "out" / "ledger.sqlite").unlink()
    with pytest.raises(OtherSourceError, match=r"s\.csv"):
        validate(written(tmp_path, CLEAN, "t.csv"), contract(), output=tmp_path / "out")


def test_of_several_sources_the_others_are_run(tmp_path: Path) -> None:
    document, out = write_contract(tmp_path), tmp_path / "out"
    for folder in ("monday", "tuesday"):
        (tmp_path / folder).mkdir()
    for name in ("a.csv", "b.csv"):
        written(tmp_path / "monday", CLEAN, name)
    command("validate", tmp_path / "monday" / "*.csv", "-c", document, "-o", out, "-q")
    for name in ("b.csv", "c.csv"):
        written(tmp_path / "tuesday", b"id,note\n9,i\n", name)
    done = command("validate", tmp_path / "tuesday" / "*.csv", "-c", document, "-o", out, "-q")
    assert done.returncode == 2
    assert done.stderr.count("error: ") == 1
    assert f"{out}/b: holds run " in done.stderr
    assert (out / "b" / "target.csv").read_bytes() == CLEAN
    assert (out / "c" / "target.csv").read_bytes() == b"id,note\n9,i\n"


def _table(**more: Any) -> Any:
    return contract(run={"target_format": "delta", **more})


def test_a_table_takes_many_sources_and_says_which_exceptions_give_way(tmp_path: Path) -> None:
    document = write_contract(tmp_path, run={"target_format": "delta"})
    words = ("-c", document, "-o", tmp_path / "out", "-q")
    command("validate", written(tmp_path, OTHER, "a.csv"), *words)
    second = command("validate", written(tmp_path, CLEAN, "b.csv"), *words)
    assert second.returncode == 0
    assert "a.csv' (2 records, 1 rejected; its records stay in the target)\n" in second.stdout
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes())["outputs"]["target"]["version"] == 1


def test_a_table_that_is_overwritten_takes_one_source(tmp_path: Path) -> None:
    whole = _table(write="overwrite")
    validate(written(tmp_path, CLEAN), whole, output=tmp_path / "out")
    with pytest.raises(OtherSourceError):
        validate(written(tmp_path, CLEAN.replace(b"8", b"9"), "t.csv"), whole, output=tmp_path / "out")


def test_a_prefix_and_a_prefix_for_copies_are_guarded_too(moto_drops: Drops, tmp_path: Path) -> None:
    first, second = written(tmp_path, CLEAN, "a.csv"), written(tmp_path, OTHER, "b.csv")
    validate(first, contract(), output=moto_drops.uri("out"))
    with pytest.raises(OtherSourceError, match="another --output"):
        validate(second, contract(), output=moto_drops.uri("out"))
    validate(first, contract(), output=tmp_path / "one", publish_to=moto_drops.uri("copies"))
    with pytest.raises(OtherSourceError, match="another --publish-to"):
        validate(second, contract(), output=tmp_path / "two", publish_to=moto_drops.uri("copies"))
    assert not (tmp_path / "two" / "summary.json").exists()
    forced = validate(second, contract(), output=moto_drops.uri("out"), force=True)
    assert [run.source for run in forced.replaced] == [str(first)]
