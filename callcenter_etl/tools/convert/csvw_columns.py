"""Imports a column description of CSVW as a column that accepts every value that the description accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS
from callcenter_etl.tools.convert.bound_import import read_bounds
from callcenter_etl.tools.convert.frictionless_fields import ISO_DATETIMES
from callcenter_etl.tools.convert.import_draft import ImportedColumn, Taken, is_null
from callcenter_etl.tools.convert.java_formats import NoCounterpartError, from_java, kind_of_java
from callcenter_etl.tools.convert.json_numbers import number_of
from callcenter_etl.tools.convert.pattern_anchors import whole
from callcenter_etl.tools.convert.text_types import SPECIAL_NUMBERS, pattern_of_number

# Of strings white space is part of the value; values of all other types lose it at both ends.
_KEPT_SPACE = ("string", "normalizedString", "json", "xml", "html", "any", "anyAtomicType")
_ANY_TEXT = ("string", "normalizedString", "any", "anyAtomicType")
_INTEGERS: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None), "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0), "negativeInteger": (None, -1),
    **{name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in zip(("long", "int", "short", "byte"), (64, 32, 16, 8), strict=True)},
    **{f"unsigned{name}": (0, 2**bits - 1) for name, bits in zip(("Long", "Int", "Short", "Byte"), (64, 32, 16, 8), strict=True)},
}  # fmt: skip
_FLOATS = ("double", "float", "number")  # which may be NaN, INF and -INF
_ISO = {
    "date": DEFAULT_FORMATS["date"],
    "time": tuple(f"%H:%M:%S{tail}" for tail in ("", ".%f", "%z", ".%f%z")),
    "datetime": ISO_DATETIMES,
}
_MOMENTS = {
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "dateTime": "datetime",
    "dateTimeStamp": "datetime",
}
_PERCENT = ["%", "‰"]
# The standard's words for bounds, by those of the readers that all formats share.
_BOUNDS = {
    "minimum": ("minimum", "minInclusive"),
    "maximum": ("maximum", "maxInclusive"),
    "exclusiveMinimum": ("minExclusive",),
    "exclusiveMaximum": ("maxExclusive",),
}
_LENGTHS = {
    "length": ("min_length", "max_length"),
    "minLength": ("min_length",),
    "maxLength": ("max_length",),
}


def read_datatype(column: ImportedColumn, declared: Any, described: Taken) -> None:
    """Import a datatype: the name of one, or a mapping with a base, a format, bounds and lengths."""
    below = described.inside("datatype") if isinstance(described.value.get("datatype"), Mapping) else None
    datatype = below if below is not None else Taken(_as_mapping(declared), described.at("datatype"))
    for key in ("@id", "@type", "name"):
        datatype.take(key)
    base = str(datatype.take("base") or "string")
    if base not in _KEPT_SPACE:
        column.flag("trim", datatype.at("base"))
    if base in _INTEGERS:
        _read_number(column, datatype, base, "integer")
    elif base == "decimal" or base in _FLOATS:
        _read_number(column, datatype, base, "decimal")
    else:
        _READERS.get(base, _read_text)(column, datatype, base)
    for key, names in _LENGTHS.items():
        value = datatype.take(key) if "type" not in column.value else None
        for name in names if value is not None else ():
            column.put(name, value, datatype.at(key))
    if below is None:  # an inherited one, of which no other reader lists what is left
        for path, key in datatype.left():
            column.draft.note(path, f"{key!r} is not asked", asserts=True)


def _as_mapping(declared: Any) -> Mapping[str, Any]:
    return declared if isinstance(declared, Mapping) else {} if is_null(declared) else {"base": declared}


def _bounds(datatype: Taken) -> Taken:
    """Return the bounds in the words of `read_bounds`."""
    found: dict[str, Any] = {}
    for word, names in _BOUNDS.items():
        for name in names:
            value = datatype.take(name)
            if value is not None:
                found[word] = value
    return Taken(found, datatype.path)


def _read_text(column: ImportedColumn, datatype: Taken, base: str) -> None:
    given = datatype.take("format")
    if given is not None:
        # The standard does not say whether it is anchored: where it is not, the pattern may be anywhere in the text.
        column.put("pattern", whole(str(given)), datatype.at("format"))
    if base not in (*_ANY_TEXT, "xml", "html", "json"):
        column.draft.note(datatype.at("base"), f"a column of {base!r} is read as text", asserts=True)


def _read_number(column: ImportedColumn, datatype: Taken, base: str, kind: str) -> None:
    bounds = _bounds(datatype)
    given = datatype.take("format")
    form = given if isinstance(given, Mapping) else {} if is_null(given) else {"pattern": given}
    pattern = str(form.get("pattern") or "")
    point = str(form.get("decimalChar") or ".")
    group = str(form.get("groupChar") or ("," if "," in pattern else ""))
    ends = [any(number_of(bounds.value.get(word)) is not None for word in words) for words in _SIDES]
    is_finite = base not in _FLOATS or all(ends)
    # Of a declared format percentages are numbers, too, and a hundred times less than their digits.
    is_scaled = given is not None and bool(bounds.value)
    if group or is_scaled or not is_finite:
        text = f"(?:{pattern_of_number(point, group, kind=kind)})[%‰]?"
        column.put(
            "pattern", text if base not in _FLOATS else f"{text}|{SPECIAL_NUMBERS}", datatype.at("base")
        )
        cause = "is written in another way" if group or is_scaled else "may be NaN, INF or -INF"
        message = f"a {base} that {cause} is read as text with a pattern, its bounds are not asked"
        column.draft.note(datatype.at("base"), message, asserts=True)
        return
    column.put("type", kind, datatype.at("base"))
    if kind == "decimal" and point != ".":
        column.put("decimal", point, datatype.at("format"))
    if given is not None:
        column.put("suffix", list(_PERCENT), datatype.at("format"))
    if pattern:
        column.draft.note(
            datatype.at("format"), f"the pattern {pattern!r} of numbers is not asked", asserts=True
        )
    read_bounds(column, bounds)
    for key, bound in zip(("min", "max"), _INTEGERS.get(base, (None, None)), strict=True):
        if bound is not None and given is None:
            column.put_tighter(key, bound, datatype.at("base"))


_SIDES = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))


def _read_boolean(column: ImportedColumn, datatype: Taken, base: str) -> None:
    given = datatype.take("format")
    yes, mark, no = str(given).partition("|") if given is not None else ("true|1", "|", "false|0")
    where = datatype.at("format" if given is not None else "base")
    if not (mark and yes and no):
        column.draft.fault(where, f"the format of a boolean is expected as in Y|N, not {str(given)!r}")
        return
    column.put("type", "boolean", where)
    words = ([yes], [no]) if given is not None else (yes.split("|"), no.split("|"))
    for key, listed in zip(("true_values", "false_values"), words, strict=True):
        column.put(key, listed, where)


def _read_moment(column: ImportedColumn, datatype: Taken, base: str) -> None:
    kind, given = _MOMENTS[base], datatype.take("format")
    formats: tuple[str, ...] = _ISO[kind]
    if given is not None:
        # In this standard `S+` and `SSS` are a number of digits at most, so that there may be none.
        pattern = re.sub(r"\.S+\+?", "[.S]", str(given))
        kind = kind_of_java(pattern)
        try:
            formats = from_java(pattern)
        except NoCounterpartError as error:
            message = f"the format {str(given)!r} has no counterpart here: {error}"
            column.draft.fault(datatype.at("format"), message)
            return
    elif kind == "date":
        column.draft.note(datatype.at("base"), "a date with an offset, such as 2024-01-31Z, is no date here")
    column.put("type", kind, datatype.at("base"))
    if formats != DEFAULT_FORMATS[kind]:
        value = formats[0] if len(formats) == 1 else list(formats)
        column.put("format", value, datatype.at("format"))
    read_bounds(column, _bounds(datatype))


_READERS: dict[str, Callable[[ImportedColumn, Taken, str], None]] = {
    "boolean": _read_boolean,
    **dict.fromkeys(_MOMENTS, _read_moment),
}
