"""Reads the valid parts of a faulty contract, so that a fault in one key does not hide a fault in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from callcenter_etl.contract.column import Column
from callcenter_etl.contract.key_types import as_null
from callcenter_etl.contract.part import Part

UNKNOWN_TYPE = ""  # the type of a faulty column: expressions accept it everywhere, and report no second fault
_REQUIRED = ("name",)  # replaced by an empty text if faulty, so that the other keys are still checked


@dataclass(frozen=True, slots=True)
class Columns:
    """The readable columns of a contract, with their indices.

    `types` has the type of each declared name, UNKNOWN_TYPE if that is faulty; `timezones` has the time zones that the
    database knows. `complete` is False if a column has an
    unreadable name: then a name that is missing in `types` may still be declared.
    """

    parts: tuple[tuple[int, Part[Column]], ...]
    types: Mapping[str, str]
    complete: bool

    @property
    def timezones(self) -> Mapping[str, str]:
        """The time zones of the columns that have a sound one."""
        zones = {column.name: column.sound_timezone for column in self.named}
        return {name: zone for name, zone in zones.items() if zone is not None}

    @property
    def named(self) -> list[Column]:
        """The columns with a readable name."""
        return [part.value for _, part in self.parts if "name" not in part.broken]


def read_parts(kind: Any, values: Any) -> Iterator[tuple[int, Part[Any]]]:
    """Yield index and valid part of each entry of a list that can be read as `kind`, at least in part."""
    read = TypeAdapter(kind)
    for index, value in enumerate(values if isinstance(values, (list, tuple)) else []):
        part = _read_part(read, value)
        if part is not None:
            yield index, part


def read_part(kind: Any, value: Any) -> Part[Any] | None:
    """Return the valid part of one value read as `kind`, None if there is none."""
    return _read_part(TypeAdapter(kind), value)


def _read_part(read: TypeAdapter[Any], value: Any) -> Part[Any] | None:
    broken: set[str] = set()
    while True:
        try:
            return Part(read.validate_python(value), frozenset(broken))
        except ValidationError as error:
            if not isinstance(value, dict):
                return None
            blamed = _blamed(error, value)
        # Each round removes the keys that pydantic blames, until the rest validates or nothing is left to remove.
        absent = [key for key in _REQUIRED if key in blamed and key not in broken]
        if not blamed & value.keys() and not absent:
            return None
        value = {key: each for key, each in value.items() if key not in blamed}
        value |= dict.fromkeys(absent, "")
        broken |= blamed


def _blamed(error: ValidationError, value: Mapping[str, Any]) -> set[str]:
    found = [each["loc"] for each in error.errors(include_url=False, include_context=False)]
    blamed = {str(place[0]) for place in found if place}
    # A fault of the entry as a whole names no key: its only cause is a key without a value.
    return blamed or {key for key, each in value.items() if as_null(each) is None}


def read_columns(declared: Any) -> Columns:
    """Return the readable columns; `declared` is the unchecked value of the key `columns`."""
    if isinstance(declared, dict):  # names as keys, as other tools have it
        return Columns((), dict.fromkeys(map(str, declared), UNKNOWN_TYPE), complete=True)
    if not isinstance(declared, (list, tuple)):
        return Columns((), {}, complete=False)
    parts = tuple(read_parts(Column, declared))
    readable = {index: part for index, part in parts if "name" not in part.broken}
    types: dict[str, str] = {}
    for part in readable.values():
        name = part.value.name
        kind = UNKNOWN_TYPE if is_type_uncertain(part) else part.value.type
        types[name] = kind if types.get(name, kind) == kind else UNKNOWN_TYPE
    complete = True
    for index, value in enumerate(declared):
        if index not in readable:
            names = _possible_names(value)
            complete = complete and bool(names)
            for name in names:
                types.setdefault(name, UNKNOWN_TYPE)
    return Columns(parts, types, complete=complete)


def is_type_uncertain(part: Part[Column]) -> bool:
    """Check whether a column's type is faulty, or may be the value of a misspelt key."""
    return "type" in part.broken or ("type" not in part.value.model_fields_set and part.has_unknown_keys)


def _possible_names(value: Any) -> list[str]:
    """Return the texts that may be the name of a column with an unreadable name, such as `- {nmae: call_id}`."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, dict):
        return []
    return [each for key, each in value.items() if isinstance(each, str) and key not in Column.model_fields]
