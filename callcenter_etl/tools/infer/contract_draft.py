"""The draft of a contract: source format, columns and rules, with evidence for each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import PurePath
from typing import Any

from callcenter_etl.contract.source_format import DELIMITED_KEYS, EXCEL, NO_EXCEL_KEYS
from callcenter_etl.store.compression import suffix_of
from callcenter_etl.store.uris import base_name
from callcenter_etl.tools.infer.column_draft import InferredColumn
from callcenter_etl.tools.infer.evidence import plural
from callcenter_etl.tools.infer.name_meaning import snake, starts_and_ends
from callcenter_etl.tools.infer.sample_check import BrokenRuleCount
from callcenter_etl.tools.infer.sample_layout import SampleLayout

MIN_DIGITS = 4  # shorter digits in the name of a single sample are not a date or serial number
TEMPORAL = ("date", "time", "datetime")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


SourceLine = tuple[str, Any, str]  # a key of the source format, its value, and the evidence


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A candidate for a record rule; the samples still have to confirm it."""

    name: str
    check: str
    columns: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ContractDraft:
    """A contract with evidence for each of its lines; `source` has key, value and evidence.

    `totals` counts lines of totals, which are not used as evidence and may break any rule.
    """

    id: str
    source: tuple[SourceLine, ...]
    columns: tuple[InferredColumn, ...]
    rules: tuple[RuleDraft, ...] = ()
    totals: BrokenRuleCount = field(default_factory=BrokenRuleCount)

    def with_outliers(self, broken: Mapping[str, int]) -> ContractDraft:
        """Return the draft with outliers for every column rule that a record broke, since totals may break any."""
        columns = tuple(
            replace(
                column,
                outliers={
                    **column.outliers,
                    **{
                        key: broken[f"{column.name}.{key}"]
                        for key in column.keys
                        if key not in column.outliers and f"{column.name}.{key}" in broken
                    },
                },
            )
            for column in self.columns
        )
        return replace(self, columns=columns)

    def expected(self) -> dict[str, int]:
        """Return the number of listed outliers by rule id."""
        return {
            f"{column.name}.{key}": count for column in self.columns for key, count in column.outliers.items()
        }


def id_of(names: Sequence[str]) -> str:
    """Return an id for the contract: the common part of the sample names, without dates and serial numbers."""
    stems = [snake(re.sub(r"[0-9]{4,}", " ", PurePath(_plain_name(name)).stem)) for name in names]
    shared = stems[0] if len(set(stems)) == 1 else _common_start(stems)
    return shared or "sample"


def _common_start(stems: Sequence[str]) -> str:
    parts = [stem.split("_") for stem in stems]
    kept = []
    for words in zip(*parts, strict=False):
        if len(set(words)) > 1:
            break
        kept.append(words[0])
    return "_".join(kept)


def source_lines(
    names: Sequence[str], layout: SampleLayout, empty: Mapping[str, int]
) -> tuple[SourceLine, ...]:
    """Return key, value and evidence of each line of the source format; defaults only if readers look for them."""
    lines: list[SourceLine] = []
    pattern = file_name_pattern(names)
    if pattern is not None:
        lines.append(("filename", {"pattern": pattern}, f"as in {plural(len(names), 'sample')}"))
    lines += _shape_lines(layout)
    lines.append(("encoding", layout.encoding.name, layout.encoding.evidence))
    lines.append(("header", "exact" if layout.header else "none", layout.header_evidence))
    lines += [(key, finding.value, finding.evidence) for key, finding in layout.findings.items()]
    if "escape" in layout.quoting:
        lines.append(
            ("escape", layout.quoting["escape"], "more records are well-formed with it than without")
        )
    if "quoting" in layout.quoting:
        lines.append(("quoting", "lenient", "some values have text after a closing quote"))
    if "multiline" in layout.quoting:
        lines.append(("multiline", True, "some quoted values hold line breaks"))
    if empty:
        lines.append(
            (
                "empty_values",
                ["", *empty],
                ", ".join(f"{word} {plural(count, 'time')}" for word, count in empty.items()),
            )
        )
    return tuple(lines)


def member_lines(members: Sequence[str]) -> tuple[SourceLine, ...]:
    """Return the line with the glob of several members of archives, without the digits that differ from file to file."""
    names = sorted({base_name(uri) for uri in members})
    if len(names) < 2:
        return ()
    begin = _same_start(names)
    end = _same_start([name[len(begin) :][::-1] for name in names])[::-1]
    begin, end = begin.rstrip("0123456789"), end.lstrip("0123456789")
    if any(mark in begin + end for mark in "*?["):
        return ()
    return (("member", f"{begin}*{end}", f"as {plural(len(names), 'member')} of archives are named"),)


def _same_start(texts: Sequence[str]) -> str:
    letters = zip(*texts, strict=False)
    return "".join(each[0] for each in takewhile(lambda each: len(set(each)) == 1, letters))


def workbook_lines(lines: Sequence[SourceLine]) -> tuple[SourceLine, ...]:
    """Return the lines for workbooks, from those that describe their sheets as CSV."""
    kept = (line for line in lines if line[0] not in (*DELIMITED_KEYS, *NO_EXCEL_KEYS))
    return (("format", EXCEL, "the first sheet of each workbook"), *kept)


def _shape_lines(layout: SampleLayout) -> list[SourceLine]:
    """Return the lines that say how records are split into fields."""
    columns = plural(len(layout.names), "column")
    if layout.places:
        return [("format", "fixed_width", f"{columns} between characters that are blank in all lines")]
    delimiter = layout.delimiter
    evidence = f"{_NAMES.get(delimiter, 'as was asked for' if len(delimiter) == 1 else plural(len(delimiter), 'character'))}, {columns}"
    lines: list[SourceLine] = [("delimiter", delimiter, evidence)]
    if layout.quote != '"':
        quotes = "quotes are ordinary text here" if layout.quote is None else "values stand in such quotes"
        lines.append(("quote", layout.quote, quotes))
    return lines


def file_name_pattern(names: Sequence[str]) -> str | None:
    """Return a pattern for the sample names with digits generalised, None if the names have nothing in common."""
    # `re.split` with a group returns text at even positions and digits at odd ones.
    parts = [re.split(r"([0-9]+)", _plain_name(name)) for name in names]
    if len({tuple(each[::2]) for each in parts}) > 1 or len(parts[0]) == 1:
        return None
    if len(set(names)) == 1 and max(map(len, parts[0][1::2])) < MIN_DIGITS:
        return None
    pieces = []
    for place, variants in enumerate(zip(*parts, strict=True)):
        lengths = {len(each) for each in variants}
        if place % 2 == 0 or (len(set(variants)) == 1 and lengths.pop() < MIN_DIGITS):
            # `re.escape` would escape `-`, `#` and blanks too, which RE2 does not need.
            pieces.append(re.sub(r"([\\.^$*+?{}()\[\]|])", r"\\\1", variants[0]))
        else:
            sizes = {len(each) for each in variants}
            pieces.append(f"[0-9]{{{sizes.pop()}}}" if len(sizes) == 1 else "[0-9]+")
    return "".join(pieces)


def _plain_name(uri: str) -> str:
    name = base_name(uri)
    suffix = suffix_of(name)
    return name if suffix is None else name[: -len(suffix)]


def likely_rules(columns: Sequence[InferredColumn]) -> tuple[RuleDraft, ...]:
    """Return the rules that column names suggest: an end is not before its start."""
    rules: dict[str, RuleDraft] = {}
    for kind in TEMPORAL:
        names = [column.name for column in columns if column.type == kind]
        for start, end in starts_and_ends(names):
            rule = RuleDraft(
                f"{snake(end) or 'end'}_after_{snake(start) or 'start'}",
                f"{_quoted(end)} >= {_quoted(start)}",
                (start, end),
            )
            # Two pairs may give the same name, and a contract with a duplicate name is refused.
            rules.setdefault(rule.name, rule)
    return tuple(rules.values())


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else f"`{name}`"


def contract_mapping(draft: ContractDraft) -> dict[str, Any]:
    """Return the draft as a mapping with the keys of a contract."""
    mapping: dict[str, Any] = {
        "contract": draft.id,
        "version": "1.0.0",
        "source": {key: value for key, value, _ in draft.source},
        "columns": [dict(column.keys) for column in draft.columns],
    }
    if draft.rules:
        mapping["rules"] = [{"name": rule.name, "check": rule.check} for rule in draft.rules]
    return mapping
