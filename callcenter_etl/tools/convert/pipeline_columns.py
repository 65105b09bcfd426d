"""Imports the columns of a pipeline configuration, and its lists of columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.tools.convert.import_draft import (
    Draft,
    ImportedColumn,
    Taken,
    is_null,
    is_number,
    is_true,
)
from callcenter_etl.tools.convert.pipeline_keys import PipelineKey, words

_POSITION = ("position", "index", "order", "pos")
_TYPES = {
    "text": ("string", "str", "text", "varchar", "char", "any"),
    "digits": ("digits", "numeric", "numericid"),
    "integer": ("integer", "int", "bigint", "long"),
    "decimal": ("decimal", "float", "double", "money", "number"),
    "boolean": ("boolean", "bool"),
    "date": ("date",),
    "time": ("time",),
    "datetime": ("datetime", "timestamp"),
    "duration": ("duration",),
}


def read_columns(draft: Draft, found: PipelineKey) -> None:
    """Import names and positions from a list or a mapping; positions count from 0 or from 1."""
    listed = [(name, path, about) for name, path, about in _entries(found)]
    if not listed:
        draft.fault(found.path, "columns by name and position are expected, or a list of names")
        return
    positions = [_position(about) for _, _, about in listed]
    if any(position is not None for position in positions):
        if sorted(position if position is not None else -1 for position in positions) not in (
            list(range(len(listed))),
            list(range(1, len(listed) + 1)),
        ):
            shown = ", ".join("none" if position is None else str(position) for position in positions)
            draft.fault(found.path, f"the positions are {shown}: each from 0 or from 1 on is expected once")
            return
        order = sorted(range(len(listed)), key=lambda place: positions[place] or 0)
        listed = [listed[place] for place in order]
    for name, path, about in listed:
        column = draft.add_column(name, path)
        draft.origins[(*column.path, "name")] = path
        if isinstance(about, dict):
            _read_about(column, Taken(about, path))


def _entries(found: PipelineKey) -> list[tuple[Any, Path, Any]]:
    """Return name, path and description of each column."""
    if isinstance(found.value, dict):
        return [(name, (*found.path, name), about) for name, about in found.value.items()]
    entries: list[tuple[Any, Path, Any]] = []
    for place, each in enumerate(found.value if isinstance(found.value, list) else []):
        path = (*found.path, place)
        if not isinstance(each, dict):
            entries.append((each, path, None))
            continue
        name = next((key for key in each if words(key) in ("name", "column", "columnname", "field")), None)
        if name is not None:
            entries.append((each[name], path, {key: value for key, value in each.items() if key != name}))
    return entries


def _position(about: Any) -> int | None:
    if isinstance(about, dict):
        about = next((value for key, value in about.items() if words(key) in _POSITION), None)
    return int(str(about)) if is_number(about) and str(about).lstrip("-").isdigit() else None


def _read_about(column: ImportedColumn, about: Taken) -> None:
    unread: tuple[Path, Any] | None = None
    for key, value in about.value.items():
        name = words(key)
        reader = _ABOUT.get(name)
        if name in _POSITION or is_null(value):
            continue
        if reader is None or not reader(column, value, about.at(key)):
            column.draft.note(about.at(key), f"{key!r} is not taken over", asserts=True)
            unread = unread or ((about.at(key), value) if name in _FORMATS else None)
    # After the loop, since the type may follow the format. A fault and not a note: with its default format
    # a column of dates would reject most values.
    if unread is not None and str(column.value.get("type")) in DEFAULT_FORMATS:
        column.draft.fault(unread[0], unread_format(unread[1]))


def unread_format(value: Any) -> str:
    """Return the message about an unknown format of dates or times."""
    known = "letters such as HH:MM:SS or YYYY-MM-DD, or a strptime format"
    return f"the format {str(value)!r} is not known: {known} is expected"


def _flag(rule: str) -> Callable[[ImportedColumn, Any, Path], bool]:
    def read(column: ImportedColumn, value: Any, path: Path) -> bool:
        if is_true(value):
            column.flag(rule, path)
        return str(value).lower() in ("true", "false")

    return read


def _nullable(column: ImportedColumn, value: Any, path: Path) -> bool:
    return _flag("required")(column, str(value).lower() == "false", path)


def _given(rule: str) -> Callable[[ImportedColumn, Any, Path], bool]:
    def read(column: ImportedColumn, value: Any, path: Path) -> bool:
        column.put(rule, value, path)
        return True

    return read


def _type(column: ImportedColumn, value: Any, path: Path) -> bool:
    kind = next((kind for kind, names in _TYPES.items() if words(str(value)) in names), None)
    if kind is not None and kind != "text":
        column.put("type", kind, path)
    return kind is not None


def _format(column: ImportedColumn, value: Any, path: Path) -> bool:
    form = strptime_of(str(value))
    if form is None:
        return False
    if "type" not in column.value:
        dated, timed = (
            any(mark in form for mark in ("%d", "%-d")),
            any(mark in form for mark in ("%H", "%I", "%-H")),
        )
        column.put("type", "datetime" if dated and timed else "date" if dated else "time", path)
    if DEFAULT_FORMATS.get(str(column.value["type"])) != (form,):
        column.put("format", form, path)
    return True


# YYYY before YY, which would else match it twice.
_HUMAN = (("YYYY", "%Y"), ("YY", "%y"), ("DD", "%d"), ("HH", "%H"), ("SS", "%S"))


def strptime_of(text: str) -> str | None:
    """Return the strptime format for `HH:MM:SS`, `YYYY-MM-DD` or a strptime format, None for any other text.

    `MM` is the minute after an hour, and the month otherwise.
    """
    if "%" in text:
        return text
    form = text.upper()
    for letters, directive in _HUMAN:
        form = form.replace(letters, directive)
    hour = form.find("%H")
    parts = form.split("MM")
    built = parts[0]
    for part in parts[1:]:
        built += ("%M" if 0 <= hour < len(built) and "%d" not in built[hour:] else "%m") + part
    rest = built
    for directive in ("%Y", "%y", "%d", "%H", "%S", "%M", "%m"):
        rest = rest.replace(directive, "")
    others = [letter for letter in rest if letter.isalpha()]
    return built if "%" in built and others in ([], ["T"]) else None  # a T may be between date and time


_FORMATS = ("format", "dateformat", "timeformat")
_ABOUT: dict[str, Callable[[ImportedColumn, Any, Path], bool]] = {
    **dict.fromkeys(("required", "mandatory", "notnull"), _flag("required")),
    **dict.fromkeys(("nullable", "optional"), _nullable),
    "unique": _flag("unique"),
    **dict.fromkeys(("type", "datatype", "dtype"), _type),
    **dict.fromkeys(_FORMATS, _format),
    **dict.fromkeys(
        ("allowed", "allowedvalues", "validvalues", "values", "enum", "domain"), _given("allowed")
    ),
    **dict.fromkeys(("pattern", "regex"), _given("pattern")),
    **dict.fromkeys(("min", "minimum", "minvalue"), _given("min")),
    **dict.fromkeys(("max", "maximum", "maxvalue"), _given("max")),
    **dict.fromkeys(("minlength", "minlen"), _given("min_length")),
    **dict.fromkeys(("maxlength", "maxlen"), _given("max_length")),
    "description": _given("description"),
}
_ABOUT["optional"] = lambda column, value, path: _flag("required")(
    column, str(value).lower() == "false", path
)


def named_columns(draft: Draft, names: Any, path: Path) -> list[ImportedColumn]:
    """Return the columns of a list of names or of one name, and add a fault for each unknown name."""
    listed = names if isinstance(names, list) else [names]
    found: list[ImportedColumn] = []
    known = {str(column["name"]): place for place, column in enumerate(draft.value["columns"])}
    for number, name in enumerate(listed):
        if str(name) not in known:
            where = (*path, number) if isinstance(names, list) else path
            draft.fault(where, f"unknown column {str(name)!r}{did_you_mean(str(name), known)}")
            continue
        place = known[str(name)]
        found.append(ImportedColumn(draft, ("columns", place), draft.value["columns"][place]))
    return found


def _each_is(kind: str) -> Callable[[Draft, PipelineKey], bool]:
    def read(draft: Draft, found: PipelineKey) -> bool:
        for column in named_columns(draft, found.value, found.path):
            column.put("type", kind, found.path)
        return True

    return read


def _each_has(rule: str) -> Callable[[Draft, PipelineKey], bool]:
    def read(draft: Draft, found: PipelineKey) -> bool:
        for column in named_columns(draft, found.value, found.path):
            column.flag(rule, found.path)
        return True

    return read


COLUMN_LISTS: dict[str, Callable[[Draft, PipelineKey], bool]] = {
    **dict.fromkeys(
        ("mandatoryfields", "requiredfields", "notnullfields", "nonnullfields"), _each_has("required")
    ),
    **dict.fromkeys(("uniquefields", "uniquekeyfields"), _each_has("unique")),
    **dict.fromkeys(("numericfields", "digitfields", "digitsfields", "idfields"), _each_is("digits")),
    **dict.fromkeys(("integerfields", "intfields"), _each_is("integer")),
    **dict.fromkeys(("decimalfields", "floatfields", "amountfields"), _each_is("decimal")),
    "timefields": _each_is("time"),
    "datefields": _each_is("date"),
    **dict.fromkeys(("datetimefields", "timestampfields"), _each_is("datetime")),
}
