"""Compares two contracts by meaning: every change with its effect and its position in both."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.tools.compare.contract_change import (
    BREAKING,
    LOOSENING,
    NEUTRAL,
    ContractChange,
    ContractLocation,
    ContractPart,
    Path,
)
from callcenter_etl.tools.compare.contract_parts import column_parts, general_parts, rule_parts, source_parts
from callcenter_etl.tools.compare.direction import pair_columns

EFFECTS = (BREAKING, LOOSENING, NEUTRAL)


def compare_contracts(old: LoadedContract, new: LoadedContract) -> tuple[ContractChange, ...]:
    """Return every change from the old contract to the new one, the breaking ones first, then in contract order.

    If no change is breaking, the new contract accepts every source and record that the old one accepts.
    """
    direction = pair_columns(old.document, new.document)
    parts: Iterator[ContractPart] = chain(
        general_parts(direction, ("contract", "version", "description", "owner")),
        source_parts(direction),
        column_parts(direction),
        rule_parts(direction),
        general_parts(direction, ("limits", "run", "examples")),
    )
    changes = [_change(part, old, new) for part in parts]
    # The sort is stable: within an effect the changes stay in contract order.
    return tuple(sorted(changes, key=lambda change: EFFECTS.index(change.effect)))


def _change(part: ContractPart, old: LoadedContract, new: LoadedContract) -> ContractChange:
    return ContractChange(
        path=part.name,
        old=part.old,
        new=part.new,
        why=part.why,
        tightens=part.rejected is not None,
        loosens=part.accepted is not None,
        exposes=part.exposes,
        old_position=_position(old, part.old_path),
        new_position=_position(new, part.new_path),
    )


def _position(contract: LoadedContract, path: Path) -> ContractLocation:
    line, column = contract.place_of(path) or (None, None)
    return ContractLocation(contract.origin, line, column)


__all__ = [
    "BREAKING",
    "EFFECTS",
    "LOOSENING",
    "NEUTRAL",
    "ContractChange",
    "ContractLocation",
    "compare_contracts",
]
