"""Build the sections of violated rules, each with its sentence and examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from callcenter_etl.contract.expressions import ExpressionColumns
from callcenter_etl.contract.model import ContractDocument, RecordRule, expression_columns
from callcenter_etl.diagnostic import INFO
from callcenter_etl.diagnostics.html.exceptions_scan import Findings, RejectExample
from callcenter_etl.diagnostics.html.page_data import Example, MalformedExample, RuleSection
from callcenter_etl.diagnostics.html.sheet_cells import SheetCells, sheet_cells
from callcenter_etl.diagnostics.html.value_display import ValueDisplay, full_text
from callcenter_etl.diagnostics.html.value_masks import skeleton
from callcenter_etl.rules.normalized_text import judged_value
from callcenter_etl.rules.rule import Rule
from callcenter_etl.run.summary import RuleCount, Summary
from callcenter_etl.sources.header import match_header

_GOT = ", got '{value}'"
# The longer forms take the word or the quotes around a placeholder, which are replaced along with it.
_PLACEHOLDER = re.compile(r"line \{first_line\}|'\{value\}'|\{(?:value|column|line|first_line)\}")
_UNKNOWN = "…"
_STRUCTURAL_SENTENCES = {
    "record.too_long": "the record is too long",
    "record.quote": "the record's quotes cannot be read",
    "record.encoding": "the record has bytes that cannot be decoded",
    "record.width": "the record has another number of characters than its columns",
    "record.fields": "the record has another number of fields than the header",
}


@dataclass(frozen=True, slots=True)
class RuleWording:
    """The wording of findings: the contract's rules, their columns, positions, and the display of values."""

    document: ContractDocument
    rules: Mapping[str, Rule]
    columns: Mapping[str, tuple[str, ...]]
    places: SheetCells
    display: ValueDisplay


def rule_wording(
    document: ContractDocument,
    rules: Sequence[Rule],
    findings: Findings | None,
    *,
    lines: int,
    display: ValueDisplay,
) -> RuleWording:
    """Return the wording for a contract and its findings; without findings the columns are the contract's."""
    names, open_quote = ((), None) if findings is None else (findings.names, findings.open_quote)
    places = sheet_cells(document, _positions(document, names), lines=lines, open_quote=open_quote)
    by_id = {rule.id: rule for rule in rules}
    return RuleWording(document, by_id, _columns_of_rules(document, rules), places, display)


def rule_sections(summary: Summary, words: RuleWording, findings: Findings | None) -> tuple[RuleSection, ...]:
    """Return the violated rules, most violated first."""
    broken = [
        (rule, count) for rule, count in summary.rules.items() if count.broken and count.severity != INFO
    ]
    # A stable sort: rules with equal counts keep the order of the contract.
    broken.sort(key=lambda each: -each[1].broken)
    return tuple(_section(rule, count, words, findings) for rule, count in broken)


def shows_malformed_in_full(words: RuleWording, findings: Findings) -> bool:
    """Return whether malformed records may be shown with their whole text.

    Which value belongs to which column is not known in them, so that one classified column hides them all, and so
    does a column that is not in the contract.
    """
    return words.display.all_public and len(findings.names) == len(words.places.positions)


def malformed_of(words: RuleWording, findings: Findings) -> tuple[MalformedExample, ...]:
    """Return the first malformed records."""
    source = words.document.source
    in_full = shows_malformed_in_full(words, findings)
    return tuple(
        MalformedExample(
            line=found.line,
            place=words.places.of(found.line),
            rule=found.diagnostic.rule,
            reason=found.diagnostic.message,
            text=full_text(found.raw)
            if in_full
            else skeleton(found.raw, delimiter=source.delimiter, quote=source.quote),
        )
        for found in findings.malformed
    )


def _section(rule_id: str, count: RuleCount, words: RuleWording, findings: Findings | None) -> RuleSection:
    found = [] if findings is None else findings.examples.get(rule_id, [])
    examples = tuple(_example(each, words) for each in found)
    if not examples and count.first_line is not None:  # a warning's records are no exceptions
        place = words.places.of(count.first_line, words.columns.get(rule_id, ()))
        examples = (Example(count.first_line, place, ()),)
    value = _first_value(found, rule_id, words)
    sentence = _sentence(rule_id, words, value, line=examples[0].line if examples else None)
    return RuleSection(rule_id, count.severity, count.broken, sentence, examples)


def _example(found: RejectExample, words: RuleWording) -> Example:
    columns = words.columns.get(found.diagnostic.rule, ())
    values = [(name, words.display.alone(name, value)) for name, value in _values(found, columns, words)]
    return Example(found.line, words.places.of(found.line, columns), tuple(values))


def _values(found: RejectExample, columns: Sequence[str], words: RuleWording) -> Iterator[tuple[str, str]]:
    """Yield the columns that the source has, with their values in a record."""
    for name in columns:
        position = words.places.positions.get(name)
        if position is not None and position < len(found.values):
            yield name, found.values[position]


def _first_value(found: Sequence[RejectExample], rule_id: str, words: RuleWording) -> str | None:
    """Return the value of the rule's column in the first example as it was judged, None where there is none."""
    rule = words.rules.get(rule_id)
    if rule is None or rule.column is None or not found:
        return None
    value = next((value for _, value in _values(found[0], (rule.column,), words)), None)
    column = next(each for each in words.document.columns if each.name == rule.column)
    return value if value is None else judged_value(column, value)


def _sentence(rule_id: str, words: RuleWording, first: str | None, *, line: int | None) -> str:
    """Return the rule's sentence about its first example, on `line` and with the value `first`."""
    rule = words.rules.get(rule_id)
    if rule is None:
        return _STRUCTURAL_SENTENCES.get(rule_id, rule_id)
    # A classified value is replaced by its class, whatever display the user has chosen.
    value = quoted = _UNKNOWN if rule.classified is None else f"({rule.classified})"
    if rule.classified is None and rule.column is not None and first is not None:
        value, quoted = words.display.alone(rule.column, first), words.display.quoted(rule.column, first)
    filled = {
        "line {first_line}": "an earlier line",
        "'{value}'": quoted,
        "{value}": value,
        "{column}": rule.column or "",
        "{line}": _UNKNOWN if line is None else f"{line:,}",
        "{first_line}": _UNKNOWN,
    }
    sentence = rule.sentence.removesuffix(_GOT) if value == _UNKNOWN else rule.sentence
    # In one pass, so that a value that holds `{line}` is not filled in again.
    return _PLACEHOLDER.sub(lambda match: filled[match[0]], sentence)


def _positions(document: ContractDocument, names: tuple[str, ...]) -> Mapping[str, int]:
    """Return the position of each contract column in the source."""
    # As in a run, columns without a header go by position.
    if not names or document.source.header == "none":
        return {column.name: position for position, column in enumerate(document.columns)}
    return match_header(names, document).layout.positions


def _columns_of_rules(document: ContractDocument, rules: Sequence[Rule]) -> Mapping[str, tuple[str, ...]]:
    of_records = {rule.name: rule for rule in document.rules}
    known = expression_columns(document.columns)
    return {
        rule.id: (rule.column,) if rule.column is not None else _columns_of(of_records[rule.id], known)
        for rule in rules
    }


def _columns_of(rule: RecordRule, known: ExpressionColumns) -> tuple[str, ...]:
    texts = [text for text in (rule.check, rule.when) if text is not None]
    looked_up = () if rule.lookup is None else tuple(rule.lookup.columns)
    return tuple(dict.fromkeys([*(rule.unique or ()), *looked_up, *_columns_in(texts, known)]))


def _columns_in(texts: Sequence[str], known: ExpressionColumns) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for text in texts for name in known.compile(text).columns))
