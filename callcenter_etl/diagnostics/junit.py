"""Render findings as JUnit XML: one suite for each source, one test case for each rule."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TextIO

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from callcenter_etl.diagnostic import INFO, Diagnostic
from callcenter_etl.diagnostics.findings import Report, SourceFindings, ViolatedRule
from callcenter_etl.diagnostics.surroundings_text import run_values, surrounding_lines
from callcenter_etl.run.summary import Summary
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import printable

_NAME = "callcenter-etl"


def render_junit(report: Report, stream: TextIO) -> None:
    """Write one suite for each source, with a case for every rule of the contract, violated or not.

    A violated rule is a failure where it fails the command. Within a declared limit, under `--fail-on never`, and for
    warnings unless `--fail-on warn`, its case passes and lists the records in its output.
    """
    suites = [_source_suite(source, report) for source in report.sources]
    for each in report.unfinished:
        # In JUnit an error is a test without a verdict; a failure is one that was judged.
        error = Error(printable(each.message), "not finished")
        suites.append(
            _suite(each.location.file or "", [_case("run", report.contract.document.contract, error)])
        )
    _write(suites, stream)


def render_contracts_junit(files: Sequence[str], faults: Sequence[Diagnostic], stream: TextIO) -> None:
    """Write one suite with a case for each contract, which fails with all its faults; warnings are its output."""
    cases = []
    for file in files:
        found = [fault for fault in faults if (fault.location.file or files[0]) == file]
        wrong = [fault for fault in found if fault.severity == "error"]
        case = _case(file, "contract", _faults_failure(wrong) if wrong else None)
        if len(wrong) < len(found):
            warnings = (str(fault) for fault in found if fault.severity == "warn")
            case.system_out = "\n".join(map(printable, warnings))
        cases.append(case)
    _write([_suite("contract check", cases)], stream)


def _faults_failure(faults: Sequence[Diagnostic]) -> Failure:
    lines = [printable(str(fault)) for fault in faults]
    more = f" (and {len(lines) - 1:,} more)" if len(lines) > 1 else ""
    return _failure(f"{lines[0]}{more}", "fault", lines)


def _source_suite(source: SourceFindings, report: Report) -> TestSuite:
    summary = source.summary
    name = report.contract.document.contract
    broken = {each.rule: each for each in source.violated}
    cases = [_problem_case(problem, name, source, report) for problem in source.problems]
    # The summary has every rule of the contract, so that rules that nothing violates show as passed.
    for rule in (rule for rule, count in summary.rules.items() if count.severity != INFO):
        if summary.status == "refused":
            cases.append(_case(rule, name, Skipped("the source was refused, no record was read")))
        elif rule in broken:
            cases.append(_broken_case(broken[rule], name, report))
        else:
            cases.append(_case(rule, name, None))
    suite = _suite(summary.source.uri, cases)
    # After the cases: adding them sets the time of the suite to the sum of theirs.
    suite.timestamp = summary.started_at
    suite.time = round(summary.seconds, 3)
    for key, value in _properties(summary):
        suite.add_property(key, value)
    return suite


def _problem_case(problem: Diagnostic, classname: str, source: SourceFindings, report: Report) -> TestCase:
    message, place = printable(problem.message), _place(report, problem.rule)
    if source.level_of(problem) == "error":
        return _case(problem.rule, classname, _failure(message, "error", place))
    case = _case(problem.rule, classname, None)
    case.system_out = "\n".join([f"warning: {message}", *place])
    return case


def _broken_case(broken: ViolatedRule, classname: str, report: Report) -> TestCase:
    lines = [_line_and_reason(each) for each in broken.diagnostics]
    if broken.left_out is not None:
        lines.append(broken.left_out)
    lines += _place(report, broken.rule)
    if not broken.fails:
        case = _case(broken.rule, classname, None)
        case.system_out = "\n".join([f"warning: {_records(broken)}", *lines])
        return case
    message = f"{_records(broken)}, first {_line_and_reason(broken.diagnostics[0])}"
    return _case(broken.rule, classname, _failure(message, broken.severity, lines))


def _records(broken: ViolatedRule) -> str:
    return f"{broken.broken:,} record{'' if broken.broken == 1 else 's'}"


def _line_and_reason(diagnostic: Diagnostic) -> str:
    """Return line and reason of a record without characters that XML does not allow."""
    reason, line = printable(diagnostic.message), diagnostic.location.line
    return reason if line is None else f"line {line:,}: {reason}"


def _place(report: Report, rule: str) -> list[str]:
    place, origin = report.place_of(rule), report.contract.origin
    if place is None or origin is None:
        return []
    return [f"contract {printable(shown(origin))}:{place[0]}:{place[1]}"]


def _properties(summary: Summary) -> list[tuple[str, str]]:
    records = summary.records
    return [
        ("run_id", summary.run_id),
        ("status", summary.status),
        ("contract", summary.contract.id),
        ("contract_version", printable(summary.contract.version)),
        ("sha256", summary.source.sha256),
        ("read", str(records.read)),
        ("accepted", str(records.accepted)),
        ("rejected", str(records.rejected)),
        ("malformed", str(records.malformed)),
        ("warned", str(records.warned)),
        *((f"{kind}_lines", str(lines)) for kind, lines in surrounding_lines(summary).items()),
        *run_values(summary).items(),
    ]


def _failure(message: str, kind: str, lines: Sequence[str]) -> Failure:
    failure = Failure(message, kind)
    failure.text = "\n".join(lines)
    return failure


def _case(name: str, classname: str, result: FinalResult | None) -> TestCase:
    case = TestCase(printable(name), printable(classname))
    if result is not None:
        case.result = result
    return case


def _suite(name: str, cases: Sequence[TestCase]) -> TestSuite:
    suite = TestSuite(printable(shown(name)))
    suite.add_testcases(list(cases))
    return suite


def _write(suites: Sequence[TestSuite], stream: TextIO) -> None:
    root = JUnitXml(_NAME)
    for suite in suites:
        root.add_testsuite(suite)
    # Its own statistics also give the root an attribute that Jenkins' schema does not know.
    root.tests = sum(suite.tests for suite in suites)
    root.failures = sum(suite.failures for suite in suites)
    root.errors = sum(suite.errors for suite in suites)
    root.time = round(sum(suite.time for suite in suites), 3)
    written = io.BytesIO()
    root.write(written)
    text = written.getvalue().decode("utf-8")
    if (stream.encoding or "utf-8").lower().replace("-", "") != "utf8":  # the same XML, spelled in ASCII
        text = text.encode("ascii", "xmlcharrefreplace").decode("ascii")
    stream.write(text + "\n")
