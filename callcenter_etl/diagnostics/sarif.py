"""Render findings as SARIF 2.1.0: one run for each command, an artifact for each source, a result for each record."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from callcenter_etl import __version__
from callcenter_etl.diagnostic import INFO, Diagnostic
from callcenter_etl.diagnostics.file_locations import address_of, path_below, quoted_path, root_folder
from callcenter_etl.diagnostics.findings import Report, SourceFindings, ViolatedRule
from callcenter_etl.diagnostics.json_report import write_json
from callcenter_etl.diagnostics.rule_texts import declarations, rule_texts
from callcenter_etl.store.uris import working_folder
from callcenter_etl.terminal import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
TOOL = "callcenter-etl"
FAULT_RULE = "contract.fault"
_ROOT = "%SRCROOT%"
_LEVELS = {"error": "error", "warn": "warning"}
_FINGERPRINT = "ruleAndReason/v1"


def render_sarif(report: Report, stream: TextIO) -> None:
    """Write one SARIF log with one run."""
    write_json(_log_of(_SarifRun(report).to_dict()), stream)


def render_contracts_sarif(files: Sequence[str], faults: Sequence[Diagnostic], stream: TextIO) -> None:
    """Write the faults of contracts as one SARIF log with one run."""
    places = _Places()
    wrong = any(fault.severity == "error" for fault in faults)
    driver = _driver([{"id": FAULT_RULE, "shortDescription": _text("a contract has no faults")}])
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{TOOL}/contract-check/"},
        # SARIF means the work of the program, not its findings: faults are a success with exit code 2.
        "invocations": [{"executionSuccessful": True, "exitCode": 2 if wrong else 0}],
        "originalUriBaseIds": places.bases,
        # Columns count characters as Python does; SARIF's other kind counts UTF-16 units.
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": places.artifact(file)} for file in files],
        "results": [
            {
                "ruleId": FAULT_RULE,
                "ruleIndex": 0,
                "level": _LEVELS[fault.severity],
                "message": _text(f"{fault.path}: {fault.message}" if fault.path else fault.message),
                "locations": [_contract_location(places, fault, files[0])],
            }
            for fault in faults
        ],
    }
    write_json(_log_of(run), stream)


def _contract_location(places: _Places, fault: Diagnostic, only: str) -> dict[str, Any]:
    """Return the location of a contract fault; `only` is its file if the fault has none."""
    place = fault.location
    # GitHub rejects a result without a line.
    return places.location(place.file or only, place.line or 1, place.column)


def _log_of(run: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver(rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": TOOL, "version": __version__, "semanticVersion": __version__, "rules": rules}


def _text(text: str) -> dict[str, str]:
    """Return an escaped message: SARIF reads `[words](address)` as a link, and a value must not become one."""
    return {"text": printable(text).replace("](", "] (")}


def _reason_and_line(diagnostic: Diagnostic) -> tuple[str, int]:
    """Return reason and line. GitHub rejects a result without a line, so an unknown line is mentioned in the reason."""
    if diagnostic.location.line is not None:
        return diagnostic.message, diagnostic.location.line
    return f"{diagnostic.message} (its line is not known: the run was done before, --force does it anew)", 1


class _Places:
    """Locations in files, relative to the root where they lie below it."""

    def __init__(self) -> None:
        self.root: Path = root_folder(os.environ)

    @property
    def bases(self) -> dict[str, Any]:
        """The base URIs of relative addresses."""
        # SARIF wants the URI of a base to end in a slash, which `as_uri` leaves out.
        return {_ROOT: {"uri": f"{self.root.as_uri().rstrip('/')}/"}}

    def artifact(self, uri: str) -> dict[str, Any]:
        """Return the artifact location of a file."""
        path = path_below(uri, self.root)
        if path is None:
            return {"uri": address_of(uri)}
        return {"uri": quoted_path(path), "uriBaseId": _ROOT}

    def location(self, uri: str, line: int | None, column: int | None = None) -> dict[str, Any]:
        """Return a location in a file, or the whole file without a line."""
        physical: dict[str, Any] = {"artifactLocation": self.artifact(uri)}
        if line is not None:
            physical["region"] = {"startLine": line} | ({} if column is None else {"startColumn": column})
        return {"physicalLocation": physical}


class _SarifRun:
    """The SARIF run of one command."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.document = report.contract.document
        self.origin = report.contract.origin
        self.places = _Places()
        # Occurrences of equal results, which need fingerprints of their own.
        self.seen: Counter[tuple[str, ...]] = Counter()

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain values."""
        return {
            "tool": {"driver": _driver(list(self._rules.values()))},
            "automationDetails": self._automation(),
            "invocations": [self._invocation()],
            "originalUriBaseIds": self.places.bases,
            "artifacts": [self._source_artifact(source) for source in self.report.sources],
            # SARIF's default lacks the lone CR, which ends a line of a source too.
            "newlineSequences": ["\r\n", "\n", "\r"],
            "columnKind": "unicodeCodePoints",
            "results": [result for source in self.report.sources for result in self._results(source)],
        }

    @cached_property
    def _rules(self) -> dict[str, dict[str, Any]]:
        """Every rule of the contract, and the violated structural rules."""
        texts, declared = rule_texts(self.document), declarations(self.document)
        broken = {each.rule for source in self.report.sources for each in source.violated}
        broken |= {problem.rule for source in self.report.sources for problem in source.problems}
        severities = self._severities
        return {
            rule: self._descriptor(rule, text, declared.get(rule), severities.get(rule, "error"))
            for rule, text in texts.items()
            if rule in declared or rule in broken
        }

    @cached_property
    def _index_of(self) -> dict[str, int]:
        # `ruleIndex` counts the driver's rules, so both come from the same mapping.
        return {rule: index for index, rule in enumerate(self._rules)}

    @property
    def _severities(self) -> dict[str, str]:
        counts = [source.summary.rules for source in self.report.sources]
        return {rule: count.severity for each in counts for rule, count in each.items()}

    def _descriptor(self, rule: str, text: str, declared: str | None, severity: str) -> dict[str, Any]:
        place = self.report.place_of(rule)
        where = "" if place is None or self.origin is None else f" ({self.origin}:{place[0]}:{place[1]})"
        properties = {"contract": self.document.contract, "contractVersion": self.document.version}
        known = {} if place is None else {"contractLine": place[0], "contractColumn": place[1]}
        return {
            "id": rule,
            "shortDescription": _text(text),
            "fullDescription": _text(f"{rule}: {text}"),
            "help": _text(f"{declared or 'every source is held to this'}{where}"),
            "defaultConfiguration": {"level": _LEVELS[severity]},
            "properties": {**properties, **known, "problem.severity": _LEVELS[severity]},
        }

    def _automation(self) -> dict[str, Any]:
        """Return the id of the run; GitHub takes the part before the last slash as the category of its results."""
        ids = [source.summary.run_id for source in self.report.sources]
        return {"id": f"{TOOL}/{self.document.contract}/{ids[0] if ids else ''}"}

    def _invocation(self) -> dict[str, Any]:
        summaries = [source.summary for source in self.report.sources]
        invocation: dict[str, Any] = {
            "executionSuccessful": not self.report.unfinished,
            "exitCode": self.report.exit_code,
            "workingDirectory": {"uri": f"{working_folder().as_uri().rstrip('/')}/"},
        }
        if summaries:
            # Times of summaries have one form in UTC, so their order as texts is their order in time.
            invocation["startTimeUtc"] = min(summary.started_at for summary in summaries)
            invocation["endTimeUtc"] = max(summary.finished_at for summary in summaries)
        notes = [
            self._cut_note(source, broken)
            for source in self.report.sources
            for broken in source.violated
            if broken.left_out is not None
        ]
        failures = [
            {
                "level": "error",
                "message": _text(each.message),
                "locations": [self.places.location(each.location.file or "", None)],
            }
            for each in self.report.unfinished
        ]
        # An unfinished source has no results, so its cause is a notification of the run.
        return {**invocation, "toolExecutionNotifications": failures + notes}

    def _cut_note(self, source: SourceFindings, broken: ViolatedRule) -> dict[str, Any]:
        return {
            "level": "note",
            "message": _text(f"{broken.rule}: {broken.left_out}"),
            "locations": [self.places.location(source.summary.source.uri, None)],
            "associatedRule": {"id": broken.rule, "index": self._index_of[broken.rule]},
        }

    def _source_artifact(self, source: SourceFindings) -> dict[str, Any]:
        summary = source.summary
        fields = summary.to_dict()
        return {
            "location": self.places.artifact(summary.source.uri),
            "length": summary.source.bytes,
            "roles": ["analysisTarget"],
            "hashes": {"sha-256": summary.source.sha256},
            "properties": {
                "runId": summary.run_id,
                "status": summary.status,
                "records": fields["records"],
                "surroundings": fields["surroundings"],
                "broken": {
                    rule: count.broken
                    for rule, count in summary.rules.items()
                    if count.broken and count.severity != INFO
                },
            },
        }

    def _results(self, source: SourceFindings) -> list[dict[str, Any]]:
        uri = source.summary.source.uri
        results = [
            self._result(
                uri, problem.rule, source.level_of(problem), problem.message, problem.location.line or 1
            )
            for problem in source.problems
        ]
        results += [
            self._result(uri, broken.rule, broken.level, *_reason_and_line(each))
            for broken in source.violated
            for each in broken.diagnostics
        ]
        return results

    def _result(self, uri: str, rule: str, level: str, reason: str, line: int) -> dict[str, Any]:
        result: dict[str, Any] = {
            "ruleId": rule,
            "ruleIndex": self._index_of[rule],
            "level": level,
            "message": _text(reason),
            "locations": [self.places.location(uri, line)],
            "partialFingerprints": {_FINGERPRINT: self._fingerprint(uri, rule, reason)},
        }
        place = self.report.place_of(rule)
        if place is not None and self.origin is not None:
            related = self.places.location(self.origin, *place)
            result["relatedLocations"] = [{"id": 1, **related, "message": _text(f"the contract's {rule}")}]
        return result

    def _fingerprint(self, uri: str, rule: str, reason: str) -> str:
        """Return the fingerprint of a result: from its content, not its line, so that it is stable when lines shift."""
        # Relative to the checkout, so that the fingerprint is the same on another machine.
        parts = (self.places.artifact(uri)["uri"], rule, reason)
        self.seen[parts] += 1
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        return f"{digest[:32]}:{self.seen[parts]}"
