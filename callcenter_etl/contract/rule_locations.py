"""Finds the position of each rule in the text of a contract."""

from __future__ import annotations

from collections.abc import Callable

from callcenter_etl.contract.document_text import Path, Place
from callcenter_etl.contract.model import ContractDocument

# Rules that no column or record declares, with the key that governs each.
_RULES_OF_KEYS: dict[str, Path] = {
    "record.fields": ("columns",),
    "record.width": ("columns",),
    "record.quote": ("source", "quote"),
    "record.encoding": ("source", "encoding"),
    "record.too_long": ("source",),
    "file.name": ("source", "filename"),
    "file.control": ("source", "control"),
    "file.checksum": ("source", "checksum"),
    "file.extension": ("source", "filename", "extensions"),
    "file.empty": ("source",),
    "file.not_delimited": ("source",),
    "file.too_few": ("limits", "min_records"),
    "file.preamble": ("source", "preamble"),
    "file.after_header": ("source", "after_header"),
    "file.footer": ("source", "footer"),
    "header.missing": ("columns",),
    "header.unexpected": ("columns",),
    "header.order": ("source", "header"),
    "header.count": ("source", "header"),
    "header.duplicate": ("columns",),
    "header.encoding": ("source", "encoding"),
    "limits.max_rejected": ("limits", "max_rejected"),
}


def rule_positions(document: ContractDocument, place: Callable[[Path], Place | None]) -> dict[str, Place]:
    """Return line and column of each rule by its id, also of `record.*`, `header.*` and `file.*`.

    `place` finds the position of a path; rules without a position are left out.
    """
    paths: dict[str, Path] = {
        f"{column.name}.{key}": ("columns", index, key)
        for index, column in enumerate(document.columns)
        for key in column.rule_keys
    }
    paths |= {rule.name: ("rules", index) for index, rule in enumerate(document.rules)}
    if document.source.short_records == "empty":  # else a record that lacks fields is malformed
        paths["record.short"] = ("source", "short_records")
    found = {rule: place(path) for rule, path in (paths | _RULES_OF_KEYS).items()}
    return {rule: there for rule, there in found.items() if there is not None}
