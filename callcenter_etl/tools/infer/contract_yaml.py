"""Writes an inferred contract as YAML, with the evidence as a comment on each line."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.tools.infer.column_draft import InferredColumn
from callcenter_etl.tools.infer.contract_draft import ContractDraft, RuleDraft
from callcenter_etl.tools.infer.evidence import count_of, lines_of, plural, shown
from callcenter_etl.tools.infer.sample_check import BrokenRuleCount, SampleOutcome

FARTHEST_COMMENT = 90  # comments are aligned, except after a longer line
# The first line: editors with a YAML language server find the schema there, for completion and checks.
SCHEMA_FILE = "contract.schema.json"
SCHEMA_LINE = f"# yaml-language-server: $schema=./{SCHEMA_FILE}"


def contract_text(
    draft: ContractDraft, outcome: SampleOutcome, samples: Sequence[str], *, max_records: int | None
) -> str:
    """Return a draft as YAML, with the results of validating the samples against it.

    `max_records` is the number of records read of each sample, None for all.
    """
    first = "" if max_records is None else f", of each the first {max_records:,} at the most"
    sections = [
        SCHEMA_LINE,
        f"# from {' and '.join(map(shown, samples))}: {count_of(outcome.accepted, outcome.read, 'record')} accepted{first}",
        f"contract: {_flow(draft.id)}",
        "version: 1.0.0",
        "",
        "source:",
        *_aligned((f"  {key}: {_flow(value)}", evidence) for key, value, evidence in draft.source),
        *_malformed(outcome),
        *_totals(draft.totals),
        "",
        "columns:",
        *_column_lines(draft.columns, outcome),
    ]
    if draft.rules:
        sections += [
            "",
            "rules:",
            *_aligned((_item(_rule(rule)), _held(rule, outcome)) for rule in draft.rules),
        ]
    return "\n".join(sections) + "\n"


def _column_lines(columns: Sequence[InferredColumn], outcome: SampleOutcome) -> list[str]:
    aligned = _aligned((_item(column.keys), "; ".join(column.evidence)) for column in columns)
    lines: list[str] = []
    for column, line in zip(columns, aligned, strict=True):
        lines += _outliers(column, outcome)
        lines.append(line)
    return lines


def _outliers(column: InferredColumn, outcome: SampleOutcome) -> list[str]:
    lines = []
    for key in column.outliers:
        # Counts and lines are those of the validation, not the expected ones of the draft.
        broken = outcome.broken.get(f"{column.name}.{key}")
        if broken is not None:
            what = KINDS[key].outliers.format(type=column.type)
            verb = what.replace("are", "is", 1) if broken.count == 1 else what
            verb = verb.replace("do not", "does not") if broken.count == 1 else verb
            where = lines_of(broken.places, broken.count)
            why = "".join(f"; {cause}" for cause in column.causes.get(key, ()))
            lines.append(
                f"  # outliers: {plural(broken.count, 'value')} of {shown(column.name)} {verb} ({where}){why}"
            )
    return lines


def _malformed(outcome: SampleOutcome) -> list[str]:
    return [
        f"  # outliers: {plural(broken.count, 'record')} malformed by {rule} ({lines_of(broken.places, broken.count)})"
        for rule, broken in outcome.broken.items()
        if rule.startswith("record.")
    ]


def _totals(totals: BrokenRuleCount) -> list[str]:
    if not totals.count:
        return []
    what = "looks like a line" if totals.count == 1 else "look like lines"
    where = lines_of(totals.places, totals.count)
    many = plural(totals.count, "record")
    return [
        f"  # totals: {many} {what} of totals, and no evidence ({where}): ask the sender to leave them out"
    ]


def _rule(rule: RuleDraft) -> dict[str, str]:
    return {"name": rule.name, "check": rule.check}


def _held(rule: RuleDraft, outcome: SampleOutcome) -> str:
    both = outcome.both.get(rule.columns, 0)
    return f"holds in {count_of(both, both, 'record')} that have both"


def _item(value: Any) -> str:
    return f"  - {_flow(value)}"


def _aligned(lines: Iterable[tuple[str, str]]) -> list[str]:
    """Return lines with their comments aligned, except after lines that are too long."""
    pairs = list(lines)
    width = max((len(line) for line, _ in pairs if len(line) <= FARTHEST_COMMENT), default=0)
    return [f"{line.ljust(width)}  # {comment}" if comment else line for line, comment in pairs]


def _flow(value: Any) -> str:
    """Return a value as YAML on one line, with quotes only if necessary."""
    yaml = YAML()
    # ruamel.yaml folds at 80 characters, but the comment belongs to one line.
    yaml.width = 2**31 - 1
    yaml.allow_unicode = True
    stream = io.StringIO()
    # Inside a mapping, because ruamel.yaml drops the braces of a mapping with one key inside a list.
    yaml.dump(_in_flow_style({"_": value}), stream)
    return stream.getvalue().strip().removeprefix("{_: ").removesuffix("}")


def _in_flow_style(value: Any) -> Any:
    if isinstance(value, dict):
        mapping = CommentedMap((key, _in_flow_style(each)) for key, each in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, (list, tuple)):
        sequence = CommentedSeq(_in_flow_style(each) for each in value)
        sequence.fa.set_flow_style()
        return sequence
    return value
