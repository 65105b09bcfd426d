"""Checks the meaning of a contract part by part, so that no fault hides another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callcenter_etl.contract import semantics
from callcenter_etl.contract.column import RULE_KEYS
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.examples import FailingExample
from callcenter_etl.contract.fixed_width import place_faults
from callcenter_etl.contract.header_faults import header_faults
from callcenter_etl.contract.key_types import Record
from callcenter_etl.contract.model import FileName, RecordRule, SourceFormat
from callcenter_etl.contract.names import name_faults
from callcenter_etl.contract.part import Part
from callcenter_etl.contract.partial import (
    Columns,
    is_type_uncertain,
    read_columns,
    read_part,
    read_parts,
)
from callcenter_etl.contract.side_files import side_file_faults
from callcenter_etl.contract.size_limits import unique_rules_fault
from callcenter_etl.contract.source_format import DELIMITED, DELIMITED_KEYS, EXCEL, FIXED_WIDTH, NO_EXCEL_KEYS
from callcenter_etl.contract.surroundings import surrounding_faults
from callcenter_etl.contract.table_layout import TableLayout, layout_faults
from callcenter_etl.contract.value_fields import field_faults

Found = Iterator[tuple[Path, str, int]]


def check_meaning(value: dict[str, Any]) -> Found:
    """Yield path, message and offset (in the value at that path) of each fault beyond the shape.

    Faulty keys are left out and all others are checked, so that an author sees every fault in one run.
    """
    columns = read_columns(value.get("columns"))
    rules = list(read_parts(RecordRule, value.get("rules")))
    for index, part in columns.parts:
        uncertain = is_type_uncertain(part)
        yield from semantics.column_faults(part, ("columns", index), type_is_known=not uncertain)
    for index, rule in rules:
        yield from semantics.record_rule_faults(rule, ("rules", index), columns)
    yield from name_faults(columns, rules)
    too_many = unique_rules_fault(value)
    if too_many is not None:
        yield *too_many, 0
    yield from _source_faults(value)
    yield from header_faults(value, columns)
    yield from _format_faults(value, columns)
    yield from _layout_faults(value, columns)
    yield from _example_faults(value, columns)


def _source_faults(value: dict[str, Any]) -> Found:
    declared = value.get("source")
    part: Part[SourceFormat] | None = read_part(SourceFormat, declared)
    if part is None or not isinstance(declared, dict):
        return
    source = part.value
    marks = ("delimiter", "quote", "escape", "comment")
    characters = {key: getattr(source, key) for key in marks}
    sound = {key: each for key, each in characters.items() if key not in part.broken and each is not None}
    yield from _dialect_faults(sound, skips_spaces=source.skip_initial_space)
    if "encoding" not in part.broken:
        yield from _unwritable_faults(source.encoding, sound)
    name = read_part(FileName, declared.get("filename"))
    if name is not None:
        yield from semantics.file_name_faults(name.value, ("source", "filename"))
        yield from _name_field_faults(name, declared["filename"])
    yield from side_file_faults(declared, ("source",))
    yield from surrounding_faults(part, declared, ("source",))


def _name_field_faults(name: Part[FileName], declared: Any) -> Found:
    if isinstance(declared, dict) and "pattern" not in name.broken and not name.has_unknown_keys:
        patterns = () if name.value.pattern is None else (name.value.pattern,)
        yield from field_faults(declared.get("fields"), patterns, ("source", "filename", "fields"))


def _format_faults(value: dict[str, Any], columns: Columns) -> Found:
    """Yield the keys that the format of the source does not have, and the faults of places in a record."""
    declared = value.get("source", {})
    part: Part[SourceFormat] | None = read_part(SourceFormat, declared)
    if part is None or "format" in part.broken:
        return
    form = part.value.format
    for key in DELIMITED_KEYS if form != DELIMITED else ():
        if key in declared:
            yield ("source", key), f"{key} goes with source.format: delimited, not {form}", 0
    for key in NO_EXCEL_KEYS if form == EXCEL else ():
        if key in declared:
            yield ("source", key), f"{key} means nothing for a workbook: leave the key out", 0
    if form != EXCEL and "sheet" in declared:
        yield ("source", "sheet"), f"sheet goes with source.format: excel, not {form}", 0
    if form == FIXED_WIDTH and part.value.header not in ("exact", "none"):
        sentence = (
            f"columns of fixed width are found by their place: exact or none, not {part.value.header!r}"
        )
        yield ("source", "header"), sentence, 0
    yield from place_faults(columns.parts, fixed_width=form == FIXED_WIDTH)


def _dialect_faults(characters: dict[str, str], *, skips_spaces: bool) -> Found:
    """Yield the faults of characters that mean two things; `characters` are the sound ones by key."""
    for key, other in (("quote", "delimiter"), ("escape", "delimiter"), ("escape", "quote")):
        mark, text = characters.get(key), characters.get(other)
        if mark is None or text is None or mark not in text:
            continue
        both = f"{key} and {other} are both {mark!r}"
        yield ("source", key), both if mark == text else f"the {other} {text!r} holds the {key} {mark!r}", 0
    delimiter = characters.get("delimiter")
    if skips_spaces and delimiter is not None and delimiter.startswith(" "):
        sentence = (
            f"spaces after a delimiter cannot be skipped where the delimiter {delimiter!r} begins with one"
        )
        yield ("source", "skip_initial_space"), sentence, 0


def _unwritable_faults(encoding: str, characters: dict[str, str]) -> Found:
    try:
        # The outputs write delimiter and quote in the source's encoding.
        "".join(characters.values()).encode(encoding)
    except UnicodeEncodeError:
        shown = " or ".join(map(repr, characters.values()))
        yield ("source", "encoding"), f"{encoding} has no {shown}", 0


def _layout_faults(value: dict[str, Any], columns: Columns) -> Found:
    run = value.get("run")
    declared = run.get("layout") if isinstance(run, dict) else None
    part: Part[TableLayout] | None = read_part(TableLayout, declared)
    # With an unreadable column the names are incomplete: the layout may name that column.
    if part is not None and isinstance(declared, dict) and columns.complete:
        yield from layout_faults(part.value, columns.named, columns.types, ("run", "layout"))


def _example_faults(value: dict[str, Any], columns: Columns) -> Found:
    examples = value.get("examples")
    if not isinstance(examples, dict):
        return
    rules = value.get("rules")
    # Rules with faults of their own are included: an example that names one is not at fault.
    entries = [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, (list, tuple)) else []
    known = semantics.Known(
        columns=tuple(columns.types),
        rules=(*_column_rules(columns), *(str(rule.get("name")) for rule in entries)),
        encoding=_encoding(value),
        complete=columns.complete,
    )
    for index, record in read_parts(Record, examples.get("pass")):
        yield from semantics.record_faults(record.value, ("examples", "pass", index), known)
    for index, example in read_parts(FailingExample, examples.get("fail")):
        yield from semantics.failing_example_faults(example, ("examples", "fail", index), known)


def _column_rules(columns: Columns) -> Iterator[str]:
    """Yield the ids of the columns' rules; for a faulty column all ids that it might have."""
    sound = {part.value.name: part.value.rule_keys for _, part in columns.parts if not part.broken}
    for name in columns.types:
        for key in sound.get(name, RULE_KEYS):
            yield f"{name}.{key}"


def _encoding(value: dict[str, Any]) -> str:
    part: Part[SourceFormat] | None = read_part(SourceFormat, value.get("source", {}))
    return "utf-8" if part is None else part.value.encoding
