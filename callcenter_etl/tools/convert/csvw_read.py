"""Imports a contract from metadata of CSV on the Web: a table description, or one of a group."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.tools.convert.contract_names import chosen_part, contract_name
from callcenter_etl.tools.convert.csvw_columns import read_datatype
from callcenter_etl.tools.convert.csvw_dialect import read_dialect
from callcenter_etl.tools.convert.import_draft import Draft, ImportedColumn, Taken, is_null, is_true

_INHERITED = ("null", "default", "separator", "datatype", "required")
_ASSERTING = ("foreignKeys", "datatype", "primaryKey", "separator", "columns", "dialect")


def read_csvw(value: dict[str, Any], part: str | None) -> Draft:
    """Return the draft of the contract for one table: the one with the url `part`, or the only one."""
    draft = Draft()
    top = Taken(value, ())
    is_group = isinstance(value.get("tables"), list)
    tables = top.each("tables") if is_group else [top]
    table = chosen_part(draft, tables, part, at=("tables",), word="table", key="url") if is_group else top
    if table is None:
        return draft
    if not isinstance(table.value.get("tableSchema"), Mapping) and is_group and top.has("tableSchema"):
        schema = top.inside("tableSchema")
    else:
        schema = table.inside("tableSchema")
    if not isinstance(schema.value.get("columns"), list):
        what = table.value.get("tableSchema")
        cause = (
            f"the schema is in {what!r}: import it as part of this file"
            if isinstance(what, str)
            else "columns are missing"
        )
        draft.fault(schema.at("columns"), cause)
        return draft
    _read_head(draft, top, table)
    _read_table(draft, top, table, schema)
    # They identify the document and its parts, or are about other uses of it.
    for each in dict.fromkeys((top, table, schema)):
        for key in ("@context", "@type", "@id"):
            each.take(key)
    for path, key in top.left():
        draft.note(
            path,
            f"{key!r} is not taken over",
            asserts=any(each in _ASSERTING for each in path[:-1]) or key in _ASSERTING,
        )
    return draft


def _read_head(draft: Draft, top: Taken, table: Taken) -> None:
    url = table.take("url")
    name = contract_name(PurePosixPath(str(url or "")).stem)
    draft.put(("contract",), name or "table", table.at("url"))
    if url is not None:
        draft.put(("run", "source"), url, table.at("url"))
    for place in dict.fromkeys((table, top)):
        for key in ("dc:description", "dcterms:description"):
            text = place.value.get(key)
            if isinstance(text, str) and "description" not in draft.value:
                draft.put(("description",), place.take(key), place.at(key))


def _read_table(draft: Draft, top: Taken, table: Taken, schema: Taken) -> None:
    # The dialect of a table replaces that of its group.
    owner = table if table.has("dialect") else top
    if isinstance(owner.value.get("dialect"), str):
        draft.fault(owner.at("dialect"), f"the dialect is in {str(owner.value['dialect'])!r}: write it here")
        return
    trims = read_dialect(draft, owner.inside("dialect"))
    inherited: dict[str, Any] = {}
    for place in dict.fromkeys((top, table, schema)):
        inherited |= {key: place.take(key) for key in _INHERITED if place.has(key)}
    columns = [each for each in schema.each("columns") if not _is_virtual(each)]
    nulls = [_read_column(draft, each, inherited, trims=trims) for each in columns]
    _read_nulls(draft, columns, nulls)
    _read_keys(draft, top, schema)
    draft.arrange()


def _is_virtual(described: Taken) -> bool:
    """Return whether a column is not in the file; such a column is no part of a contract."""
    if not is_true(described.value.get("virtual")):
        return False
    described.skip()
    return True


def _read_column(draft: Draft, described: Taken, inherited: dict[str, Any], *, trims: bool) -> list[str]:
    """Import a column. Returns the texts that are null in it."""
    column = _named_column(draft, described)
    text = described.take("dc:description")
    if isinstance(text, str):
        column.put("description", text, described.at("dc:description"))
    declared = {key: described.value.get(key, inherited.get(key)) for key in _INHERITED}
    for key in ("null", "required", "lang", "ordered"):
        described.take(key)
    given = declared["null"]
    nulls = (
        [str(each) for each in given] if isinstance(given, list) else ["" if given is None else str(given)]
    )
    if is_null(declared["separator"]):
        if not isinstance(described.value.get("datatype"), Mapping):
            described.take("datatype")
        read_datatype(column, declared["datatype"], described)
    else:
        described.take("separator")
        described.take("datatype")
        draft.note(
            described.at("separator"),
            "a list of values is read as text: its datatype is not asked",
            asserts=True,
        )
    if trims:
        column.flag("trim", described.path)
    if is_true(declared["required"]):
        _require(column, declared, nulls, described)
    return nulls


def _require(column: ImportedColumn, declared: Mapping[str, Any], nulls: list[str], described: Taken) -> None:
    default = declared["default"]
    if not is_null(default) and str(default) not in nulls:
        message = f"required is not asked: an empty value there is {str(default)!r}"
        column.draft.note(described.at("required"), message, asserts=True)
    elif "" not in nulls and "type" not in column.value:
        message = "required is not asked: '' is not null there, so that it is a value of this column"
        column.draft.note(described.at("required"), message, asserts=True)
    else:
        column.flag("required", described.at("required"))


def _named_column(draft: Draft, described: Taken) -> ImportedColumn:
    """Add a column with its name; its titles are its names in the header."""
    titles = _titles(described.take("titles"))
    name = described.take("name")
    if name is None and not titles:
        message = "a column has a name or titles: nothing else says what the header calls it"
        draft.fault(described.path, message)
    column = draft.add_column(name if name is not None else titles[0] if titles else "column", described.path)
    # Where a column has a name, that may be in the header, too.
    others = [each for each in titles if each != str(column.value["name"])]
    if others and str(draft.value.get("source", {}).get("header")) != "none":
        column.put("aliases", others, described.at("titles"))
    return column


def _titles(given: Any) -> list[str]:
    """Return the titles of a column: a text, a list, or either by language."""
    if isinstance(given, Mapping):
        return [each for value in given.values() for each in _titles(value)]
    if isinstance(given, list):
        return [str(each) for each in given]
    return [] if is_null(given) else [str(given)]


def _read_nulls(draft: Draft, columns: list[Taken], nulls: list[list[str]]) -> None:
    """Import the texts that are null, on which all columns with a rule must agree."""
    ruled = [
        n
        for n, column in enumerate(draft.value["columns"])
        if column.keys() - {"name", "aliases", "description"}
    ]
    chosen = nulls[ruled[0]] if ruled else [""]
    for place in ruled:
        if set(nulls[place]) != set(chosen):
            here, there = ", ".join(map(repr, nulls[place])), ", ".join(map(repr, chosen))
            message = f"{here} is null in this column, {there} in another one: a contract has one list of empty_values"
            draft.fault(columns[place].at("null"), message)
            return
    if chosen != [""]:
        draft.put(("source", "empty_values"), chosen, columns[ruled[0]].at("null"))


def _places(draft: Draft, given: Any, origin: tuple[str | int, ...]) -> list[int] | None:
    """Return the positions of columns by their names, None after a fault."""
    # A name that is derived from a title is percent-encoded.
    names = {str(column["name"]): place for place, column in enumerate(draft.value["columns"])}
    wanted = [str(each) for each in (given if isinstance(given, list) else [given])]
    found = [names.get(name, names.get(unquote(name))) for name in wanted]
    for name, place in zip(wanted, found, strict=True):
        if place is None:
            draft.fault(origin, f"unknown column {name!r}{did_you_mean(name, names)}")
    places = [place for place in found if place is not None]
    return places if len(places) == len(wanted) else None


def _read_keys(draft: Draft, top: Taken, schema: Taken) -> None:
    primary, origin = schema.take("primaryKey"), schema.at("primaryKey")
    places = None if is_null(primary) else _places(draft, primary, origin)
    if places is not None and len(places) == 1:
        ImportedColumn(draft, ("columns", places[0]), draft.value["columns"][places[0]]).flag(
            "unique", origin
        )
    elif places:
        names = [draft.value["columns"][place]["name"] for place in places]
        draft.add_rule({"name": "primary_key", "unique": names}, origin)
    for number, key in enumerate(schema.each("foreignKeys")):
        _read_foreign_key(draft, top, key, number)


def _read_foreign_key(draft: Draft, top: Taken, key: Taken, number: int) -> None:
    reference = key.inside("reference")
    file, theirs = reference.take("resource"), reference.take("columnReference")
    places = _places(draft, key.take("columnReference"), key.at("columnReference"))
    if places is None:
        return
    columns = [draft.value["columns"][place] for place in places]
    their_names = [str(each) for each in (theirs if isinstance(theirs, list) else [theirs])]
    if (
        file is None
        or len(their_names) != len(columns)
        or any(column.keys() & {"type", "trim"} for column in columns)
    ):
        # There values are compared, here texts: 01 is not 1.
        message = "the reference is not asked: a lookup compares texts, between columns of text and one file"
        draft.note(key.path, message, asserts=True)
        return
    names = _header_names(top, str(file), their_names)
    written = _dialect_of(top, str(file))
    if len(columns) == 1:
        lookup = {"file": file, "column": names[0], **written}
        ImportedColumn(draft, ("columns", places[0]), columns[0]).put("lookup", lookup, key.path)
        return
    pairs = {str(column["name"]): name for column, name in zip(columns, names, strict=True)}
    rule = {"name": f"foreign_key_{number + 1}", "lookup": {"file": file, "columns": pairs, **written}}
    draft.add_rule(rule, key.path)


def _dialect_of(top: Taken, url: str) -> dict[str, Any]:
    """Return the dialect of another table as `source` of a lookup: its own, or that of the group."""
    tables = top.value.get("tables")
    listed = [each for each in tables if isinstance(each, Mapping)] if isinstance(tables, list) else []
    table = next((each for each in listed if str(each.get("url")) == url), {})
    dialect = table.get("dialect", top.value.get("dialect") if listed else None)
    words = {"delimiter": "delimiter", "quoteChar": "quote", "encoding": "encoding"}
    found = {
        ours: dialect[word]
        for word, ours in words.items()
        if isinstance(dialect, Mapping) and word in dialect
    }
    return {"source": found} if found else {}


def _header_names(top: Taken, url: str, names: list[str]) -> list[str]:
    """Return the names in the header of another table, which are its titles where this file describes it."""
    tables = top.value.get("tables")
    for table in tables if isinstance(tables, list) else ():
        schema = (
            table.get("tableSchema") if isinstance(table, Mapping) and str(table.get("url")) == url else None
        )
        described = schema.get("columns") if isinstance(schema, Mapping) else None
        if isinstance(described, list):
            titles = {
                str(each.get("name")): _titles(each.get("titles"))
                for each in described
                if isinstance(each, Mapping)
            }
            return [(titles.get(name) or [name])[0] for name in names]
    return names
