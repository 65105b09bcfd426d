"""Every kind of change with its effect, its place on both sides and its sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract
from callcenter_etl.api import diff_contracts
from callcenter_etl.tools.compare import ContractChange

A = "{name: a, type: integer}"
PLAIN = (
    "contract: c\nsource: {SOURCE}\ncolumns:\n  - COLUMN\n  - {name: b}\nrules: [RULES]\nlimits: {LIMITS}\n"
)


def text(*, source: str = "", column: str = A, rules: str = "", limits: str = "", plain: str = PLAIN) -> str:
    filled = plain.replace("SOURCE", source).replace("COLUMN", column)
    return filled.replace("RULES", rules).replace("LIMITS", limits)


def changes(old: str, new: str, folder: Path) -> tuple[ContractChange, ...]:
    for name, content in (("old.yaml", old), ("new.yaml", new)):
        (folder / name).write_text(content, encoding="utf-8")
    return diff_contracts(load_contract(folder / "old.yaml"), load_contract(folder / "new.yaml"))


def effects(old: str, new: str, folder: Path) -> dict[str, str]:
    return {change.path: change.effect for change in changes(old, new, folder)}


# Each is (old, new, the path of the change, its effect, the effect of the way back).
COLUMNS = [
    (A, "{name: a, type: integer, required: true}", "a.required", "breaking", "loosening"),
    (
        A,
        "{name: a, type: integer, required: true, severity: {required: warn}}",
        "a.required",
        "neutral",
        "neutral",
    ),
    ("{name: a}", "{name: a, pattern: ''}", "a.pattern", "breaking", "loosening"),
    ("{name: a, type: digits}", A, "a.type", "loosening", "breaking"),
    (
        "{name: a, type: decimal}",
        "{name: a, type: decimal, thousands: ','}",
        "a.thousands",
        "loosening",
        "breaking",
    ),
    (
        "{name: a, type: decimal}",
        "{name: a, type: decimal, decimal: ','}",
        "a.decimal",
        "breaking",
        "breaking",
    ),
    ("{name: a, type: decimal}", "{name: a, type: decimal, decimal: .}", "a.decimal", "neutral", "neutral"),
    (
        "{name: a, type: decimal, prefix: $}",
        "{name: a, type: decimal, prefix: [US$, $]}",
        "a.prefix",
        "loosening",
        "breaking",
    ),
    (
        "{name: a, type: decimal, suffix: '%'}",
        "{name: a, type: decimal, suffix: k}",
        "a.suffix",
        "breaking",
        "breaking",
    ),
    ("{name: a, type: integer, thousands: .}", "{name: a, type: decimal}", "a.type", "breaking", "breaking"),
    (
        "{name: a, type: integer, thousands: .}",
        "{name: a, type: decimal, decimal: ',', thousands: .}",
        "a.type",
        "loosening",
        "breaking",
    ),
    ("{name: a, type: digits}", "{name: a, type: decimal, decimal: ','}", "a.type", "loosening", "breaking"),
    (
        "{name: a, type: boolean}",
        "{name: a, type: boolean, true_values: [Y], false_values: [N]}",
        "a.true_values",
        "breaking",
        "breaking",
    ),
    (
        "{name: a, type: boolean, true_values: [Y], false_values: [N]}",
        "{name: a, type: boolean, true_values: [Y, y], false_values: [N]}",
        "a.true_values",
        "loosening",
        "breaking",
    ),
    (
        "{name: a, type: boolean, true_values: [Y], false_values: [N]}",
        "{name: a, type: boolean, true_values: [Y], false_values: [N], ignore_case: true}",
        "a.true_values",
        "loosening",
        "breaking",
    ),
    (
        "{name: a, type: boolean, true_values: [Y], false_values: [N]}",
        "{name: a, type: boolean, true_values: [N], false_values: [Y]}",
        "a.true_values",
        "breaking",
        "breaking",
    ),
    ("{name: a, allowed: [X]}", "{name: a, allowed: [X], trim: true}", "a.trim", "loosening", "breaking"),
    (
        "{name: a, type: integer, max: 5}",
        "{name: a, type: integer, max: 5, trim: true}",
        "a.trim",
        "loosening",
        "breaking",
    ),
    (
        "{name: a, type: integer, max: 5, severity: {type: warn}}",
        "{name: a, type: integer, max: 5, trim: true, severity: {type: warn}}",
        "a.trim",
        "breaking",
        "breaking",
    ),
    ("{name: a, pattern: x}", "{name: a, pattern: x, trim: true}", "a.trim", "breaking", "breaking"),
    ("{name: a, unique: true}", "{name: a, unique: true, trim: true}", "a.trim", "breaking", "loosening"),
    ("{name: a, max_length: 3}", "{name: a, max_length: 3, trim: true}", "a.trim", "loosening", "breaking"),
    ("{name: a, required: true}", "{name: a, required: true, trim: true}", "a.trim", "neutral", "neutral"),
    ("{name: a}", "{name: a, case: upper}", "a.case", "neutral", "neutral"),
    ("{name: a, max_length: 3}", "{name: a, max_length: 3, case: lower}", "a.case", "neutral", "neutral"),
    ("{name: a, allowed: [X]}", "{name: a, allowed: [X], case: upper}", "a.case", "breaking", "breaking"),
    ("{name: a, type: integer}", "{name: a, type: integer, case: upper}", "a.case", "neutral", "neutral"),
    ("{name: a, type: boolean}", "{name: a, type: boolean, case: upper}", "a.case", "breaking", "breaking"),
    ("{name: a, type: digits}", "{name: a}", "a.type", "loosening", "breaking"),
    (A, "{name: a, type: decimal}", "a.type", "loosening", "breaking"),
    (A, "{name: a, type: date}", "a.type", "breaking", "breaking"),
    (
        "{name: a, type: time}",
        "{name: a, type: time, format: ['%H:%M:%S', '%H:%M']}",
        "a.format",
        "loosening",
        "breaking",
    ),
    (
        "{name: a, type: date, format: '%d/%m/%Y'}",
        "{name: a, type: date, format: ['%m/%d/%Y', '%d/%m/%Y']}",
        "a.format",
        "loosening",
        "breaking",
    ),
    (
        "{name: a, type: date, format: '%d/%m/%Y', min: 2024-01-01}",
        "{name: a, type: date, format: ['%m/%d/%Y', '%d/%m/%Y'], min: 2024-01-01}",
        "a.format",
        "breaking",  # 03/12/2023 was the third of December, and is the twelfth of March
        "breaking",
    ),
    (
        "{name: a, type: integer, max: 9, severity: {type: warn}}",
        "{name: a, type: decimal, max: 9, severity: {type: warn}}",
        "a.type",
        "breaking",  # 9.5 was no integer, which was a warning, and so was not asked whether it is above 9
        "loosening",
    ),
    (
        "{name: a, type: integer, min: 5}",
        "{name: a, type: integer, min: 4}",
        "a.min",
        "loosening",
        "breaking",
    ),
    ("{name: a, type: decimal, max: 9}", "{name: a, type: decimal, max: 9.0}", "a.max", "neutral", "neutral"),
    (
        "{name: a, type: time, max: '09:00'}",
        "{name: a, type: time, max: '10:00:00'}",
        "a.max",
        "loosening",
        "breaking",
    ),
    ("{name: a, min_length: 2}", "{name: a, min_length: 1}", "a.min_length", "loosening", "breaking"),
    ("{name: a, max_length: 2}", "{name: a}", "a.max_length", "loosening", "breaking"),
    ("{name: a, pattern: '[0-9]+'}", "{name: a, pattern: '[0-9]*'}", "a.pattern", "breaking", "breaking"),
    ("{name: a, pattern: '[0-9]+'}", "{name: a, pattern: '[0-9]+|x'}", "a.pattern", "loosening", "breaking"),
    ("{name: a, allowed: [x, y]}", "{name: a, allowed: [y, x]}", "a.allowed", "neutral", "neutral"),
    ("{name: a, allowed: [x, y]}", "{name: a, allowed: [x, y, z]}", "a.allowed", "loosening", "breaking"),
    (
        "{name: a, allowed: [x]}",
        "{name: a, allowed: [X], ignore_case: true}",
        "a.allowed",
        "loosening",
        "breaking",
    ),
    (A, "{name: a, type: integer, unique: true}", "a.unique", "breaking", "loosening"),
    ("{name: a}", "{name: a, lookup: {file: f.csv, column: a}}", "a.lookup", "breaking", "loosening"),
    (
        "{name: a, lookup: {file: f.csv, column: a}}",
        "{name: a, lookup: {file: g.csv, column: a}}",
        "a.lookup",
        "breaking",
        "breaking",
    ),
    (
        "{name: a, type: integer, severity: warn}",
        "{name: a, type: integer, severity: error}",
        "a.severity.type",
        "breaking",
        "loosening",
    ),
    (A, "{name: a, type: integer, reason: no number}", "a.reason", "neutral", "neutral"),
    (A, "{name: a, type: integer, description: what it is}", "a.description", "neutral", "neutral"),
    (A, "{name: a, type: integer, classification: secret}", "a.classification", "neutral", "neutral"),
    (A, "{name: a, type: integer, aliases: [x]}", "a.aliases", "loosening", "breaking"),
    ("{name: x}", "{name: a, aliases: [x]}", "a.name", "loosening", "breaking"),
]


@pytest.mark.parametrize(("old", "new", "path", "effect", "back"), COLUMNS)
def test_a_change_of_a_column_has_its_effect(
    old: str, new: str, path: str, effect: str, *, back: str, tmp_path: Path
) -> None:
    assert effects(text(column=old), text(column=new), tmp_path)[f"columns.{path}"] == effect
    name, _, key = path.partition(".")
    path = path if key != "name" else "x.name"
    assert effects(text(column=new), text(column=old), tmp_path)[f"columns.{path}"] == back, name


SOURCES = [
    ("", "delimiter: ;", "delimiter", "breaking", "breaking"),
    ("", "quote: null", "quote", "breaking", "breaking"),
    ("", "escape: '\\'", "escape", "breaking", "breaking"),
    ("", "double_quote: false", "double_quote", "breaking", "breaking"),
    ("", "double_quote: true", "double_quote", "neutral", "neutral"),
    ("quote: null", "quote: null, double_quote: false", "double_quote", "neutral", "neutral"),
    ("", "skip_initial_space: true", "skip_initial_space", "breaking", "breaking"),
    ("", "trailing_delimiter: true", "trailing_delimiter", "loosening", "breaking"),
    ("", "short_records: empty", "short_records", "loosening", "breaking"),
    ("encoding: ascii", "encoding: utf-8", "encoding", "loosening", "breaking"),
    ("encoding: latin-1", "encoding: utf-8", "encoding", "breaking", "breaking"),
    ("", "quoting: lenient", "quoting", "loosening", "breaking"),
    ("", "multiline: true", "multiline", "breaking", "breaking"),
    ("quote: null", "quote: null, multiline: true", "multiline", "neutral", "neutral"),
    ("", "empty_values: ['', NULL]", "empty_values", "loosening", "breaking"),
    ("", "header: any_order", "header", "loosening", "breaking"),
    ("header: any_order", "header: by_name", "header", "loosening", "breaking"),
    ("", "header: none", "header", "breaking", "breaking"),
    ("", "header_case: ignore", "header_case", "loosening", "breaking"),
    ("header: by_name", "header: by_name, header_case: ignore", "header_case", "breaking", "breaking"),
    ("", "max_bytes: 1 GiB", "max_bytes", "breaking", "loosening"),
    ("", "filename: {pattern: 'a.*'}", "filename.pattern", "breaking", "loosening"),
    ("", "filename: {length: 5}", "filename.length", "breaking", "loosening"),
    ("", "preamble: {lines: 1}", "preamble", "breaking", "breaking"),
    ("preamble: {lines: 1}", "preamble: {lines: 2}", "preamble", "breaking", "breaking"),
    ("preamble: {lines: 1}", "preamble: {lines: 1, match: a}", "preamble", "breaking", "loosening"),
    ("preamble: {lines: 1, match: a}", "preamble: {lines: 1, match: a, optional: true}", "preamble", "loosening", "breaking"),
    ("preamble: {until: a}", "preamble: {until: b}", "preamble", "breaking", "breaking"),
    ("", "header_lines: 2", "header_lines", "breaking", "breaking"),
    ("after_header: {match: a}", "after_header: {match: a|b}", "after_header", "loosening", "breaking"),
    ("", "comment: '#'", "comment", "breaking", "breaking"),
    ("", "footer: {match: a}", "footer", "breaking", "breaking"),
    ("footer: {match: '(?P<n>.*)'}", "footer: {match: '(?P<n>.*)', fields: {n: integer}}", "footer", "breaking", "loosening"),
    ("filename: {extensions: [.csv]}", "filename: {extensions: [.csv, .txt]}", "filename.extensions", "loosening", "breaking"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "effect", "back"), SOURCES)
def test_a_change_of_the_source_has_its_effect(
    old: str, new: str, path: str, effect: str, *, back: str, tmp_path: Path
) -> None:
    assert effects(text(source=old), text(source=new), tmp_path) == {f"source.{path}": effect}
    assert effects(text(source=new), text(source=old), tmp_path) == {f"source.{path}": back}


CHECK = "{name: r, check: 'CHECK'}"
CHECKS = [
    ("a <= 10", "a <= 20", "loosening", "breaking"),
    ("a >= 10", "a >= 20", "breaking", "loosening"),
    ("a < 10", "(a < 10)", "neutral", "neutral"),
    ("a < 10", "a < 9 or a > 20", "breaking", "breaking"),
    ("a < 10", "a < 10 or empty(b)", "loosening", "breaking"),
    ("a < 10 and a > 2", "a > 2", "loosening", "breaking"),
    ("a in [1, 2]", "a in [2, 1, 3]", "loosening", "breaking"),
    ("a not in [1, 2]", "a not in [1]", "loosening", "breaking"),
    ("a < 10", "not (a >= 10)", "breaking", "breaking"),  # the same, and not proven so
    ("(a > 1) == empty(b)", "empty(b) == (a > 1)", "neutral", "neutral"),
    ("a == 5", "5 == a", "neutral", "neutral"),
    ("(a > 1) == empty(b)", "(a > 1) != empty(b)", "breaking", "breaking"),
    ("(a > 1) == empty(b)", "(a > 2) == empty(b)", "breaking", "breaking"),  # a wider part proves nothing
    ("(a > 1) == empty(b)", "(a > 1) == empty(b) or a > 9", "loosening", "breaking"),
]


@pytest.mark.parametrize(("old", "new", "effect", "back"), CHECKS)
def test_a_check_that_provably_asks_less_loosens(
    old: str, new: str, effect: str, back: str, tmp_path: Path
) -> None:
    first, second = (text(rules=CHECK.replace("CHECK", check)) for check in (old, new))
    assert effects(first, second, tmp_path) == {"rules.r.check": effect}
    assert effects(second, first, tmp_path) == {"rules.r.check": back}


RULES = [
    ("", "{name: r, unique: [a]}", "r", "breaking", "loosening"),
    ("", "{name: r, unique: [a], severity: warn}", "r", "neutral", "neutral"),
    ("{name: r, unique: [a]}", "{name: r, unique: [a, b]}", "r.unique", "loosening", "breaking"),
    ("{name: r, unique: [a, b]}", "{name: r, unique: [b, a]}", "r.unique", "neutral", "neutral"),
    (
        "{name: r, check: a > 1}",
        "{name: r, check: a > 1, severity: warn}",
        "r.severity",
        "loosening",
        "breaking",
    ),
    ("{name: r, check: a > 1}", "{name: r, check: a > 1, when: b == 'x'}", "r.when", "loosening", "breaking"),
    ("{name: r, check: a > 1}", "{name: r, check: a > 1, reason: small}", "r.reason", "neutral", "neutral"),
]


@pytest.mark.parametrize(("old", "new", "path", "effect", "back"), RULES)
def test_a_change_of_a_record_rule_has_its_effect(
    old: str, new: str, path: str, effect: str, *, back: str, tmp_path: Path
) -> None:
    assert effects(text(rules=old), text(rules=new), tmp_path) == {f"rules.{path}": effect}
    assert effects(text(rules=new), text(rules=old), tmp_path) == {f"rules.{path}": back}


LIMITS = [
    ("max_rejected: 5", "max_rejected: 6", "max_rejected", "loosening", "breaking"),
    ("max_rejected: 5%", "max_rejected: 4.5%", "max_rejected", "breaking", "loosening"),
    ("max_rejected: 5", "max_rejected: 5%", "max_rejected", "breaking", "breaking"),
    ("", "max_rejected: 5%", "max_rejected", "breaking", "breaking"),
    ("", "min_records: 1", "min_records", "breaking", "loosening"),
    ("", "min_records: 0", "min_records", "neutral", "neutral"),
]


@pytest.mark.parametrize(("old", "new", "path", "effect", "back"), LIMITS)
def test_a_change_of_the_limits_has_its_effect(
    old: str, new: str, path: str, effect: str, *, back: str, tmp_path: Path
) -> None:
    assert effects(text(limits=old), text(limits=new), tmp_path) == {f"limits.{path}": effect}
    assert effects(text(limits=new), text(limits=old), tmp_path) == {f"limits.{path}": back}


@pytest.mark.parametrize(
    ("mode", "came", "went", "order"),
    [
        ("exact", "breaking", "breaking", "breaking"),
        ("any_order", "breaking", "breaking", "neutral"),
        ("by_name", "breaking", "loosening", "neutral"),
        ("none", "breaking", "breaking", "breaking"),
    ],
)
def test_columns_that_come_go_or_move_count_by_the_header_mode(
    mode: str, came: str, went: str, order: str, tmp_path: Path
) -> None:
    head = f"contract: c\nsource: {{header: {mode}}}\ncolumns:\n"
    two, three = (
        head + "  - {name: a}\n  - {name: b}\n",
        head + "  - {name: a}\n  - {name: b}\n  - {name: d}\n",
    )
    assert effects(two, three, tmp_path) == {"columns.d": came}
    assert effects(three, two, tmp_path) == {"columns.d": went}
    assert effects(two, head + "  - {name: b}\n  - {name: a}\n", tmp_path) == {"columns": order}


def test_what_a_type_does_to_the_rules_that_read_the_column_is_told_by_the_type(tmp_path: Path) -> None:
    rule = "{name: r, check: \"lower(a) == 'x' or empty(b)\"}"
    [change] = changes(text(rules=rule), text(column="{name: a, type: decimal}", rules=rule), tmp_path)
    assert (change.path, change.effect) == ("columns.a.type", "loosening")
    rule = "{name: r, check: 'coalesce(a, 1) > 0'}"
    old, new = (
        text(column=f"{{name: a, type: {kind}, severity: warn}}", rules=rule)
        for kind in ("integer", "decimal")
    )
    [change] = changes(old, new, tmp_path)
    assert change.effect == "breaking"  # -0.5 was unknown, and is a number now
    assert change.why.startswith(
        "no longer accepted: records that break r, which reads the column as decimal"
    )


def test_more_malformed_records_that_are_read_may_take_the_first_place_of_a_key(tmp_path: Path) -> None:
    column = "{name: a, type: integer, unique: true}"
    old, new = text(column=column), text(column=column, source="quoting: lenient")
    [change] = changes(old, new, tmp_path)
    assert change.effect == "breaking"
    assert "repeat the key" in change.why
    source = tmp_path / "s.csv"
    source.write_text('a,b\n1,"x"y\n1,z\n', encoding="utf-8")
    done = run("diff", "old.yaml", "new.yaml", "--against", "s.csv", "--format", "json", folder=tmp_path)
    [test] = json.loads(done.stdout)["against"]
    assert test["newly_rejected_by_rule"] == {"a.unique": {"records": 1, "lines": [3]}}
    assert test["newly_accepted_by_rule"] == {"record.quote": {"records": 1, "lines": [2]}}


def test_a_change_stands_where_it_is_written_on_both_sides(tmp_path: Path) -> None:
    old = "contract: c\ncolumns:\n  - {name: a, max_length: 3}\n  - {name: b}\n"
    new = "# moved\ncontract: c\ncolumns:\n  - name: a\n    max_length: 2\n"
    found = {change.path: change for change in changes(old, new, tmp_path)}
    length, gone = found["columns.a.max_length"], found["columns.b"]
    assert (str(length.old_position), str(length.new_position)) == (
        f"{tmp_path}/old.yaml:3:15",
        f"{tmp_path}/new.yaml:5:5",
    )
    assert (length.old, length.new, length.why) == (
        "3",
        "2",
        "no longer accepted: values of more than 2 characters",
    )
    assert (gone.old_position.line, gone.new_position.line) == (4, 3)  # the list of columns that lacks it


def test_classified_values_that_may_be_shown_are_flagged_and_break_nothing(tmp_path: Path) -> None:
    secret = "{name: a, type: integer, classification: secret}"
    [change] = changes(text(column=secret), text(), tmp_path)
    assert (change.effect, change.exposes) == ("neutral", True)
    assert run("diff", "old.yaml", "new.yaml", folder=tmp_path).stdout.endswith(
        "1 change: 0 breaking, 0 loosening, 1 neutral; 1 may show values that were classified\n"
    )


def test_the_same_contract_in_other_words_has_no_changes(tmp_path: Path) -> None:
    old = text(column="{name: a, type: time, format: '%H:%M:%S'}", source="quote: '\"'")
    other: dict[str, Any] = {
        "contract": "c",
        "columns": [{"type": "time", "name": "a"}, {"name": "b", "type": "text", "severity": "error"}],
    }
    (tmp_path / "c.json").write_text(json.dumps(other), encoding="utf-8")
    (tmp_path / "old.yaml").write_text(old, encoding="utf-8")
    assert diff_contracts(load_contract(tmp_path / "old.yaml"), load_contract(tmp_path / "c.json")) == ()


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", "contract", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_exit_code_says_whether_something_breaks(tmp_path: Path) -> None:
    changes(text(), text(column="{name: a, type: decimal}"), tmp_path)
    loosened, tightened = (
        run("diff", "old.yaml", "new.yaml", folder=tmp_path),
        run("diff", "new.yaml", "old.yaml", "--format", "json", folder=tmp_path),
    )
    assert (loosened.returncode, tightened.returncode) == (0, 1)
    assert loosened.stdout == (
        "loosening  columns.a.type: integer -> decimal\n"
        "           old.yaml:4:15 -> new.yaml:4:15\n"
        "           newly accepted: values that are no integer\n"
        "1 change: 0 breaking, 1 loosening, 0 neutral\n"
    )
    told = json.loads(tightened.stdout)
    assert told["counts"] == {"breaking": 1, "loosening": 0, "neutral": 0}
    assert told["changes"][0]["old_position"] == {"file": "new.yaml", "line": 4, "column": 15}


def test_contracts_with_faults_are_all_told_and_end_with_2(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("contract: c\n", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("contract: c\ncolumns: [{nam: a}]\n", encoding="utf-8")
    done = run("diff", "one.yaml", "two.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert "one.yaml:1:1" in done.stderr
    assert "two.yaml:2:12: columns[0].nam: unknown key (did you mean 'name'?)" in done.stderr
