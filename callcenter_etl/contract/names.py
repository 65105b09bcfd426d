"""Checks for name clashes in a contract: columns, aliases, rules and reserved names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.model import RecordRule
from callcenter_etl.contract.normalization import NORMALIZED, is_normalized
from callcenter_etl.contract.part import Part
from callcenter_etl.contract.partial import Columns
from callcenter_etl.contract.quoting import quoted

Found = Iterator[tuple[Path, str, int]]

REJECT_COLUMNS = ("reject_line", "reject_rules", "reject_reasons", "reject_raw")  # of exceptions.csv
_RESERVED_RULES = ("record.", "file.", "header.", "limits.")


def name_faults(columns: Columns, rules: Sequence[tuple[int, Part[RecordRule]]]) -> Found:
    """Yield path, message and offset of each name with two meanings."""
    yield from _column_name_faults(columns)
    yield from _alias_faults(columns)
    yield from _rule_name_faults(columns, rules)


def _column_name_faults(columns: Columns) -> Found:
    owners: dict[str, int] = {}
    for index, part in columns.parts:
        name, where = part.value.name, ("columns", index, "name")
        if "name" in part.broken:
            continue
        if name in owners:
            yield where, f"column name {quoted(name)} stands twice, first in columns[{owners[name]}]", 0
        elif name in REJECT_COLUMNS:
            yield where, _reserved(name), 0
        if part.value.header in REJECT_COLUMNS:
            yield ("columns", index, "header"), _reserved(part.value.header), 0
        owners.setdefault(name, index)


def _alias_faults(columns: Columns) -> Found:
    owners: dict[str, tuple[int, str]] = {}
    for index, part in columns.parts:
        if "name" not in part.broken:
            owners.setdefault(part.value.header_name, (index, part.value.header_name))
    for index, part in columns.parts:
        own = (index, part.value.header_name)
        for number, alias in enumerate(part.value.aliases):
            (owner, shared), where = owners.get(alias, own), ("columns", index, "aliases", number)
            # Columns that share a header name may share further ones. The alias "" is for empty header cells, of
            # which a source may have several.
            if owner != index and shared != own[1] and alias:
                yield where, f"alias {quoted(alias)} also means columns[{owner}]", 0
            elif alias in REJECT_COLUMNS:
                yield where, _reserved(alias), 0
            owners.setdefault(alias, own)


def _reserved(name: str) -> str:
    return f"{name!r} is a column that exceptions.csv adds to the source's own (the source must use another name)"


def _rule_name_faults(columns: Columns, rules: Sequence[tuple[int, Part[RecordRule]]]) -> Found:
    ids = {f"{column.name}.{key}" for column in columns.named for key in column.rule_keys}
    ids |= {f"{column.name}.{NORMALIZED}" for column in columns.named if is_normalized(column)}
    for index, part in rules:
        name, where = part.value.name, ("rules", index, "name")
        if "name" in part.broken:
            continue
        if name in ids:
            yield where, f"rule name {quoted(name)} stands twice, or is the id of a column's rule", 0
        elif name.startswith(_RESERVED_RULES) or not name:
            yield where, f"rule name {quoted(name)} is reserved or empty", 0
        ids.add(name)
