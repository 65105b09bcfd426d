"""JUnit XML is valid whatever a value holds, and has a case for every rule with the summary's counts."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
import xmlschema
from junitparser import JUnitXml

from tests.reports.conftest import Told
from tests.reports.support import SCHEMAS, broken_in, call, lines_by_rule, summary_in

SCHEMA = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


def parsed(text: str) -> Element:
    from xml.etree import ElementTree as ET

    SCHEMA.validate(text)
    return ET.fromstring(text.encode("utf-8"))  # noqa: S314  written by the product itself


def cases(suite: Element) -> dict[str, Element]:
    return {case.attrib["name"]: case for case in suite.iter("testcase")}


def test_every_rule_is_a_case_and_failures_are_the_broken_rules_of_severity_error(told: Told) -> None:
    root = parsed(told.reports["junit"])
    out = told.folder / "out"
    rules = summary_in(out)["rules"]
    found = cases(root)
    assert list(found) == list(rules)
    failed = {name for name, case in found.items() if case.find("failure") is not None}
    assert failed == {name for name, rule in rules.items() if rule["broken"] and rule["severity"] == "error"}
    assert (root.attrib["tests"], root.attrib["failures"]) == (str(len(rules)), str(len(failed)))
    for name in failed:
        failure = found[name].find("failure")
        assert failure is not None
        assert failure.attrib["message"].startswith(f"{broken_in(out)[name]:,} record")
        lines = [int(line) for line in re.findall(r"^line ([\d,]+):", failure.text or "", re.MULTILINE)]
        assert lines == lines_by_rule(out)[name][:10]
    assert "10 of 58 records shown" in (found["phone.pattern"].findtext("failure") or "")
    properties = {each.attrib["name"]: each.attrib["value"] for each in root.iter("property")}
    assert {name: int(properties[name]) for name in summary_in(out)["records"]} == summary_in(out)["records"]


def test_a_warning_passes_and_is_told_unless_warnings_fail(told: Told, in_folder: Path) -> None:
    case = cases(parsed(told.reports["junit"]))["seconds.min"]
    assert case.find("failure") is None
    assert (case.findtext("system-out") or "").startswith("warning: 2 records\nline 160: ")
    done = call("validate", "bad.csv", "-c", "c.yaml", "-q", "--format", "junit", "--fail-on", "warn")
    failure = cases(parsed(done.stdout))["seconds.min"].find("failure")
    assert failure is not None
    assert failure.attrib["type"] == "warn"


def test_no_character_of_a_value_breaks_the_file(told: Told) -> None:
    failure = cases(parsed(told.reports["junit"]))["status.allowed"].find("failure")
    assert failure is not None
    assert "\\x07\\x1b[31m \\ufffe é€𐍈" in failure.attrib["message"]
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", told.reports["junit"])


def test_several_sources_are_suites_and_one_that_could_not_be_read_is_an_error(in_folder: Path) -> None:
    done = call("validate", "*.csv", "none.csv", "-c", "c.yaml", "-o", "out", "-q", "--format", "junit")
    assert done.returncode == 3
    root = parsed(done.stdout)
    suites = {suite.attrib["name"]: suite for suite in root.iter("testsuite")}
    assert list(suites) == ["bad.csv", "good.csv", "refused.csv", "none.csv"]
    assert suites["good.csv"].attrib["failures"] == "0"
    refused = cases(suites["refused.csv"])
    assert {name for name, case in refused.items() if case.find("failure") is not None} == {
        problem["rule"] for problem in summary_in(Path("out/refused"))["problems"]
    }
    skipped = {name for name, case in refused.items() if case.find("skipped") is not None}
    assert skipped == set(summary_in(Path("out/refused"))["rules"])
    error = cases(suites["none.csv"])["run"].find("error")
    assert error is not None
    assert "no such file" in error.attrib["message"]
    assert root.attrib["errors"] == "1"


def test_the_library_that_others_read_it_with_reads_the_same_counts(told: Told) -> None:
    suite = next(iter(JUnitXml.fromstring(told.reports["junit"])))
    assert (suite.tests, suite.failures) == (len(list(suite)), sum(case.is_failure for case in suite))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_narrow_encoding_gives_the_same_xml(in_folder: Path, told: Told, encoding: str) -> None:
    words = ("validate", "bad.csv", "-c", "c.yaml", "-q", "--format", "junit")
    text = call(*words, PYTHONIOENCODING=encoding).stdout
    assert text.isascii()
    narrow, wide = (
        cases(parsed(each))["status.allowed"].find("failure") for each in (text, told.reports["junit"])
    )
    assert narrow is not None
    assert wide is not None
    assert narrow.attrib == wide.attrib


def test_each_contract_is_a_case_that_fails_with_its_faults(in_folder: Path) -> None:
    Path("wrong.yaml").write_text("contract: c\ncolums: []\n", encoding="utf-8")
    done = call(
        "contract", "check", "wrong.yaml", "none.yaml", "c.yaml", "--format", "junit", "--format", "text=t"
    )
    found = cases(parsed(done.stdout))
    assert {name: case.find("failure") is not None for name, case in found.items()} == {
        "wrong.yaml": True,
        "none.yaml": True,
        "c.yaml": False,
    }
    told = Path("t").read_text(encoding="utf-8").splitlines()
    assert (found["wrong.yaml"].findtext("failure") or "").splitlines() == [
        line for line in told if line.startswith("wrong.yaml")
    ]
