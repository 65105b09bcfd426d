"""Imports a contract from a Frictionless Table Schema, Data Resource or Data Package, version 1 or 2."""

from __future__ import annotations

from typing import Any

from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.tools.convert.contract_names import chosen_part, contract_name
from callcenter_etl.tools.convert.frictionless_dialect import read_dialect
from callcenter_etl.tools.convert.frictionless_fields import is_bare_text, read_field, require
from callcenter_etl.tools.convert.frictionless_terms import EXTENSION
from callcenter_etl.tools.convert.import_draft import Draft, ImportedColumn, Taken, is_null
from callcenter_etl.tools.convert.residual import restore, restore_column

_ASSERTING = (
    "constraints",
    "foreignKeys",
    "format",
    "type",
    "uniqueKeys",
    "categories",
    "missingValues",
)


def read_frictionless(value: dict[str, Any], part: str | None) -> Draft:
    """Return the draft of the contract for one resource: the one named `part`, or the only one."""
    draft = Draft()
    top = Taken(value, ())
    # They identify the kind of document, which is known here, and would else become notes.
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
        cause = (
            f"the schema is in {str(what)!r}: import that file"
            if isinstance(what, str)
            else "fields are missing"
        )
        draft.fault(where, cause)
        return draft
    _read_head(draft, top, resource)
    nulls = [] if bare else _read_resource(draft, resource)
    _read_schema(draft, schema, nulls)
    # Two of the three may be the same object. After the terms of the format: the residual has precedence.
    for below in dict.fromkeys((schema, resource, top)):
        if below.has(EXTENSION):
            restore(draft, below.take(EXTENSION), below.at(EXTENSION))
    for path, key in top.left():
        draft.note(path, f"{key!r} is not taken over", asserts=any(each in _ASSERTING for each in path))
    return draft


def _read_head(draft: Draft, top: Taken, resource: Taken) -> None:
    named = resource if resource.has("name") else top
    name = contract_name(named.take("name"))
    # An export gives package and resource the same name: the second one is not worth a note.
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


def _read_resource(draft: Draft, resource: Taken) -> list[str]:
    """Import path and dialect of the source. Returns the texts that the dialect declares to be no value."""
    for key in ("profile", "$schema", "type", "mediatype", "scheme"):
        resource.take(key)
    if isinstance(resource.value.get("path"), str):
        draft.put(("run", "source"), resource.take("path"), resource.at("path"))
    encoding = resource.take("encoding")
    if encoding is not None and str(encoding).lower() not in ("utf-8", "utf8"):
        draft.put(("source", "encoding"), encoding, resource.at("encoding"))
    for key, instead in _OF_FILE.items():
        if resource.take(key) is not None:
            draft.note(
                resource.at(key), f"{key!r} is of one file, not of all deliveries: {instead}", asserts=True
            )
    return read_dialect(draft, resource)


_OF_FILE = {
    "bytes": "a checksum file beside each source has the same purpose (source.checksum)",
    "hash": "a contract names a checksum file beside each source (source.checksum)",
}


def _read_schema(draft: Draft, schema: Taken, nulls: list[str]) -> None:
    fields = schema.each("fields")
    missing = _read_missing(draft, schema, fields, nulls)
    kept: dict[int, Taken] = {}
    for place, field in enumerate(fields):
        read_field(draft, field, missing)
        if field.has(EXTENSION):
            kept[place] = field
    _read_match(draft, schema)
    _read_keys(draft, schema, fields, missing)
    # Before the residuals: they may restore an order of rules, which `arrange` would sort again.
    draft.arrange()
    for place, field in kept.items():
        restore_column(draft, place, field.take(EXTENSION), field.at(EXTENSION))


def _read_missing(draft: Draft, schema: Taken, fields: list[Taken], nulls: list[str]) -> list[str]:
    """Return the missing values: those of the schema, or those on which all fields agree; else add a fault."""
    usual = _missing_words(schema.take("missingValues"), [""])
    given = [_missing_words(field.take("missingValues"), usual) for field in fields]
    asked = [words for words, field in zip(given, fields, strict=True) if not is_bare_text(field)]
    chosen = asked[0] if asked else usual
    for words, field in zip(given, fields, strict=True):
        if set(words) != set(chosen) and not is_bare_text(field):
            draft.fault(
                field.at("missingValues"),
                f"{_listed(words)} count as missing in this field, {_listed(chosen)} in another one: a contract has"
                " one list of empty_values for all columns",
            )
            break
    chosen = list(dict.fromkeys((*chosen, *nulls)))
    if chosen != [""]:
        draft.put(("source", "empty_values"), chosen, schema.at("missingValues"))
    return chosen


def _missing_words(given: Any, otherwise: list[str]) -> list[str]:
    if not isinstance(given, list):
        return otherwise
    # Version 2 of the standard also has pairs of value and label.
    return [str(each.get("value") if isinstance(each, dict) else each) for each in given]


def _listed(words: list[str]) -> str:
    return ", ".join(map(repr, words)) or "no values"


_MATCHES = {"exact": "exact", "equal": "any_order", "subset": "by_name"}


def _read_match(draft: Draft, schema: Taken) -> None:
    """Import `fieldsMatch`; the JSON profile of version 2.0 wrongly requires a list with one entry."""
    given = schema.take("fieldsMatch")
    word = str(given[0] if isinstance(given, list) and len(given) == 1 else given or "exact")
    if word not in _MATCHES:
        message = f"{word!r} cannot be said in a contract, for every declared column must be in the header"
        draft.fault(schema.at("fieldsMatch"), message)
    elif word != "exact":
        draft.put(("source", "header"), _MATCHES[word], schema.at("fieldsMatch"))


def _read_keys(draft: Draft, schema: Taken, fields: list[Taken], missing: list[str]) -> None:
    primary = schema.take("primaryKey")
    names = primary if isinstance(primary, list) else [] if is_null(primary) else [primary]
    columns = {str(column["name"]): place for place, column in enumerate(draft.value["columns"])}
    for name in names:
        if str(name) not in columns:
            draft.fault(
                schema.at("primaryKey"), f"unknown field {str(name)!r}{did_you_mean(str(name), columns)}"
            )
            return
        place = columns[str(name)]
        column = ImportedColumn(draft, ("columns", place), draft.value["columns"][place])
        # The standard defines that a primary key implies `required`.
        require(
            column, str(fields[place].value.get("type", "any")), missing, Taken({}, schema.at("primaryKey"))
        )
        if len(names) == 1:
            column.flag("unique", schema.at("primaryKey"))
    if len(names) > 1:
        draft.add_rule({"name": "primary_key", "unique": list(names)}, schema.at("primaryKey"))
    keys = schema.take("uniqueKeys")
    for number, key in enumerate(keys if isinstance(keys, list) else []):
        together = key if isinstance(key, list) else [key]
        origin = schema.at("uniqueKeys", number)
        draft.add_rule({"name": f"unique_key_{number + 1}", "unique": list(together)}, origin)
