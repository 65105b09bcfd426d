"""Imports a field of a Table Schema as a column that accepts every value that the field accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS, FormatFault, compile_format
from callcenter_etl.tools.convert.bound_import import put_values, read_bounds
from callcenter_etl.tools.convert.frictionless_terms import EXTENSION
from callcenter_etl.tools.convert.import_draft import Draft, ImportedColumn, Taken, is_null, is_true
from callcenter_etl.tools.convert.java_formats import from_python
from callcenter_etl.tools.convert.json_numbers import number_of
from callcenter_etl.tools.convert.text_types import kind_of_shape

ANY_TEXT = ("string", "any")
# The standard's defaults for trueValues and falseValues.
_TRUE = ("true", "True", "TRUE", "1")
_FALSE = ("false", "False", "FALSE", "0")
# The standard's default datetime is that of XML Schema: with a T, optional fraction and optional offset.
_DATETIMES = tuple(f"%Y-%m-%dT%H:%M:%S{tail}" for tail in ("", ".%f", "%z", ".%f%z"))
_SPECIAL = "(?i:nan|[+-]?inf(?:inity)?)"  # numbers to a Table Schema, in any case
_ZONE = "(?:Z|[+-][0-9]{2}:[0-9]{2})?"
_YEAR = "-?(?:[1-9][0-9]{4,}|[0-9]{4})"
_PLAIN_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?{first}{more})?"
_PART = r"[0-9]+(?:[.,][0-9]+)?"
_PATTERNS = {  # as XML Schema writes them
    "year": f"{_YEAR}{_ZONE}",
    "yearmonth": f"{_YEAR}-(?:0[1-9]|1[0-2]){_ZONE}",
    "duration": f"[+-]?P(?:{_PART}[YMWD])*(?:T(?:{_PART}[HMS])+)?",
}
_GEOPOINTS = {
    "default": rf"\s*{_PLAIN_NUMBER}\s*,\s*{_PLAIN_NUMBER}\s*",
    "array": rf'\s*\[\s*"?{_PLAIN_NUMBER}"?\s*,\s*"?{_PLAIN_NUMBER}"?\s*\]\s*',
}


def read_field(draft: Draft, field: Taken, missing: Sequence[str]) -> ImportedColumn:
    """Add the column of a field to the draft; `missing` are the values that count as missing."""
    column = draft.add_column(field.take("name"), field.path)
    text = field.take("description")
    if text is not None:
        column.put("description", text, field.at("description"))
    given = str(field.take("type") or "any")
    # The default format constrains nothing; another one is noted unless a reader below takes it.
    if str(field.value.get("format", "default")) == "default":
        field.take("format")
    constraints = field.inside("constraints")
    _READERS.get(given, _as_text)(column, field, constraints)
    if given not in _READERS:
        draft.note(field.at("type"), f"a field of {given!r} is read as text", asserts=True)
    if is_true(constraints.take("required")):
        require(column, given, missing, constraints)
    if is_true(constraints.take("unique")):
        column.flag("unique", constraints.at("unique"))
    return column


def require(column: ImportedColumn, given: str, missing: Sequence[str], where: Taken) -> None:
    """Make a column required, unless the empty text is a valid value of the field."""
    if given in ANY_TEXT and "" not in missing:
        message = (
            "required is not asked: '' is not among the missingValues, so that it is a value of this field"
        )
        column.draft.note(where.at("required"), message, asserts=True)
        return
    column.flag("required", where.at("required"))


def _as_text(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
    """Leave the column a text; its constraints are reported as notes, since they are about another type."""


def _read_any(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
    _read_values(column, field, constraints)


def _read_string(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
    for word, key in (("minLength", "min_length"), ("maxLength", "max_length")):
        if constraints.has(word):
            column.put(key, constraints.take(word), constraints.at(word))
    if constraints.has("pattern"):
        pattern = str(constraints.take("pattern"))
        # An export writes these types as a string with a pattern; here the type returns.
        kind = kind_of_shape(pattern)
        column.put("pattern" if kind is None else "type", kind or pattern, constraints.at("pattern"))
    _read_values(column, field, constraints)


def _read_values(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
    """Import `enum` or, without it, `categories`; `enum` is a subset of the categories."""
    categories, enum = field.take("categories"), constraints.take("enum")
    field.take("categoriesOrdered")
    if isinstance(enum, list):
        put_values(column, enum, constraints.at("enum"))
    elif isinstance(categories, list):
        put_values(column, _values(categories), field.at("categories"))


def _values(listed: list[Any]) -> list[Any]:
    return [each.get("value") if isinstance(each, dict) else each for each in listed]


def _read_integer(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
    _read_number_as(column, field, constraints, "integer")


def _read_number(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
    _read_number_as(column, field, constraints, "decimal")


def _read_number_as(column: ImportedColumn, field: Taken, constraints: Taken, kind: str) -> None:
    """Import a number: as a typed column if the contract type has the same values, else as text with a pattern."""
    point, group = str(field.take("decimalChar") or "."), str(field.take("groupChar") or "")
    bare = field.take("bareNumber")
    is_bare = bare is None or is_true(bare)
    # An integer has no decimal point, so decimalChar does not matter for it.
    written_plainly = (not group or _is_strictly_grouped(field, group)) and is_bare
    where = field.at("type")
    if written_plainly and (kind == "integer" or _is_finite(field, constraints)):
        column.put("type", kind, where)
        if kind == "decimal" and point != ".":
            column.put("decimal", point, field.at("decimalChar"))
        if group:
            column.put("thousands", group, field.at("groupChar"))
        read_bounds(column, constraints)
        _read_values(column, field, constraints)
        return
    pattern = _pattern_of_number(point, group, kind=kind)
    if kind == "decimal":
        pattern = f"{pattern}|{_SPECIAL}"
    # With `bareNumber: false` the standard allows other characters around the number, such as a currency.
    column.put("pattern", pattern if is_bare else f"[^0-9]*(?:{pattern})[^0-9]*", where)
    cause = "may be NaN, INF or -INF" if written_plainly else "is written in another way"
    remedy = f"; declare type: {kind} where the source has no such value" if written_plainly else ""
    message = f"a {kind} that {cause} is read as text with a pattern, its bounds are not asked{remedy}"
    column.draft.note(where, message, asserts=True)


def _is_strictly_grouped(field: Taken, group: str) -> bool:
    """Return whether an export declares that the group character separates groups of three digits."""
    kept = field.value.get(EXTENSION)
    return isinstance(kept, dict) and str(kept.get("thousands")) == group


def _is_finite(field: Taken, constraints: Taken) -> bool:
    """Return whether no value can be NaN or infinite: bounded on both sides, listed, or declared by an export."""
    kept = field.value.get(EXTENSION)
    if isinstance(kept, dict) and str(kept.get("type")) == "decimal":
        return True
    listed = constraints.value.get("enum")
    if isinstance(listed, list):
        return all(number_of(value) is not None for value in listed)
    ends = [
        any(number_of(constraints.value.get(word)) is not None for word in (f"m{end}", f"exclusiveM{end}"))
        for end in ("inimum", "aximum")
    ]
    return all(ends)


def _pattern_of_number(point: str, group: str, *, kind: str) -> str:
    """Return the pattern of a number; group characters may be anywhere, since the standard does not say where.

    That includes the exponent: readers of Table Schemas drop the character wherever it is.
    """
    more = f"(?:[0-9]|{re.escape(group)})*" if group else "[0-9]*"
    first = f"(?:{re.escape(group)})*[0-9]" if group else "[0-9]"
    if kind == "integer":
        return f"[+-]?{first}{more}"
    mark = re.escape(point)
    return f"[+-]?(?:{first}{more}(?:{mark}{more})?|{mark}{first}{more})(?:[eE][+-]?{first}{more})?"


def _read_boolean(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
    """Import true and false in any case as a boolean, other words as allowed values."""
    words = [_words(field.take("trueValues"), _TRUE), _words(field.take("falseValues"), _FALSE)]
    listed = constraints.take("enum")
    if isinstance(listed, list):
        # The list may have logical values (true) or the words of the file (yes).
        chosen = {str(value).lower() for value in listed}
        words = [
            words[n] if chosen & {word, *map(str.lower, words[n])} else []
            for n, word in enumerate(("true", "false"))
        ]
    lower = [{word.lower() for word in each} for each in words]
    where = field.at("trueValues" if "trueValues" in field.value else "type")
    if lower[0] <= {"true"} and lower[1] <= {"false"}:
        column.put("type", "boolean", field.at("type"))
        if not all(lower):
            put_values(column, [word for each in lower for word in each], constraints.at("enum"))
        return
    if not all(words) or set(words[0]) & set(words[1]):  # a boolean has words for both, and none for either
        column.put("allowed", [*words[0], *words[1]], where)
        return
    column.put("type", "boolean", field.at("type"))
    for key, listed_words in zip(("true_values", "false_values"), words, strict=True):
        column.put(key, listed_words, where)


def _words(given: Any, usual: Sequence[str]) -> list[str]:
    if not isinstance(given, list):
        return list(usual)
    return [str(word).lower() if isinstance(word, bool) else str(word) for word in given]


def _datetime_value(kind: str) -> Callable[[ImportedColumn, Taken, Taken], None]:
    def read(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
        _read_datetime(column, field, constraints, kind)

    return read


def _read_datetime(column: ImportedColumn, field: Taken, constraints: Taken, kind: str) -> None:
    # Early drafts of the standard wrote a pattern as `fmt:%d.%m.%Y`.
    given = str(field.take("format") or "default").removeprefix("fmt:")
    if given == "any":
        message = f"a {kind} in any format is read as text"
        column.draft.note(field.at("format"), message, asserts=True)
        return
    if given == "default":
        formats = _DATETIMES if kind == "datetime" else DEFAULT_FORMATS[kind]
    else:
        has_hour = any(mark in given for mark in ("%H", "%I", "%-H", "%-I"))
        # A datetime of a contract needs an hour, so a format without one is a date.
        kind = "date" if kind == "datetime" and not has_hour else kind
        # Formats are those of strptime, where %d reads 5 and 05; a directive of a contract reads one of them.
        formats = from_python(given) if _is_format(given, kind) else (given,)
    column.put("type", kind, field.at("type"))
    if formats != DEFAULT_FORMATS[kind]:
        column.put("format", formats[0] if len(formats) == 1 else list(formats), field.at("format"))
    read_bounds(column, constraints)
    _read_values(column, field, constraints)


def _is_format(given: str, kind: str) -> bool:
    """Return whether a format is valid in a contract; the loader reports the faults of one that is not."""
    try:
        compile_format(given, kind)
    except FormatFault:
        return False
    return True


def _pattern(given: str) -> Callable[[ImportedColumn, Taken, Taken], None]:
    def read(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
        column.put("pattern", _PATTERNS[given], field.at("type"))

    return read


def _read_geopoint(column: ImportedColumn, field: Taken, constraints: Taken) -> None:
    given = str(field.value.get("format", "default"))
    if given in _GEOPOINTS:
        field.take("format")
        column.put("pattern", _GEOPOINTS[given], field.at("type"))
    message = "a 'geopoint' is read as text: whether it is a point on earth is not asked"
    column.draft.note(field.at("type"), message, asserts=True)


_READERS: dict[str, Callable[[ImportedColumn, Taken, Taken], None]] = {
    "string": _read_string,
    "any": _read_any,
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
    **{kind: _datetime_value(kind) for kind in ("date", "time", "datetime")},
    **{given: _pattern(given) for given in _PATTERNS},
    "geopoint": _read_geopoint,
}


def is_bare_text(field: Taken) -> bool:
    """Return whether a field accepts any text, so that its missing values do not matter."""
    constraints = field.value.get("constraints")
    return (
        str(field.value.get("type", "any")) in ANY_TEXT
        and is_null(field.value.get("categories"))
        and (not isinstance(constraints, dict) or all(is_null(each) for each in constraints.values()))
    )
