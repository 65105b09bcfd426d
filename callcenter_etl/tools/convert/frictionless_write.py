"""Exports a contract as a Frictionless Table Schema, alone or in a data package with its dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS, parse_iso, parse_value
from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.tools.convert.frictionless_source import written_source
from callcenter_etl.tools.convert.frictionless_terms import EXTENSION, TYPES
from callcenter_etl.tools.convert.java_formats import to_python
from callcenter_etl.tools.convert.json_numbers import exact_number
from callcenter_etl.tools.convert.text_types import SHAPES
from callcenter_etl.tools.convert.vendor_columns import column_for_other_tools

Written = dict[str, Any]
Words = Callable[[Column, str], Written]  # the constraints of a rule, for a field of that type


def to_table_schema(document: ContractDocument, version: str) -> Written:
    """Return the Table Schema of a contract; it has no warnings, so rules of severity `warn` are left out."""
    written: Written = {"name": document.contract}
    if document.description is not None:
        written["description"] = document.description
    written["fields"] = [_field(_in_its_terms(column)) for column in document.columns]
    written["missingValues"] = list(document.source.empty_values)
    return written


def to_package(document: ContractDocument, version: str) -> Written:
    """Return a Data Package with one resource: path, dialect and Table Schema."""
    schema = to_table_schema(document, version)
    source = document.source
    path = document.run.source if isinstance(document.run.source, str) else f"{document.contract}.csv"
    resource: Written = {
        # The standard asks for lower-case names; the residual keeps the contract's own spelling.
        "name": document.contract.lower(),
        "path": path,
        "profile": "tabular-data-resource",
        **written_source(source),
        "schema": {key: value for key, value in schema.items() if key not in ("name", "description")},
    }
    written: Written = {"name": document.contract.lower(), "version": document.version}
    if document.description is not None:
        written["description"] = document.description
    if document.owner is not None:
        written["contributors"] = [{"title": document.owner, "role": "maintainer"}]
    return {**written, "profile": "tabular-data-package", "resources": [resource]}


def keep_in_schema(written: Written, whole: Written, columns: Mapping[int, Written]) -> None:
    """Store the residual under an extension key of the schema and of each field."""
    schema = written["resources"][0]["schema"] if "resources" in written else written
    if whole:
        written[EXTENSION] = whole
    for place, rest in columns.items():
        schema["fields"][place].setdefault(EXTENSION, {}).update(rest)


def finite_numbers(written: Written) -> Iterator[str]:
    """Yield a line for each decimal column: a Table Schema cannot exclude NaN and INF, so other tools accept them."""
    schema = written["resources"][0]["schema"] if "resources" in written else written
    for field in schema["fields"]:
        if field["type"] == "number" and field.get(EXTENSION, {}).get("type") == "decimal":
            yield f"column {field['name']!r}: type 'decimal' (a number there may be NaN, INF or -INF)"


def _in_its_terms(column: Column) -> Column:
    """Return the column itself if a Table Schema has terms for its notation, else one without that notation."""
    if column.trim or column.case is not None:
        return column_for_other_tools(column)
    words = column.type == "boolean" and not column.ignore_case
    # Text around a number would take its sign along there.
    separators = column.type == "decimal" and not column.prefix and not column.suffix
    return column if words or separators else column_for_other_tools(column)


def _notation(column: Column, kind: str) -> Written:
    """Return the words of a boolean, and the separators of a number."""
    if kind == "boolean":
        # The standard's defaults include 1 and 0, which a contract does not accept as booleans.
        return {
            "trueValues": list(column.true_values or ("true", "True", "TRUE")),
            "falseValues": list(column.false_values or ("false", "False", "FALSE")),
        }
    separators = {"decimalChar": column.decimal, "groupChar": column.thousands} if kind == "number" else {}
    return {key: value for key, value in separators.items() if value is not None}


def _field(column: Column) -> Written:
    kind, form = _type(column)
    written: Written = {"name": column.name, "type": kind}
    if form is not None:
        written["format"] = form
    written |= _notation(column, kind)
    if column.description is not None:
        written["description"] = column.description
    if kind == "number":
        # With it our own reader imports a decimal: a plain number may be NaN and becomes text with a pattern.
        written[EXTENSION] = {"type": "decimal"}
        if column.thousands is not None:  # there it may be anywhere, here between groups of three digits
            written[EXTENSION]["thousands"] = column.thousands
    constraints = _constraints(column, kind)
    if constraints:
        written["constraints"] = constraints
    return written


def _type(column: Column) -> tuple[str, str | None]:
    """Return type and format; a format that Python's strptime reads differently becomes a string."""
    # A typed field would reject the values about which the contract only warns.
    if column.severity_of("type") == "warn":
        return "string", None
    kind = TYPES[column.type]
    if column.type not in DEFAULT_FORMATS:
        return kind, None
    form = to_python(column.format)
    if form is None:
        return "string", None
    # The standard's default datetime has a T and a contract's has a space, so this format is always written.
    default = column.type != "datetime" and column.format == DEFAULT_FORMATS[column.type]
    return kind, None if default else form


def _constraints(column: Column, kind: str) -> Written:
    found: Written = {}
    for key, words in CONSTRAINTS.items():
        if key in column.rule_keys and column.severity_of(key) == "error":
            found |= words(column, kind)
    return found


def _true(word: str) -> Words:
    return lambda column, kind: {word: True}


def _of_text(word: str, value_of: Callable[[Column], Any]) -> Words:
    """Return a constraint that a Table Schema has for strings alone."""
    return lambda column, kind: {word: value_of(column)} if kind == "string" else {}


def _shape(column: Column, kind: str) -> Written:
    shape = SHAPES.get(column.type) if kind == "string" else None
    return {} if shape is None else {"pattern": shape}


def _minimum(column: Column, kind: str) -> Written:
    value = _bound(column, kind, str(column.min))
    return {} if value is None else {"minimum": value}


def _maximum(column: Column, kind: str) -> Written:
    value = _bound(column, kind, str(column.max))
    return {} if value is None else {"maximum": value}


def _enum(column: Column, kind: str) -> Written:
    # Other types are compared by value there: 1.0 would equal 1, which `allowed` compares as texts.
    return {"enum": list(column.allowed or ())} if kind == "string" and not column.ignore_case else {}


def _bound(column: Column, kind: str, bound: str) -> int | float | str | None:
    """Return a bound as the field writes values; None if a date or time in ISO form does not match its format."""
    if kind in ("integer", "number"):
        return exact_number(bound)
    if kind in DEFAULT_FORMATS:
        reads = parse_value(column.type, bound, column.format)
        return bound if reads is not None and reads == parse_iso(column.type, bound) else None
    return None


# By the key of a rule, in the order in which they are written: a column's own pattern replaces the shape of its type.
# A rule that has no words here, or is not in the table, is kept under the key of our own.
CONSTRAINTS: dict[str, Words] = {
    "required": _true("required"),
    "unique": _true("unique"),
    "min_length": _of_text("minLength", lambda column: column.min_length),
    "max_length": _of_text("maxLength", lambda column: column.max_length),
    "type": _shape,
    "pattern": _of_text("pattern", lambda column: column.pattern),
    "min": _minimum,
    "max": _maximum,
    "allowed": _enum,
    "lookup": lambda column, kind: {},
}
