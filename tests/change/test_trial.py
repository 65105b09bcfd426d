"""`contract test`: examples judged as they say, and for every rule a record that breaks it, as the oracle agrees."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import ContractError, load_contract, validate
from callcenter_etl.api import examine_contract
from callcenter_etl.tools.contract_test.record_evaluator import RecordEvaluator
from callcenter_etl.tools.contract_test.rule_coverage import ALONE, NOT_FOUND, TOGETHER, RuleCoverage
from tests.oracle.compare import write_case
from tests.oracle.contracts import LOOKUPS, make_contract
from tests.oracle.reader import read_source
from tests.oracle.rules import judge
from tests.shared_folder import REPOSITORY

SAMPLE = REPOSITORY / "contracts" / "call_center.yaml"
CONTRACT = """contract: c
columns:
  - {name: id, type: digits, required: true, unique: true}
  - {name: state, allowed: [open, shut]}
  - {name: who, max_length: 5, classification: personal}
rules:
  - {name: open_has_who, when: "state == 'open'", check: "not empty(who)"}
examples:
  pass:
    - {id: 007, state: open, who: Ann}
  fail:
    - {record: {state: open}, breaks: [id.required, open_has_who]}
    - {after: [{id: 1}], record: {id: 1, state: ajar}, breaks: [state.allowed, id.unique]}
"""


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", "contract", "test", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def coverage(columns: str, rules: str = "", *, folder: Path) -> dict[str, RuleCoverage]:
    path = folder / "c.yaml"
    path.write_text(f"contract: c\ncolumns:\n{columns}\n{rules}", encoding="utf-8")
    return {rule.rule: rule for rule in examine_contract(load_contract(path)).rules}


def test_the_sample_contract_keeps_its_examples_and_every_rule_is_broken() -> None:
    done = run(str(SAMPLE), "--format", "json", folder=REPOSITORY)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["examples"]) == 8
    assert all(example["holds"] for example in told["examples"])
    outcomes = {rule["rule"]: (rule["outcome"], rule["others"]) for rule in told["rules"]}
    assert len(outcomes) == 21
    # No talk of more than a day fits a call within a day: the two can only be broken together.
    assert outcomes.pop("talk_seconds.max") == (TOGETHER, ["talk_fits_call"])
    assert all(outcome == (ALONE, []) for outcome in outcomes.values())


def test_an_example_that_is_judged_otherwise_is_shown_with_its_place_and_ends_with_1(tmp_path: Path) -> None:
    wrong = CONTRACT.replace("who: Ann", "who: Annabel").replace("[state.allowed, id.unique]", "[id.unique]")
    (tmp_path / "good.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text(wrong, encoding="utf-8")
    good, bad = run("good.yaml", folder=tmp_path), run("wrong.yaml", "good.yaml", folder=tmp_path)
    assert (good.returncode, bad.returncode) == (0, 1), good.stdout
    assert good.stdout.startswith("good.yaml: 3 of 3 examples hold, 6 of 6 rules can be broken alone\n")
    lines = bad.stdout.splitlines()
    assert lines[0].startswith("wrong.yaml: 1 of 3 examples hold")
    assert lines[1] == "  wrong.yaml:10:7: examples.pass[0]: breaks who.max_length, no rule expected"
    assert lines[2] == (
        "  wrong.yaml:13:7: examples.fail[1]: breaks id.unique and state.allowed, id.unique expected"
    )
    assert "good.yaml: 3 of 3 examples hold" in bad.stdout


def test_faults_of_examples_are_told_with_their_places(tmp_path: Path) -> None:
    wrong = CONTRACT.replace("who: Ann}", "whom: Ann}").replace("[id.required,", "[id.requird,")
    wrong = wrong.replace("{id: 1}", "{id: 1, state: }").replace("pass:", "pas:")
    (tmp_path / "c.yaml").write_text(wrong, encoding="utf-8")
    done = run("c.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: c.yaml:9:3: examples.pas: unknown key (did you mean 'pass'?)",
        "c.yaml:12:40: examples.fail[0].breaks[0]: unknown rule 'id.requird' (did you mean 'id.required'?)",
        'c.yaml:13:16: examples.fail[1].after[0]: state has no value (write "" for an empty one)',
    ]
    (tmp_path / "c.yaml").write_text(wrong.replace("pas:", "pass:"), encoding="utf-8")
    assert (
        "c.yaml:10:30: examples.pass[0].whom: unknown column 'whom' (did you mean 'who'?)"
        in run("c.yaml", folder=tmp_path).stderr
    )


def test_a_value_that_the_encoding_lacks_is_a_fault() -> None:
    plain: dict[str, Any] = {
        "contract": "c",
        "source": {"encoding": "latin-1"},
        "columns": [{"name": "a"}],
        "examples": {"pass": [{"a": "日"}]},
    }
    with pytest.raises(ContractError, match=r"examples.pass\[0\].a: iso8859-1 has no '日'"):
        load_contract(plain)


def test_rules_that_nothing_breaks_alone_are_reported_and_count_only_if_strict(tmp_path: Path) -> None:
    columns = "  - {name: a, allowed: [x, y], max_length: 3}\n  - {name: t, type: time, min: '00:00:00'}\n"
    rules = "rules:\n  - {name: always, check: \"a == 'x' or a != 'x'\"}\n"
    found = coverage(columns, rules, folder=tmp_path)
    assert (found["a.max_length"].outcome, found["a.max_length"].others) == (TOGETHER, ("a.allowed",))
    assert (found["t.min"].outcome, found["t.min"].why) == (NOT_FOUND, "no time is before 00:00:00")
    assert found["always"].outcome == NOT_FOUND
    assert {rule for rule, each in found.items() if each.outcome == ALONE} == {"a.allowed", "t.type"}
    plain, strict = run("c.yaml", folder=tmp_path), run("c.yaml", "--strict", folder=tmp_path)
    assert (plain.returncode, strict.returncode) == (0, 1)
    assert plain.stdout == strict.stdout
    assert "c.yaml: no examples, 2 of 5 rules can be broken alone" in plain.stdout
    assert (
        f"none found that breaks it among {found['t.min'].tries:,} (no time is before 00:00:00)"
        in plain.stdout
    )
    [always] = [line for line in plain.stdout.splitlines() if line.startswith("  always ")]
    assert always.rstrip().endswith(f"none found that breaks it among {found['always'].tries:,}")


@pytest.mark.parametrize(
    "check",
    [
        "n * 2 + 1 > 7",
        "length(s) > 4",
        "left(s, 2) == 'ab'",
        "not matches(s, '[A-Z]{3}[0-9]{2}')",
        "weekday(d) < 5",
        "days(e - d) <= 30",
        "d != '2024-05-17'",
        "seconds(u) < 1800",
        "n in [3, 5, 8] or empty(s)",
        "n != 123456",
        "s + s != 'xyxy'",
        "coalesce(n, 0) >= 0 and (b or n < 100)",
    ],
)
def test_the_literals_of_a_check_lead_to_a_record_that_breaks_it(check: str, tmp_path: Path) -> None:
    columns = "".join(
        f"  - {{name: {name}, type: {kind}}}\n"
        for name, kind in zip(
            "nsdeub", ("integer", "text", "date", "date", "duration", "boolean"), strict=True
        )
    )
    found = coverage(columns, f'rules:\n  - {{name: r, check: "{check}"}}\n', folder=tmp_path)
    assert found["r"].outcome == ALONE


def test_the_same_records_are_made_each_time(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    first, second = (run("c.yaml", "--format", "json", folder=tmp_path).stdout for _ in range(2))
    assert first == second


def test_classified_values_are_not_shown(tmp_path: Path) -> None:
    content = CONTRACT.replace("who: Ann", "who: Annabel")
    (tmp_path / "c.yaml").write_text(content, encoding="utf-8")
    for form in ("text", "json"):
        done = run("c.yaml", "--format", form, folder=tmp_path)
        assert "(personal)" in done.stdout
        assert "Annabel" not in done.stdout + done.stderr


@pytest.mark.parametrize("seed", [0, 2, 7, 16])
def test_the_oracle_agrees_about_every_record_that_is_made(seed: int, tmp_path: Path) -> None:
    plain = make_contract(random.Random(seed))
    _, path = write_case(b"", plain, tmp_path)
    loaded = load_contract(path)
    record_evaluator = RecordEvaluator(loaded.loaded, tmp_path)
    made = [rule for rule in examine_contract(loaded).rules if rule.record is not None]
    for rule in made:
        content = record_evaluator.text_of([*rule.after, rule.record or {}]).encode(
            plain["source"]["encoding"]
        )
        last = judge(read_source(content, plain), plain, LOOKUPS)[-1]
        assert {*last.broken_errors, *last.broken_warnings} == {rule.rule, *rule.others}


def test_a_made_record_is_rejected_by_validate_for_just_its_rule(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    contract = load_contract(path)
    for rule in examine_contract(contract).rules:
        with (tmp_path / "made.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["id", "state", "who"])
            writer.writeheader()
            writer.writerows([*rule.after, rule.record or {}])
        result = validate(tmp_path / "made.csv", contract, output=tmp_path / "out", workers=1, force=True)
        exceptions = result.exceptions
        assert exceptions["reject_rules"].to_list()[-1:] == [rule.rule]
