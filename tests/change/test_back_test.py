"""`contract diff --against`: the records of real files that flip, as `validate` under each contract shows them."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.shared_folder import REPOSITORY

SAMPLES = [str(REPOSITORY / "src_files" / f"call_center_raw_{month}.csv") for month in ("202501", "202502")]
OLD = REPOSITORY / "contracts" / "call_center.yaml"
NEW = (
    ("allowed: [COMPLETED, DROPPED, FAILED]", "allowed: [COMPLETED, DROPPED]"),
    ("required: true, unique: true", "required: true"),
    ('check: "call_end_time >= call_start_time"', 'check: "call_end_time > call_start_time"'),
    ("lookup: {file: agents.csv", f"lookup: {{file: {OLD.parent}/agents.csv"),
)


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def changed(folder: Path, *replaced: tuple[str, str]) -> str:
    content = OLD.read_text(encoding="utf-8").partition("\n# Asked by")[0]
    for before, after in replaced:
        assert before in content
        content = content.replace(before, after)
    (folder / "new.yaml").write_text(content, encoding="utf-8")
    return "new.yaml"


def rejects(contract: str, source: str, output: Path) -> dict[int, list[str]]:
    run(
        "validate",
        source,
        "-c",
        contract,
        "--output",
        str(output),
        "--quiet",
        "--force",
        folder=output.parent,
    )
    with (output / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        return {int(row["reject_line"]): row["reject_rules"].split("; ") for row in csv.DictReader(file)}


def by_rule(changed_verdicts: dict[int, list[str]]) -> dict[str, Any]:
    rules: dict[str, list[int]] = {}
    for line, broken in changed_verdicts.items():
        for rule in broken:
            rules.setdefault(rule, []).append(line)
    return {rule: {"records": len(lines), "lines": lines[:10]} for rule, lines in rules.items()}


def test_the_flips_are_those_of_two_runs(tmp_path: Path) -> None:
    new = changed(tmp_path, *NEW)
    done = run("contract", "diff", str(OLD), new, "--against", *SAMPLES, "--format", "json", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    tests = json.loads(done.stdout)["against"]
    assert [test["source"] for test in tests] == SAMPLES
    for test in tests:
        before = rejects(str(OLD), test["source"], tmp_path / "old")
        after = rejects(new, test["source"], tmp_path / "after")
        rejected = {line: rules for line, rules in after.items() if line not in before}
        accepted = {line: rules for line, rules in before.items() if line not in after}
        assert rejected
        assert accepted
        assert (test["newly_rejected"], test["newly_accepted"]) == (len(rejected), len(accepted))
        assert test["newly_rejected_by_rule"] == by_rule(rejected)
        assert test["newly_accepted_by_rule"] == by_rule(accepted)
        assert (test["old"]["rejected"], test["new"]["rejected"]) == (len(before), len(after))
    assert not (tmp_path / "output").exists()


def test_a_source_that_only_one_contract_refuses_flips_as_a_whole(tmp_path: Path) -> None:
    new = changed(tmp_path, ("- {name: note,", "- {name: remark,"), NEW[-1])
    done = run("contract", "diff", str(OLD), new, "--against", SAMPLES[0], folder=tmp_path)
    assert done.returncode == 1
    lines = done.stdout.split("src_files/call_center_raw_202501.csv: ")[1].splitlines()
    assert lines[0] == "20 newly rejected, 0 newly accepted"
    assert lines[1] == "  old: rejects, 39 read, 19 rejected"
    assert lines[2].startswith(
        "  new: refused; header.missing: column 'remark', expected at position 8, is missing"
    )
    assert lines[3].startswith("  newly rejected  header.missing: 20 records, lines 2, 3, 4")


def test_the_text_of_the_contracts_decides_the_exit_code_and_not_the_source(tmp_path: Path) -> None:
    new = changed(tmp_path, ("max_length: 500", "max_length: 400"), NEW[-1])
    done = run("contract", "diff", str(OLD), new, "--against", SAMPLES[0], folder=tmp_path)
    assert "call_center_raw_202501.csv: 0 newly rejected, 0 newly accepted" in done.stdout
    assert done.returncode == 1


def test_limits_that_fail_a_run_are_told_for_each_contract(tmp_path: Path) -> None:
    new = changed(tmp_path, ("\nrun:", "\nlimits: {max_rejected: 1%}\nrun:"), NEW[-1])
    done = run(
        "contract", "diff", str(OLD), new, "--against", SAMPLES[0], "--format", "json", folder=tmp_path
    )
    [test] = json.loads(done.stdout)["against"]
    assert (test["old"]["status"], test["new"]["status"]) == ("rejects", "failed")
    assert test["new"]["problems"][0]["rule"] == "limits.max_rejected"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--against", "-"], 2, "standard input can be read only once: name a file to test against"),
        (["--against", "absent.csv"], 3, "absent.csv"),
        (["some.csv"], 2, "two contracts are compared, 'some.csv' is a third (sources come after --against)"),
    ],
)
def test_what_cannot_be_tested_against_is_said(
    words: list[str], code: int, message: str, tmp_path: Path
) -> None:
    done = run("contract", "diff", str(OLD), str(OLD), *words, folder=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_source_that_cannot_be_read_hides_neither_the_changes_nor_the_others(tmp_path: Path) -> None:
    new = changed(tmp_path, *NEW)
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(Path(SAMPLES[1]).read_bytes())[:-20])
    words = ("--against", "cut.csv.gz", SAMPLES[0])
    done = run("contract", "diff", str(OLD), new, *words, folder=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("error: cut.csv.gz: truncated")
    assert "breaking   columns.call_status.allowed" in done.stdout
    assert "call_center_raw_202501.csv: " in done.stdout


def test_memory_does_not_grow_with_the_source(tmp_path: Path) -> None:
    head = "contract: c\ncolumns:\n  - {name: a, type: integer, RULE}\n  - {name: b}\n"
    (tmp_path / "old.yaml").write_text(head.replace("RULE", "max: 10"), encoding="utf-8")
    (tmp_path / "new.yaml").write_text(head.replace("RULE", "min: 10"), encoding="utf-8")
    sizes = (400_000, 1_200_000)
    for size in sizes:
        with (tmp_path / f"{size}.csv").open("w", encoding="utf-8") as file:
            file.write("a,b\n")
            file.writelines(f"{number},{'x' * 40}\n" for number in range(size))
    program = (
        "import resource\n"
        "from callcenter_etl import load_contract\n"
        "from callcenter_etl.api import back_tests\n"
        "old, new = load_contract('old.yaml'), load_contract('new.yaml')\n"
        f"for size in {sizes}:\n"
        "    [test] = back_tests([f'{size}.csv'], old, new)\n"
        "    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    print(test.newly_rejected, test.newly_accepted, peak)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    found = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert [(rejected, accepted) for rejected, accepted, _ in found] == [(10, size - 11) for size in sizes]
    grown = found[1][2] - found[0][2]
    assert grown < 20 * 1024, found  # KiB; the second file has 40 MB more, nearly all of it flips
