"""The outputs that the oracle expects of a run, as pairs of what the product wrote and what it should have."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.oracle.contracts import Contract
from tests.oracle.reader import BOM, SHIFTED, ReadResult
from tests.oracle.reasons import REJECT_COLUMNS
from tests.oracle.rules import Verdict, counted_rules, declared_rules

FIELD_LIMIT = 1 << 30
SOURCE_NAME = "source.csv"
COUNTS = ("read", "accepted", "rejected", "malformed")
KINDS = ("preamble", "header", "after_header", "comments", "footer")
# Keys of `source` that make lines which are no records.
SURROUNDING_KEYS = ("preamble", "header_lines", "after_header", "comment", "footer")
Pairs = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of the product wrote; a file that is not there is None."""

    target: bytes | None
    rejected: bytes | None
    exceptions: bytes | None
    summary: dict[str, Any]
    exit_code: int

    @property
    def lasting(self) -> tuple[object, ...]:
        """What may not depend on the size of chunks and blocks."""
        keys = (
            "status",
            "records",
            "blank_lines",
            "blank_bytes",
            "lines",
            "rules",
            "problems",
            "surroundings",
        )
        counts = [self.summary.get(key) for key in keys]
        return (self.target, self.rejected, self.exceptions, counts, self.exit_code)


def is_transcoded(contract: Contract) -> bool:
    return str(contract["source"]["encoding"]).startswith(("utf-16", *SHIFTED))


def expectations(outcome: Outcome, read: ReadResult, verdicts: list[Verdict], contract: Contract) -> Pairs:
    """Return (product's, oracle's) for bytes, exceptions and counts."""
    accepted = b"".join(verdict.raw for verdict in verdicts if verdict.accepted)
    rejected = b"".join(verdict.raw for verdict in verdicts if not verdict.accepted)
    is_failed = "file.footer" in read.problems
    pairs = summary_pairs(outcome.summary, read, verdicts, contract)
    pairs |= surrounding_pairs(outcome, read, contract)
    pairs["exit code"] = (
        outcome.exit_code,
        int(is_failed or rejected != b"" or pairs["status"][1] != "passed"),
    )
    pairs["exceptions"] = (rejects_of(outcome.exceptions or b""), expected_rejects(read, verdicts))
    target = None if is_failed else read.header + accepted
    if is_transcoded(contract):
        # The specification does not say whether a byte order mark outlives the way to UTF-8.
        mark = BOM.encode()
        pairs["target"] = tuple(
            None if data is None else data.removeprefix(mark) for data in (outcome.target, target)
        )  # type: ignore[assignment] # always two
    else:
        pairs["target"] = (outcome.target, target)
        pairs["rejected"] = (outcome.rejected, read.header + rejected)
    return pairs


def summary_pairs(
    summary: dict[str, Any], read: ReadResult, verdicts: list[Verdict], contract: Contract
) -> Pairs:
    """Return (product's, oracle's) for each count of the summary."""
    structural = sum(record.malformed is not None for record in read.records)
    refused = sum(not verdict.accepted for verdict in verdicts)
    counts = (len(verdicts), len(verdicts) - refused, refused, structural)
    pairs: Pairs = {
        f"records.{key}": (summary["records"][key], count) for key, count in zip(COUNTS, counts, strict=True)
    }
    broken: Counter[str] = Counter()
    for verdict in verdicts:
        broken.update([*verdict.broken_errors, *verdict.broken_warnings, *verdict.infos])
    shown = {rule: counted["broken"] for rule, counted in summary["rules"].items() if counted["broken"]}
    pairs["rules"] = (dict(sorted(shown.items())), dict(sorted(broken.items())))
    # `type: text` cannot be broken, and whether it is listed as a rule is not said.
    declared = counted_rules(contract) | {
        declared.rule: declared.severity
        for declared in declared_rules(contract)
        if declared.key != "type" or declared.body["type"] != "text"
    }
    pairs["rules' severities"] = (
        {rule: summary["rules"].get(rule, {}).get("severity") for rule in declared},
        declared,
    )
    warned = [verdict for verdict in verdicts if verdict.broken_warnings]
    # Whether a rejected record counts as warned too is not said: both readings are sound.
    sound = {len(warned), sum(verdict.accepted for verdict in warned)}
    pairs["records.warned is sound"] = (summary["records"]["warned"] in sound, True)
    pairs["blank_lines"] = (summary["blank_lines"], read.blank_lines)
    pairs["lines"] = (summary["lines"], read.lines)
    status = "failed" if "file.footer" in read.problems else "rejects" if refused else "passed"
    pairs["status"] = (summary["status"], status)
    pairs["problems"] = ({problem["rule"] for problem in summary["problems"]}, set(read.problems))
    return pairs


def surrounding_pairs(outcome: Outcome, read: ReadResult, contract: Contract) -> Pairs:
    """Return (product's, oracle's) for lines and bytes that are no records, and for the values in them."""
    found: dict[str, Any] | None = outcome.summary.get("surroundings")
    if found is None:
        asked = [key for key in SURROUNDING_KEYS if key in contract["source"]]
        return {"surroundings are in the summary": (not asked, True)}
    pairs: Pairs = {
        "surroundings.lines": (
            {kind: found[kind]["lines"] for kind in KINDS},
            {kind: read.counts[kind][0] for kind in KINDS},
        )
    }
    values = found.get("values", {})
    for kind in ("preamble", "footer"):
        pairs[f"surroundings.values.{kind}"] = (values.get(kind) or {}, read.values[kind])
    pattern = contract["source"].get("filename", {}).get("pattern")
    of_name = None if pattern is None else re.fullmatch(pattern, SOURCE_NAME)
    pairs["surroundings.values.file"] = (
        values.get("file") or {},
        {} if of_name is None else of_name.groupdict(),
    )
    if is_transcoded(contract):
        return pairs
    alone = ("after_header", "comments", "footer")
    pairs["surroundings.bytes"] = (
        {kind: found[kind]["bytes"] for kind in alone},
        {kind: read.counts[kind][1] for kind in alone},
    )
    pairs["blank_bytes"] = (outcome.summary["blank_bytes"], read.counts["blank"][1])
    if outcome.target is not None and outcome.rejected is not None:
        around = outcome.summary["blank_bytes"] + sum(found[kind]["bytes"] for kind in KINDS)
        records = len(outcome.target) + len(outcome.rejected) - 2 * len(read.header)
        pairs["bytes of the source"] = (around + records, outcome.summary["source"]["bytes"])
    return pairs


Reject = tuple[str, str, list[str]]


def rejects_of(exceptions: bytes) -> list[Reject]:
    """Return (reject_line, reject_rules, values) of each row."""
    csv.field_size_limit(FIELD_LIMIT)
    rows = list(csv.reader(io.StringIO(exceptions.decode("utf-8"), newline="")))
    own = len(REJECT_COLUMNS)
    return [(row[-own], row[1 - own], row[:-own]) for row in rows[1:]]


def expected_rejects(read: ReadResult, verdicts: list[Verdict]) -> list[Reject]:
    """Return the rows for the rejected records; those of malformed ones are empty."""
    blank = [""] * read.width
    return [
        (
            str(verdict.line),
            "; ".join(verdict.broken_errors),
            blank if record.fields is None else record.fields,
        )
        for verdict, record in zip(verdicts, read.records, strict=True)
        if not verdict.accepted
    ]


def shown_difference(product: object, oracle: object) -> str:
    """Return the first difference of two values, without flooding the screen."""
    if isinstance(product, (list, bytes)) and isinstance(oracle, (list, bytes)):
        alike = 0
        while alike < min(len(product), len(oracle)) and product[alike] == oracle[alike]:
            alike += 1
        start, end = (alike, alike + 3) if isinstance(product, list) else (max(0, alike - 40), alike + 40)
        return f"from [{alike}] on product {product[start:end]!r}, oracle {oracle[start:end]!r}"
    return f"product {product!r}, oracle {oracle!r}"
