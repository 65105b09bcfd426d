"""The sentences of rejected records: their values as the source has them, invisible characters escaped."""

from __future__ import annotations

import csv
import io
import unicodedata

from tests.oracle.contracts import Contract
from tests.oracle.reader import ReadResult
from tests.oracle.values import normalise

REJECT_COLUMNS = ("reject_line", "reject_rules", "reject_reasons", "reject_raw")
# The rules of a column with reasons that end in the value.
SHOWING = {"type", "min", "max", "min_length", "max_length", "pattern", "allowed", "lookup"}
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
    """Compare the values in the reasons of rejected records with the judged ones."""
    rows = list(csv.reader(io.StringIO(exceptions.decode("utf-8"), newline="")))
    records = {str(record.line): record for record in read.records}
    found: list[str] = []
    for row in rows[1:]:
        line, rules, reasons, _ = row[-len(REJECT_COLUMNS) :]
        if line not in records:
            continue  # the comparison of lines and rules says so
        fields = records[line].fields
        if any(unicodedata.category(char) in INVISIBLE and char != " " for char in reasons):
            found.append(f"the reason of line {line} has an invisible character: {reasons!r}")
        for column in contract["columns"]:
            broken = {rule.removeprefix(f"{column['name']}.") for rule in rules.split("; ")}
            if fields is None or not broken & SHOWING or "reason" in column or "classification" in column:
                continue
            if column["name"] not in read.positions:
                continue
            text = normalise(fields[read.positions[column["name"]]], column)
            text = text[:SHOWN_CHARACTERS] + "…" * (len(text) > SHOWN_CHARACTERS)
            if f"got '{visible(text)}'" not in reasons:
                found.append(f"the reason of line {line} lacks {visible(text)!r}: {reasons!r}")
    return found
