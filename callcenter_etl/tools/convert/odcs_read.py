"""Imports a contract from an Open Data Contract Standard document, 3.0 to 3.2."""

from __future__ import annotations

import re
from typing import Any

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.key_types import show
from callcenter_etl.tools.convert.contract_names import chosen_part, contract_name
from callcenter_etl.tools.convert.import_draft import Draft, Taken, is_null
from callcenter_etl.tools.convert.odcs_columns import read_property
from callcenter_etl.tools.convert.odcs_quality import read_table_checks
from callcenter_etl.tools.convert.odcs_structure import about_left, shape_faults
from callcenter_etl.tools.convert.odcs_terms import EXTENSION
from callcenter_etl.tools.convert.residual import restore, restore_column

_READ = re.compile(r"v3\.[0-2](\.[0-9]+)?")


def read_odcs(value: dict[str, Any], part: str | None) -> Draft:
    """Return the draft of the contract for one object of the schema: the one named `part`, or the only one."""
    draft = Draft()
    draft.faults += shape_faults(value)
    # The readers below rely on the shape that the standard's models have checked.
    if draft.faults:
        return draft
    top = Taken(value, ())
    if _READ.fullmatch(str(top.take("apiVersion"))) is None:
        draft.fault(("apiVersion",), f"v3.0.0 to v3.2.0 are read, not {show(value.get('apiVersion'))}")
    top.take("kind")
    if str(value.get("status")) == "active":
        top.take("status")
    table = chosen_part(draft, top.each("schema"), part, at=("schema",), word="object")
    if table is None:
        return draft
    _read_head(draft, top, table)
    _read_server(draft, top)
    kept = _read_properties(draft, table)
    # Before the residuals: they may restore an order of rules, which `arrange` would sort again.
    draft.arrange()
    for place, (rest, origin) in kept.items():
        restore_column(draft, place, rest, origin)
    read_table_checks(draft, table)
    # After all terms of ODCS: the residual has precedence.
    _restore_document(draft, top)
    for path, _ in top.left():
        message, asserts = about_left(path)
        draft.note(path, message, asserts=asserts)
    return draft


def _read_head(draft: Draft, top: Taken, table: Taken) -> None:
    name = contract_name(table.take("name"))
    draft.put(("contract",), name or "contract", table.at("name"))
    version = top.take("version")
    if version is not None:
        draft.put(("version",), version, top.at("version"))
    purpose = top.inside("description").take("purpose")
    if purpose is not None:
        draft.put(("description",), purpose, top.at("description", "purpose"))
    elif table.has("description"):
        draft.put(("description",), table.take("description"), table.at("description"))
    for key, usual in (("logicalType", "object"), ("physicalType", "file")):
        if str(table.value.get(key)) == usual:
            table.take(key)
    for key in ("id", "name"):  # the object's name becomes the contract's id
        if str(top.value.get(key)) == str(table.value.get("name")):
            top.take(key)
    _read_owner(draft, top)


def _read_owner(draft: Draft, top: Taken) -> None:
    """Import the first owner of the team; the other members become notes."""
    team = top.value.get("team")
    # A list before ODCS 3.1, then a mapping with the list as `members`.
    members = top.each("team") if isinstance(team, list) else top.inside("team").each("members")
    for member in members:
        if str(member.value.get("role", "")).lower() == "owner":
            name = member.take("username")
            draft.put(("owner",), name if name is not None else member.take("name"), member.at("username"))
            member.take("role")
            return


def _read_server(draft: Draft, top: Taken) -> None:
    """Import the address of the server with delimited files, if there is exactly one."""
    servers = top.each("servers")
    csv = [server for server in servers if str(server.value.get("format", "")).lower() == "csv"]
    # Of several servers the document does not say which one a run is to read.
    if len(csv) != 1 or not {"path", "location"} & csv[0].value.keys():
        return
    server = csv[0]
    is_utf8 = str(server.value.get("encoding")).lower() in ("utf-8", "utf8")  # the default, so it is left out
    for key in ("server", "type", "format", *(["encoding"] if is_utf8 else [])):
        server.take(key)
    key = "path" if server.has("path") else "location"
    draft.put(("run", "source"), server.take(key), server.at(key))
    if server.has("encoding"):
        draft.put(("source", "encoding"), server.take("encoding"), server.at("encoding"))
    if server.has("delimiter") and len(str(server.value["delimiter"])) == 1:
        draft.put(("source", "delimiter"), server.take("delimiter"), server.at("delimiter"))


def _read_properties(draft: Draft, table: Taken) -> dict[int, tuple[Any, Path]]:
    """Import every column. Returns the residual of each with its path, by position."""
    # ODCS does not define an order of columns, and permits further columns.
    draft.put(("source", "header"), "by_name", table.at("properties"))
    kept: dict[int, tuple[Any, Path]] = {}
    keys: list[tuple[int, str]] = []
    for place, described in enumerate(table.each("properties")):
        name = read_property(draft, described)
        rank = described.take("primaryKeyPosition")
        if described.has("primaryKey") and str(described.take("primaryKey")).lower() == "true":
            # primaryKeyPosition is optional: without it the order of the properties counts.
            keys.append((int(str(rank)) if rank is not None else place, name))
        extension = take_extension(described)
        if extension is not None:
            kept[place] = extension
            if (
                isinstance(extension[0], dict) and "name" in extension[0]
            ):  # of a column with a name in the header
                described.take("name")
    _read_primary_key(draft, table, [name for _, name in sorted(keys)])
    return kept


def _read_primary_key(draft: Draft, table: Taken, names: list[str]) -> None:
    columns = {str(column["name"]): column for column in draft.value["columns"]}
    for name in names:
        columns[name]["required"] = True
    if len(names) == 1:
        columns[names[0]]["unique"] = True
    elif names:
        draft.add_rule({"name": "primary_key", "unique": names}, table.at("properties"))


def take_extension(described: Taken) -> tuple[Any, Path] | None:
    """Return the residual in the custom properties with its path, None if there is none."""
    for custom in described.each("customProperties"):
        if str(custom.value.get("property")) == EXTENSION:
            custom.take("property")
            found = custom.take("value")
            return None if is_null(found) else (found, custom.at("value"))
    return None


def _restore_document(draft: Draft, top: Taken) -> None:
    extension = take_extension(top)
    if extension is not None:
        restore(draft, *extension)
