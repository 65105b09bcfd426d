r"""An escape in double quotes that was meant as a backslash and a letter, such as "\N", is a warning."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from callcenter_etl.contract.loader import load_document
from callcenter_etl.errors import ContractError

SINGLE = "(to keep the backslash use single quotes)"


def warnings_of(text: str, name: str = "c.yaml") -> list[str]:
    loaded = load_document(name, read_bytes=lambda _: text.encode())
    assert all(fault.severity == "warn" for fault in loaded.warnings)
    return [str(fault) for fault in loaded.warnings]


def contract(more: str, *, key: str = "pattern") -> str:
    return f"contract: c\ncolumns:\n  - {{name: a, {key}: {more}}}\n"


SUSPICIOUS = {
    r'"\bword"': r"\b is a backspace, U+0008",
    r'"\N"': r"\N is the line break U+0085",
    r'"a\_b"': r"\_ is the no-break space U+00A0",
    r'"\Lx"': r"\L is the line separator U+2028",
    r'"\P{L}"': r"\P is the paragraph separator U+2029",
    r'"\e"': r"\e is an escape character, U+001B",
}


@pytest.mark.parametrize("text", SUSPICIOUS)
def test_an_escape_is_named_with_its_place(text: str) -> None:
    at = 24 + text.index("\\")
    assert warnings_of(contract(text)) == [
        f"c.yaml:3:{at}: columns[0].pattern: warning: in double quotes {SUSPICIOUS[text]} {SINGLE}"
    ]


PLAIN = [
    ("pattern", r"'\bword\b'"), ("pattern", r"\bword"), ("pattern", r'"\\bword\\b"'), ("pattern", r'"\t\n\r\f\v\a"'),
    ("pattern", r'"\x08\u0085\U0001F600"'), ("pattern", r'"\"/ \/"'), ("description", r'"any\Nword"'),
    ("allowed", r'["\t", "a\nb", "\x00"]'), ("format", r'"%H:%M", type: time'),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text"), PLAIN)
def test_what_can_only_be_meant_so_is_no_warning(key: str, text: str) -> None:
    assert warnings_of(contract(text, key=key)) == []


@pytest.mark.parametrize("delimiter", [r'"\t"', r'"\x1f"', r'"\a"'])
def test_a_delimiter_and_a_quote_are_never_suspicious(delimiter: str) -> None:
    text = f'contract: c\nsource: {{delimiter: {delimiter}, quote: "\\""}}\ncolumns: [{{name: a}}]\n'
    assert warnings_of(text) == []


KEYS = {
    r'source: {empty_values: ["", "\N"]}': ("source.empty_values[1]", r"\N is the line break U+0085"),
    r'source: {filename: {pattern: "\bx.*"}}': ("source.filename.pattern", r"\b is a backspace, U+0008"),
    r"""rules: [{name: r, check: "matches(a, 'x\b')"}]""": ("rules[0].check", r"\b is a backspace, U+0008"),
    r"""rules: [{name: r, check: empty(a), when: "a == '\N'"}]""": (
        "rules[0].when",
        r"\N is the line break U+0085",
    ),
    r'run: {source: "C:\new.csv"}': ("run.source", r"\n is a line feed"),
    r'run: {source: ["x.csv", "C:\reports\x41.csv"]}': ("run.source[1]", r"\r is a carriage return"),
    r'run: {log: {directory: "C:\tmp"}}': ("run.log.directory", r"\t is a tab"),
    r'run: {output: "C:\fresh"}': ("run.output", r"\f is a form feed, U+000C"),
}


@pytest.mark.parametrize("text", KEYS)
def test_every_key_that_a_run_obeys_is_looked_at(text: str) -> None:
    path, meaning = KEYS[text]
    (warning,) = warnings_of(f"contract: c\ncolumns: [{{name: a}}]\n{text}\n")
    assert warning.endswith(f": {path}: warning: in double quotes {meaning} {SINGLE}")


def test_the_place_is_right_in_a_text_over_several_lines() -> None:
    text = 'contract: c\ncolumns:\n  - name: a\n    pattern: "one\n      two \\bthree"\n'
    (warning,) = warnings_of(text)
    assert warning.startswith("c.yaml:5:11: columns[0].pattern: warning: ")


def test_json_has_no_single_quotes() -> None:
    text = '{"contract": "c", "columns": [{"name": "a", "pattern": "\\bx"}]}'
    assert warnings_of(text, "c.json") == [
        (
            "c.json:1:57: columns[0].pattern: warning: in double quotes \\b is a backspace, U+0008"
            " (to keep the backslash write \\\\b)"
        )
    ]


def test_an_alias_repeats_no_warning() -> None:
    text = 'contract: c\ncolumns:\n  - {name: a, pattern: &p "\\bx"}\n  - {name: b, pattern: *p}\n'
    assert len(warnings_of(text)) == 1


def test_very_many_are_counted() -> None:
    values = ", ".join(['"\\N"'] * 150)
    found = warnings_of(contract(f"[{values}]", key="allowed"))
    assert (len(found), found[-1]) == (101, "c.yaml: warning: and more: only 100 warnings are shown")


def test_an_unknown_escape_is_a_fault_that_says_the_same() -> None:
    with pytest.raises(
        ContractError, match=r"unknown escape character 'd' \(in double quotes .* single quotes\)"
    ):
        warnings_of(contract(r'"\d+"'))


def test_warnings_come_with_the_faults() -> None:
    with pytest.raises(ContractError) as caught:
        warnings_of(contract(r'"\b("'))
    assert [fault.path for fault in caught.value.faults] == ["columns[0].pattern"]
    assert "warning: in double quotes \\b is a backspace" in str(caught.value)


def run(*words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "callcenter_etl", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def check(path: Path, form: str) -> tuple[int, str]:
    done = run("contract", "check", path, "--format", form)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_check_shows_warnings_in_every_format_and_ends_with_0(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(contract(r'"\bx"'), encoding="utf-8")
    message = "in double quotes \\b is a backspace, U+0008 " + SINGLE
    at = f"{path}:3:25"
    assert check(path, "text") == (
        0,
        f"{at}: columns[0].pattern: warning: {message}\n{path}: no faults\n",
    )
    code, text = check(path, "json")
    found: dict[str, Any] = json.loads(text)
    expected = {"message": message, "path": "columns[0].pattern", "file": str(path), "line": 3, "column": 25}
    assert (code, found["faults"], found["warnings"]) == (0, [], [expected])
    code, text = check(path, "github")
    assert (code, text.startswith("::warning ")) == (0, True)
    code, text = check(path, "sarif")
    (log,) = json.loads(text)["runs"]
    assert [result["level"] for result in log["results"]] == ["warning"]
    assert (code, log["invocations"][0]["exitCode"]) == (0, 0)
    code, text = check(path, "junit")
    root = ET.fromstring(text)  # noqa: S314  what the product itself wrote
    assert (code, root.get("failures")) == (0, "0")
    assert message in (root.findtext(".//system-out") or "")


def test_validate_says_warnings_on_standard_error(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(contract(r'["\N"]', key="allowed"), encoding="utf-8")
    (tmp_path / "s.csv").write_text("a\n", encoding="utf-8")
    done = run("validate", tmp_path / "s.csv", "-c", path)
    assert done.returncode == 0
    assert f"{path}:3:26: columns[0].allowed[0]: warning: in double quotes \\N is" in done.stderr
    assert ": warning: " not in done.stdout
    assert ": warning: " not in run("validate", tmp_path / "s.csv", "-c", path, "-q").stderr
