"""Imports a property of an ODCS schema as a column."""

from __future__ import annotations

from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS
from callcenter_etl.tools.convert.bound_import import put_values, read_bounds
from callcenter_etl.tools.convert.import_draft import Draft, ImportedColumn, Taken, is_true
from callcenter_etl.tools.convert.java_formats import NoCounterpartError, from_java, kind_of_java
from callcenter_etl.tools.convert.odcs_quality import read_column_checks
from callcenter_etl.tools.convert.pattern_anchors import whole
from callcenter_etl.tools.convert.text_types import kind_of_shape

_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "timestamp": "datetime",
}
_PHYSICAL = {
    "integer": ("int", "integer", "bigint", "smallint", "tinyint", "long", "int64", "int32"),
    "decimal": ("decimal", "numeric", "number", "double", "float", "real", "float64", "double precision"),
    "boolean": ("bool", "boolean"),
    "date": ("date",),
    "time": ("time",),
    "datetime": ("timestamp", "datetime", "timestamp_tz", "timestamp_ntz", "timestamptz"),
}
_MOMENTS = {  # the default formats: ISO 8601
    "date": DEFAULT_FORMATS["date"],
    "time": ("%H:%M:%S", "%H:%M:%S.%f"),
    "datetime": tuple(
        f"%Y-%m-%d{mark}%H:%M:%S{tail}" for mark in " T" for tail in ("", ".%f", "%z", ".%f%z")
    ),
}
_INTEGERS = {
    **{f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64, 128)},
    **{f"u{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64, 128)},
}
_CLASSES = {
    "public": ("public", "open", "1"),
    "secret": ("secret", "top secret", "strictly confidential", "5"),
}


def read_property(draft: Draft, described: Taken) -> str:
    """Add the column of a property to the draft. Returns its name."""
    # The header of a file has the physical names.
    column = draft.add_column(
        described.take("physicalName" if described.has("physicalName") else "name"), described.path
    )
    text = described.take("description")
    if text is not None:
        column.put("description", text, described.at("description"))
    _read_type(column, described)
    for key in ("required", "unique"):
        if is_true(described.take(key)):
            column.flag(key, described.at(key))
    _read_classification(column, described)
    _read_enum(column, described)
    read_column_checks(column, described)
    return str(column.value["name"])


def _read_type(column: ImportedColumn, described: Taken) -> None:
    logical = described.take("logicalType")
    physical = described.take("physicalType") if logical is None else None
    kind = _TYPES.get(str(logical)) if logical is not None else _kind_of_physical(str(physical or ""))
    where = described.at("logicalType" if logical is not None else "physicalType")
    if kind is None:
        column.draft.note(where, f"a column of {str(logical)!r} is read as text", asserts=True)
        kind = "text"
    options = described.inside("logicalTypeOptions")
    given = options.take("format") if kind != "text" else None
    kind = _kind_of_moment(kind, given, described)
    if kind != "text":
        column.put("type", kind, where)
    # The format first: bounds of dates and times may be written in it.
    if kind in _MOMENTS:
        _read_format(column, kind, given, options)
    _READERS.get(kind, read_bounds)(column, options)  # type: ignore[no-untyped-call]  # the lambda below is untyped
    if kind not in _MOMENTS and given is not None:
        _read_width(column, str(given), options)


def _kind_of_moment(kind: str, given: Any, described: Taken) -> str:
    """Return the type by the format, or by the physical type, since in ODCS 3.0 a date may have a time."""
    if kind not in ("date", "datetime"):
        return kind
    if given is not None:
        return kind_of_java(str(given))
    physical = _kind_of_physical(str(described.value.get("physicalType", "")))
    return physical if kind == "date" and physical in _MOMENTS else kind


def _kind_of_physical(physical: str) -> str:
    name = physical.lower().split("(")[0].strip()
    return next((kind for kind, names in _PHYSICAL.items() if name in names), "text")


def _read_format(column: ImportedColumn, kind: str, given: Any, options: Taken) -> None:
    formats: tuple[str, ...] = _MOMENTS[kind]
    if given is not None:
        try:
            formats = from_java(str(given))
        except NoCounterpartError as error:
            message = f"the format {str(given)!r} has no counterpart here: {error}"
            column.draft.fault(options.at("format"), message)
            return
    if formats != DEFAULT_FORMATS[kind]:
        value = formats[0] if len(formats) == 1 else list(formats)
        column.put("format", value, options.at("format"))
    elif given is not None:
        column.draft.origins[(*column.path, "format")] = options.at("format")


def _read_width(column: ImportedColumn, given: str, options: Taken) -> None:
    """Import the bounds of an integer's width; the width of a float does not constrain the text."""
    if given in _INTEGERS:
        for key, bound in zip(("min", "max"), _INTEGERS[given], strict=True):
            # `minimum` or `maximum` may be there too, and a record has to satisfy both.
            column.put_tighter(key, bound, options.at("format"))
    else:
        column.draft.note(options.at("format"), f"the format {given!r} is not taken over")


def _read_text(column: ImportedColumn, options: Taken) -> None:
    for word, key in (("minLength", "min_length"), ("maxLength", "max_length")):
        if options.has(word):
            column.put(key, options.take(word), options.at(word))
    if not options.has("pattern"):
        return
    pattern = whole(str(options.take("pattern")))
    kind = kind_of_shape(pattern)
    if kind is None:
        column.put("pattern", pattern, options.at("pattern"))
    else:
        column.put("type", kind, options.at("pattern"))


_READERS = {"text": _read_text, "boolean": lambda column, options: None}


def _read_classification(column: ImportedColumn, described: Taken) -> None:
    given = described.take("classification")
    if given is None:
        return
    word = str(given).lower()
    # An unknown class counts as personal, so that no log or report shows its values by mistake.
    known = next((name for name, words in _CLASSES.items() if word in words), "personal")
    if known != "public":
        column.put("classification", known, described.at("classification"))
    if word not in ("public", "personal", "secret"):
        column.draft.note(described.at("classification"), f"{str(given)!r} is read as {known}")


def _read_enum(column: ImportedColumn, described: Taken) -> None:
    entries = described.each("enum")
    values = [entry.take("value") for entry in entries if entry.has("value")]
    if entries:
        put_values(column, values, described.at("enum"))
