"""What the product says of a file beside what the oracle says, as a list of disagreements."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter_etl import load_contract, validate
from tests.oracle.contracts import LOOKUP_COLUMN, LOOKUPS, Contract
from tests.oracle.reader import BOM, SHIFTED, ReadResult, read_source
from tests.oracle.rules import Verdict, declared_rules, judge

# (chunk_rows, block_bytes, workers): the smallest parts there can be, odd ones, and all at once.
SIZES = ((1, 64, 2), (7, 97, 3), (100_000, 1 << 20, 1))
FIELD_LIMIT = 1 << 30
REJECT_COLUMNS = ("reject_line", "reject_rules", "reject_reasons", "reject_raw")
# The rules of a column with reasons that end in the value.
SHOWING = {"type", "min", "max", "min_length", "max_length", "pattern", "allowed", "lookup"}
COUNTS = ("read", "accepted", "rejected", "malformed")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of the product wrote."""

    target: bytes
    rejected: bytes
    exceptions: bytes
    summary: dict[str, Any]

    @property
    def lasting(self) -> tuple[object, ...]:
        """What may not depend on the size of chunks and blocks."""
        counts = [self.summary[key] for key in ("status", "records", "blank_lines", "lines", "rules")]
        return (self.target, self.rejected, self.exceptions, counts)


def disagreements(
    data: bytes, contract: Contract, folder: Path, sizes: tuple[tuple[int, int, int], ...] = SIZES
) -> list[str]:
    """Run product and oracle on one case in `folder`; give a sentence for each thing they see differently."""
    read = read_source(data, contract)
    verdicts = judge(read, contract, LOOKUPS)
    source, document = write_case(data, contract, folder)
    loaded = load_contract(document)
    outcomes: list[Outcome] = []
    for chunk_rows, block_bytes, workers in sizes:
        output = folder / f"out_{chunk_rows}_{block_bytes}_{workers}"
        validate(
            source, loaded, output=output, chunk_rows=chunk_rows, block_bytes=block_bytes, workers=workers
        )
        outcomes.append(outcome_of(output))
    found = [
        f"chunk_rows, block_bytes, workers = {size} and {sizes[-1]} give different outputs"
        for size, outcome in zip(sizes, outcomes, strict=True)
        if outcome.lasting != outcomes[-1].lasting
    ]
    return found + against_oracle(outcomes[-1], read, verdicts, contract)


def write_case(data: bytes, contract: Contract, folder: Path) -> tuple[Path, Path]:
    """Write source, contract and lookups; give the paths of the first two."""
    folder.mkdir(parents=True, exist_ok=True)
    source, document = folder / "source.csv", folder / "contract.json"
    source.write_bytes(data)
    document.write_text(json.dumps(contract, ensure_ascii=False, indent=1), encoding="utf-8")
    for name, values in LOOKUPS.items():
        (folder / name).write_text("\n".join([LOOKUP_COLUMN, *sorted(values)]) + "\n", encoding="utf-8")
    return source, document


def outcome_of(output: Path) -> Outcome:
    return Outcome(
        (output / "target.csv").read_bytes() if (output / "target.csv").exists() else b"",
        (output / "rejected.csv").read_bytes() if (output / "rejected.csv").exists() else b"",
        (output / "exceptions.csv").read_bytes() if (output / "exceptions.csv").exists() else b"",
        json.loads((output / "summary.json").read_text(encoding="utf-8")),
    )


def against_oracle(
    outcome: Outcome, read: ReadResult, verdicts: list[Verdict], contract: Contract
) -> list[str]:
    """Compare bytes, exceptions and counts with what the oracle expects."""
    accepted = [verdict for verdict in verdicts if verdict.accepted]
    rejected = [verdict for verdict in verdicts if not verdict.accepted]
    pairs = summary_pairs(outcome.summary, read, verdicts, contract)
    pairs["exceptions"] = (
        rejects_of(outcome.exceptions),
        [(str(verdict.line), "; ".join(verdict.broken_errors)) for verdict in rejected],
    )
    target = read.header + b"".join(verdict.raw for verdict in accepted)
    if contract["source"]["encoding"].startswith(("utf-16", *SHIFTED)):
        # The specification does not say whether a byte order mark outlives the way to UTF-8.
        mark = BOM.encode()
        pairs["target"] = (outcome.target.removeprefix(mark), target.removeprefix(mark))
    else:
        pairs["target"] = (outcome.target, target)
        pairs["rejected"] = (outcome.rejected, read.header + b"".join(verdict.raw for verdict in rejected))
    differing = [f"{name}: {told(*pair)}" for name, pair in pairs.items() if pair[0] != pair[1]]
    return differing + reason_faults(outcome.exceptions, read, contract)


def summary_pairs(
    summary: dict[str, Any], read: ReadResult, verdicts: list[Verdict], contract: Contract
) -> dict[str, tuple[Any, Any]]:
    """Give (product's, oracle's) for each count of the summary."""
    structural = sum(record.malformed is not None for record in read.records)
    refused = sum(not verdict.accepted for verdict in verdicts)
    counts = (len(verdicts), len(verdicts) - refused, refused, structural)
    pairs: dict[str, tuple[Any, Any]] = {
        f"records.{key}": (summary["records"][key], count) for key, count in zip(COUNTS, counts, strict=True)
    }
    broken: Counter[str] = Counter()
    for verdict in verdicts:
        broken.update([*verdict.broken_errors, *verdict.broken_warnings])
    pairs["rules"] = (
        {rule: told_rule["broken"] for rule, told_rule in summary["rules"].items() if told_rule["broken"]},
        dict(sorted(broken.items(), key=lambda item: list(summary["rules"]).index(item[0])))
        if set(broken) <= set(summary["rules"])
        else dict(broken),
    )
    # `type: text` cannot be broken, and whether it is listed as a rule is not said.
    declared = {
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
    pairs["status"] = (summary["status"], "rejects" if refused else "passed")
    return pairs


def rejects_of(exceptions: bytes) -> list[tuple[str, str]]:
    """Give (reject_line, reject_rules) of each row."""
    csv.field_size_limit(FIELD_LIMIT)
    rows = list(csv.reader(io.StringIO(exceptions.decode("utf-8"), newline="")))
    if not rows:
        return []
    # From the end: a source's column may have one of these names.
    line, rules = (len(rows[0]) - 1 - rows[0][::-1].index(name) for name in ("reject_line", "reject_rules"))
    return [(row[line], row[rules]) for row in rows[1:]]


NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
INVISIBLE = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs")
SHOWN_CHARACTERS = 80


def visible(text: str) -> str:
    """Return a text with its invisible characters as escapes; the blank alone counts as visible."""
    shown = ""
    for char in text:
        code = ord(char)
        if char == " " or unicodedata.category(char) not in INVISIBLE:
            shown += char
        elif char in NAMED:
            shown += NAMED[char]
        else:
            shown += (
                f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
            )
    return shown


def reason_faults(exceptions: bytes, read: ReadResult, contract: Contract) -> list[str]:
    """Compare the values in the reasons of rejected records with the source's, invisible characters escaped."""
    rows = list(csv.reader(io.StringIO(exceptions.decode("utf-8"), newline="")))
    records = {str(record.line): record for record in read.records}
    found: list[str] = []
    for row in rows[1:]:
        line, rules, reasons, _ = row[-len(REJECT_COLUMNS) :]
        fields = records[line].fields
        if any(unicodedata.category(char) in INVISIBLE and char != " " for char in reasons):
            found.append(f"the reason of line {line} has an invisible character: {reasons!r}")
        for column in contract["columns"]:
            broken = {rule.removeprefix(f"{column['name']}.") for rule in rules.split("; ")}
            if fields is None or not broken & SHOWING or "reason" in column or "classification" in column:
                continue
            text = fields[read.positions[column["name"]]]
            text = text[:SHOWN_CHARACTERS] + "…" * (len(text) > SHOWN_CHARACTERS)
            if f"got '{visible(text)}'" not in reasons:
                found.append(f"the reason of line {line} lacks {visible(text)!r}: {reasons!r}")
    return found


def told(product: object, oracle: object) -> str:
    """Say the first difference of two values, without flooding the screen."""
    if isinstance(product, (list, bytes)) and isinstance(oracle, (list, bytes)):
        alike = 0
        while alike < min(len(product), len(oracle)) and product[alike] == oracle[alike]:
            alike += 1
        start, end = (alike, alike + 3) if isinstance(product, list) else (max(0, alike - 40), alike + 40)
        return f"from [{alike}] on product {product[start:end]!r}, oracle {oracle[start:end]!r}"
    return f"product {product!r}, oracle {oracle!r}"
