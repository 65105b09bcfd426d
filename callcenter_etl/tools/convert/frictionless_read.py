"""Reads a contract out of a Frictionless Table Schema, Data Resource or Data Package, version 1 or 2."""

from __future__ import annotations

from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.tools.convert.contract_names import chosen_part, contract_name
from callcenter_etl.tools.convert.frictionless_terms import EXTENSION
from callcenter_etl.tools.convert.import_draft import Draft, ImportedColumn, Taken, is_null, is_true
from callcenter_etl.tools.convert.residual import restore, restore_column
from callcenter_etl.tools.convert.text_types import kind_of_shape

_TYPES: dict[str, str] = {
    "string": "text",
    "any": "text",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
}
_PATTERNS = {  # types that a pattern says
    "year": "-?[0-9]{4}",
    "yearmonth": "-?[0-9]{4}-(?:0[1-9]|1[0-2])",
    "duration": r"P(?:[0-9.]+[YMWD])*(?:T(?:[0-9.]+[HMS])+)?",
}
_ISO_DATETIMES = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"]
_TRUE = ("true", "True", "TRUE", "1")
_FALSE = ("false", "False", "FALSE", "0")
_ASSERTING = (
    "constraints",
    "foreignKeys",
    "format",
    "type",
    "uniqueKeys",
    "bareNumber",
    "decimalChar",
    "groupChar",
)


def read_frictionless(value: dict[str, Any], part: str | None) -> Draft:
    """Return the contract about one resource: the one named `part`, or the only one."""
    draft = Draft()
    top = Taken(value, ())
    for key in ("profile", "$schema", "type"):
        top.take(key)
    resource = (
        top
        if not isinstance(value.get("resources"), list)
        else chosen_part(draft, top.each("resources"), part, at=("resources",), word="resource")
    )
    if resource is None:
        return draft
    bare = isinstance(value.get("fields"), list)
    schema = top if bare else resource.inside("schema")
    if not isinstance(schema.value.get("fields"), list):
        where, what = schema.at("fields"), resource.value.get("schema")
        told = (
            f"the schema is in {str(what)!r}: import that file"
            if isinstance(what, str)
            else "fields are missing"
        )
        draft.fault(where, told)
        return draft
    _read_head(draft, top, resource)
    if not bare:
        _read_resource(draft, resource)
    _read_schema(draft, schema)
    for below in dict.fromkeys((schema, resource, top)):
        if below.has(EXTENSION):
            restore(draft, below.take(EXTENSION), below.at(EXTENSION))
    for path, key in top.left():
        draft.note(path, f"{key!r} is not taken over", asserts=any(each in _ASSERTING for each in path))
    return draft


def _read_head(draft: Draft, top: Taken, resource: Taken) -> None:
    named = resource if resource.has("name") else top
    name = contract_name(named.take("name"))
    if str(top.value.get("name")) == str(named.value.get("name")):
        top.take("name")
    draft.put(("contract",), name or "table", named.at("name"))
    for key in ("version", "description"):
        for place in dict.fromkeys((top, resource)):
            if place.has(key):
                draft.put((key,), place.take(key), place.at(key))
                break
    for person in top.each("contributors"):
        if str(person.value.get("role")) == "maintainer" and "owner" not in draft.value:
            draft.put(("owner",), person.take("title"), person.at("title"))
            person.take("role")


def _read_resource(draft: Draft, resource: Taken) -> None:
    """Take where the source is and its dialect, in the words of either version."""
    for key in ("profile", "$schema", "type", "format", "mediatype", "scheme"):
        resource.take(key)
    if isinstance(resource.value.get("path"), str):
        draft.put(("run", "source"), resource.take("path"), resource.at("path"))
    encoding = resource.take("encoding")
    if encoding is not None and str(encoding).lower() not in ("utf-8", "utf8"):
        draft.put(("source", "encoding"), encoding, resource.at("encoding"))
    outer = resource.inside("dialect")
    header = outer.take("header")
    if header is not None and not is_true(header):
        draft.put(("source", "header"), "none", outer.at("header"))
    if str(outer.value.get("doubleQuote", "true")).lower() == "true":
        outer.take("doubleQuote")
    case = outer.take("caseSensitiveHeader")
    if case is not None and not is_true(case):
        draft.put(("source", "header_case"), "ignore", outer.at("caseSensitiveHeader"))
    _read_marks(draft, outer)
    _read_marks(draft, outer.inside("csv"))


def _read_marks(draft: Draft, dialect: Taken) -> None:
    delimiter = dialect.take("delimiter")
    if delimiter is not None and str(delimiter) != ",":
        draft.put(("source", "delimiter"), delimiter, dialect.at("delimiter"))
    if "quoteChar" in dialect.value:
        quote = dialect.value["quoteChar"]
        dialect.take("quoteChar")
        if str(quote) != '"':
            draft.put(("source", "quote"), None if is_null(quote) else quote, dialect.at("quoteChar"))
    for key in ("lineTerminator", "csvddfVersion"):  # every line end is read
        dialect.take(key)


def _read_schema(draft: Draft, schema: Taken) -> None:
    kept: dict[int, Taken] = {}
    for place, field in enumerate(schema.each("fields")):
        _read_field(draft, field)
        if field.has(EXTENSION):
            kept[place] = field
    missing = schema.take("missingValues")
    if isinstance(missing, list):
        words = [each.get("value") if isinstance(each, dict) else each for each in missing]
        if [str(word) for word in words] != [""]:
            draft.put(("source", "empty_values"), words, schema.at("missingValues"))
    _read_keys(draft, schema)
    draft.arrange()
    for place, field in kept.items():
        restore_column(draft, place, field.take(EXTENSION), field.at(EXTENSION))


def _read_keys(draft: Draft, schema: Taken) -> None:
    primary = schema.take("primaryKey")
    names = primary if isinstance(primary, list) else [] if is_null(primary) else [primary]
    columns = {str(column["name"]): column for column in draft.value["columns"]}
    for name in names:
        if str(name) not in columns:
            draft.fault(
                schema.at("primaryKey"), f"unknown field {str(name)!r}{did_you_mean(str(name), columns)}"
            )
            return
        columns[str(name)]["required"] = True
    if len(names) == 1:
        columns[str(names[0])]["unique"] = True
    elif names:
        draft.add_rule({"name": "primary_key", "unique": list(names)}, schema.at("primaryKey"))
    keys = schema.take("uniqueKeys")
    for number, key in enumerate(keys if isinstance(keys, list) else []):
        together = key if isinstance(key, list) else [key]
        origin = schema.at("uniqueKeys", number)
        draft.add_rule({"name": f"unique_key_{number + 1}", "unique": list(together)}, origin)


def _read_field(draft: Draft, field: Taken) -> None:
    column = draft.add_column(field.take("name"), field.path)
    text = field.take("description")
    if text is not None:
        column.put("description", text, field.at("description"))
    given = str(field.take("type") or "string")
    constraints = field.inside("constraints")
    kind = _TYPES.get(given, "text")
    if given in _PATTERNS:
        column.put("pattern", _PATTERNS[given], field.at("type"))
    elif given not in _TYPES:
        draft.note(field.at("type"), f"a field of {given!r} is read as text", asserts=True)
    if kind in DEFAULT_FORMATS:
        _read_format(column, kind, field)
    elif str(field.value.get("format", "default")) == "default":
        field.take("format")
    if kind == "boolean":
        kind = _read_boolean(column, field)
    if kind != "text" and "type" not in column.value:
        column.put("type", kind, field.at("type"))
    if is_true(field.value.get("bareNumber")) or "bareNumber" not in field.value:
        field.take("bareNumber")
    if str(field.value.get("decimalChar")) == ".":
        field.take("decimalChar")
    _read_constraints(column, constraints)


def _read_format(column: ImportedColumn, kind: str, field: Taken) -> None:
    given = str(field.take("format") or "default")
    form: str | list[str] = given.removeprefix("fmt:")
    if given == "default":
        form = _ISO_DATETIMES if kind == "datetime" else DEFAULT_FORMATS[kind][0]
    elif given == "any":
        column.draft.note(field.at("format"), f"a {kind} in 'any' format is read as text", asserts=True)
        column.put("type", "text", field.at("type"))
        return
    column.put("type", kind, field.at("type"))
    if form != DEFAULT_FORMATS[kind][0]:
        column.put("format", form, field.at("format"))


def _read_boolean(column: ImportedColumn, field: Taken) -> str:
    """Take true and false in any case as a boolean; other words for them as the values allowed."""
    given = [field.take(key) for key in ("trueValues", "falseValues")]
    lists = [
        [str(word) if not isinstance(word, bool) else str(word).lower() for word in words]
        if isinstance(words, list)
        else list(usual)
        for words, usual in zip(given, (_TRUE, _FALSE), strict=True)
    ]
    words = [*lists[0], *lists[1]]
    if {word.lower() for word in lists[0]} <= {"true"} and {word.lower() for word in lists[1]} <= {"false"}:
        return "boolean"
    if given == [None, None]:
        column.draft.note(field.at("type"), "1 and 0 are no booleans here, true and false are", asserts=True)
        return "boolean"
    column.put("allowed", words, field.at("trueValues"))
    return "text"


_WORDS = {
    "minimum": "min",
    "maximum": "max",
    "minLength": "min_length",
    "maxLength": "max_length",
    "enum": "allowed",
}


def _read_constraints(column: ImportedColumn, constraints: Taken) -> None:
    for key in ("required", "unique"):
        if is_true(constraints.take(key)):
            column.flag(key, constraints.at(key))
    for word, key in _WORDS.items():
        if constraints.has(word):
            column.put(key, constraints.take(word), constraints.at(word))
    if constraints.has("pattern"):
        pattern = str(constraints.take("pattern"))
        kind = None if "type" in column.value else kind_of_shape(pattern)
        column.put("pattern" if kind is None else "type", kind or pattern, constraints.at("pattern"))
