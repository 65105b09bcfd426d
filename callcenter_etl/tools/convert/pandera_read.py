"""Imports a contract from a pandera schema in YAML or JSON, without importing pandera."""

from __future__ import annotations

import re
from typing import Any

from callcenter_etl.tools.convert.import_draft import Draft, ImportedColumn, Taken, is_true
from callcenter_etl.tools.convert.pandera_checks import read_checks
from callcenter_etl.tools.convert.pandera_write import EXTENSION
from callcenter_etl.tools.convert.residual import restore_by_name

_KINDS = {
    "int": "integer",
    "uint": "integer",
    "float": "decimal",
    "decimal": "decimal",
    "bool": "boolean",
    "datetime": "datetime",
    "date": "date",
}
_DATETIMES = (  # the format of pandas first
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z",
)  # fmt: skip
_TEXTS = ("str", "object", "category", "large_str")


def read_pandera(value: dict[str, Any], part: str | None) -> Draft:
    """Return the draft of the contract for a serialised pandera schema."""
    draft = Draft()
    top = Taken(value, ())
    for key in ("schema_type", "version", "api", "dataframe_library", "coerce", "report_duplicates"):
        top.take(key)
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", str(top.take("name") or "")).strip("_")
    draft.put(("contract",), name or "table", top.at("name"))
    text = top.take("description")
    if text is not None:
        draft.put(("description",), text, top.at("description"))
    columns = _columns(draft, top)
    for described, named in columns:
        _read_column(draft, named, described)
    _read_order(draft, top)
    together = top.take("unique")
    if isinstance(together, list) and together:
        draft.add_rule({"name": "unique_together", "unique": together}, top.at("unique"))
    for check in top.each("checks"):
        name = str(check.inside("options").value.get("check_name", ""))
        draft.note(
            check.path, f"the check {name!r} of the frame is not asked: no rule here says it", asserts=True
        )
        check.skip()
    draft.arrange()
    _restore(draft, top)
    for key in ("unique_column_names", "add_missing_columns", "drop_invalid_rows"):
        # False is pandera's default and constrains nothing.
        if not is_true(value.get(key)):
            top.take(key)
    for path, key in top.left():
        draft.note(path, f"{key!r} is not taken over", asserts=key not in ("metadata", "default"))
    return draft


def _columns(draft: Draft, top: Taken) -> list[tuple[Taken, Any]]:
    """Return the columns with their names, from a mapping by name or a list."""
    if isinstance(top.value.get("columns"), dict) and top.value["columns"]:
        below = top.inside("columns")
        return [(below.inside(name), name) for name in below.value]
    listed = top.each("columns")
    if not listed:
        draft.fault(("columns",), "the schema has no columns")
    return [(described, described.take("name")) for described in listed]


def _read_order(draft: Draft, top: Taken) -> None:
    strict, ordered = is_true(top.take("strict")), is_true(top.take("ordered"))
    mode = "exact" if strict and ordered else "any_order" if strict else "by_name"
    if mode != "exact":
        draft.put(("source", "header"), mode, top.at("strict"))


def _restore(draft: Draft, top: Taken) -> None:
    metadata = top.inside("metadata")
    if metadata.has(EXTENSION):
        restore_by_name(draft, metadata.take(EXTENSION), metadata.at(EXTENSION))


def _read_column(draft: Draft, name: Any, described: Taken) -> None:
    column = draft.add_column(name, described.path)
    draft.origins[(*column.path, "name")] = described.path
    _read_dtype(column, described)
    text = described.take("description")
    if text is not None:
        column.put("description", text, described.at("description"))
    # An absent key means not nullable: that is pandera's default.
    if not is_true(described.take("nullable")):
        column.flag("required", described.at("nullable"))
    if is_true(described.take("unique")):
        column.flag("unique", described.at("unique"))
    for key, usual, here in (
        # In pandera `required` is about the column itself, and not about its values.
        ("required", "true", "every declared column must be in the header"),
        ("regex", "false", "a column has one name"),
    ):
        given = described.take(key)
        if given is not None and str(given).lower() != usual:
            draft.fault(described.at(key), f"{key}: {given!s} cannot be said in a contract, for {here}")
    for key in ("coerce", "report_duplicates", "name"):
        described.take(key)
    read_checks(column, described)


def _read_dtype(column: ImportedColumn, described: Taken) -> None:
    given = str(described.take("dtype") or "str")
    dtype = given.lower()
    # By prefix, as in `int64`; so `datetime` has to precede `date` in the table.
    kind = next((kind for word, kind in _KINDS.items() if dtype.startswith(word)), None)
    where = described.at("dtype")
    if kind is None:
        if not dtype.startswith(_TEXTS):
            column.draft.note(where, f"a column of {dtype!r} is read as text", asserts=True)
        return
    column.put("type", kind, where)
    if kind == "datetime":
        column.put("format", list(_DATETIMES), where)
        message = "a schema of pandera does not say how moments are written: ISO 8601 with a time is read"
        column.draft.note(where, message, asserts=True)
    if given.startswith(
        "float"
    ):  # Float64 is different: an export uses it for the finite decimals of a contract
        column.draft.note(where, "a float may be infinite there, a decimal is not", asserts=True)
