"""A job that is green shows no error: levels of findings follow the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.reports.support import call

WITHIN = ("--max-rejected", "90%")


def commands(text: str) -> set[str]:
    """Return the kinds of GitHub's workflow commands in an output; values may hold such text as well."""
    return {line.split("::")[1].split(" ")[0] for line in text.splitlines() if line.startswith("::")}


def validate(*options: str, source: str = "bad.csv") -> tuple[int, str]:
    """Return exit code and standard output."""
    done = call("validate", source, "-c", "c.yaml", "-q", *options)
    return done.returncode, done.stdout


@pytest.mark.parametrize("options", [WITHIN, ("--fail-on", "never")])
def test_rejects_that_fail_nothing_are_warnings(in_folder: Path, options: tuple[str, ...]) -> None:
    code, github = validate("--format", "github", *options)
    assert code == 0
    assert commands(github) == {"warning", "notice"}
    code, junit = validate("--format", "junit", "--force", *options)
    root = ET.fromstring(junit)  # noqa: S314  the product's own output
    assert (code, root.get("failures"), root.get("errors")) == (0, "0", "0")
    outputs = {case.get("name"): case.findtext("system-out") for case in root.iter("testcase")}
    assert (outputs["phone.pattern"] or "").startswith("warning: 58 records")
    code, sarif = validate("--format", "sarif", "--force", *options)
    assert code == 0
    assert {result["level"] for result in json.loads(sarif)["runs"][0]["results"]} == {"warning"}


def test_rejects_that_fail_the_command_are_errors(in_folder: Path) -> None:
    code, github = validate("--format", "github", "--max-rejected", "1")
    assert code == 1
    assert "error" in commands(github)
    code, sarif = validate("--format", "sarif", "--force", "--max-rejected", "1")
    levels = {result["ruleId"]: result["level"] for result in json.loads(sarif)["runs"][0]["results"]}
    assert (code, levels["phone.pattern"], levels["seconds.min"]) == (1, "error", "warning")


def test_a_warning_that_fails_the_command_is_an_error(in_folder: Path) -> None:
    code, github = validate("--format", "github", "--fail-on", "warn", *WITHIN)
    assert code == 1
    errors = [line for line in github.splitlines() if line.startswith("::error")]
    assert errors
    assert all("title=seconds." in line for line in errors)


def test_a_refused_source_that_fails_nothing_is_a_warning(in_folder: Path) -> None:
    code, github = validate("--format", "github", "--fail-on", "never", source="refused.csv")
    assert code == 0
    assert "error" not in commands(github)
    assert "title=header." in github
