"""Types of the values of a run: named groups of a pattern, and keys of a side file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from callcenter_etl.contract.column import RULE_KEYS, Column
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.key_types import show
from callcenter_etl.contract.partial import is_type_uncertain, read_part
from callcenter_etl.contract.patterns import group_names, matched_groups, pattern_fault
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.contract.typed_text import is_value

Found = Iterator[tuple[Path, str, int]]

_COLUMN_SCHEMA = Column.model_json_schema()


def _without_references(schema: Any) -> Any:
    """Return a schema with the parts that it refers to written out, as another document has no such parts."""
    if isinstance(schema, list):
        return [_without_references(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _without_references(_COLUMN_SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    return {key: _without_references(each) for key, each in schema.items()}


# The keys of a column that say how a value of its type is written, with their JSON Schema. A field has no others:
# nothing but the type of a value of the run is checked.
TYPE_KEYS: dict[str, Any] = {
    key: _without_references(_COLUMN_SCHEMA["properties"][key])
    for key in ("type", *RULE_KEYS["type"].companions)
}
_FIELD_SCHEMA = {
    "anyOf": [TYPE_KEYS["type"], {"type": "object", "properties": TYPE_KEYS, "additionalProperties": False}]
}


def _as_columns(value: Any) -> Any:
    """Return each field as the keys of a column, from a mapping of keys or the name of a type."""
    if not isinstance(value, dict):
        raise ValueError(f"a mapping of group names to types is expected, not {show(value)}")  # noqa: TRY004  pydantic collects ValueErrors
    return {name: _as_column(name, each) for name, each in value.items()}


def _as_column(name: Any, declared: Any) -> Any:
    if isinstance(declared, Column):
        return declared
    keys = declared if isinstance(declared, dict) else {"type": declared}
    return {**keys, "name": str(name)}


Fields = Annotated[
    dict[str, Column],
    BeforeValidator(_as_columns),
    WithJsonSchema({"type": "object", "additionalProperties": _FIELD_SCHEMA}),
]


@dataclass(frozen=True, slots=True)
class CapturedValues:
    """Values of a run as text, by name, and a sentence for each that is not of its type."""

    values: Mapping[str, str]
    faults: tuple[str, ...] = ()


def captured(pattern: str, text: str, fields: Mapping[str, Column]) -> CapturedValues | None:
    """Return the values of the named groups of a pattern, None where it does not match the whole text."""
    values = matched_groups(pattern, text)
    return None if values is None else CapturedValues(values, type_faults(values, fields))


def type_faults(values: Mapping[str, str], fields: Mapping[str, Column]) -> tuple[str, ...]:
    """Return a sentence for each value that is not of its declared type; an empty value is of every type."""
    return tuple(
        f"{name} is {quoted(values[name])}, which is no {column.type}{_as_formats(column)}"
        for name, column in fields.items()
        if values.get(name) and not is_value(column, values[name])
    )


def _as_formats(column: Column) -> str:
    return f" as {' or '.join(column.format)}" if column.format else ""


def match_faults(patterns: Sequence[str], path: Path, *, is_list: bool) -> Found:
    """Yield the faults of the patterns at a path, one of its own at each index where they are a list."""
    names: set[str] = set()
    for index, pattern in enumerate(patterns):
        where = (*path, index) if is_list else path
        wrong = pattern_fault(pattern)
        if wrong is not None:
            yield where, wrong, 0
            continue
        found = group_names(pattern)
        for name in found:
            if name in names:
                yield where, f"the group {quoted(name)} is in an earlier pattern already", 0
        names.update(found)


def field_faults(declared: Any, patterns: Sequence[str] | None, path: Path) -> Found:
    """Yield the faults of `fields`, the unchecked value at a path; `patterns` is None where any name may be a value's."""
    if not isinstance(declared, dict):
        return
    # With a faulty pattern its groups are unknown, and so may be any name.
    sound = patterns is not None and all(pattern_fault(each) is None for each in patterns)
    known = (
        {name for each in patterns for name in group_names(each)} if sound and patterns is not None else None
    )
    for name, keys in declared.items():
        if known is not None and name not in known:
            yield (
                (*path, name),
                f"no pattern has a group {quoted(str(name))}{did_you_mean(str(name), sorted(known))}",
                0,
            )
        for key in keys if isinstance(keys, dict) else ():
            if key in Column.model_fields and key not in TYPE_KEYS:
                yield (*path, name, key), f"a field has {', '.join(TYPE_KEYS)}, not {quoted(key)}", 0
        part = read_part(Column, _as_column(name, keys))
        if part is not None and not is_type_uncertain(part):
            yield from RULE_KEYS["type"].typed_faults(part, (*path, name))
