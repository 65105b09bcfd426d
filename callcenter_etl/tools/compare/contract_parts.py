"""Compares the parts of two contracts, each in both directions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from callcenter_etl.contract.model import Column, FileName, RecordRule
from callcenter_etl.tools.compare import header_diff
from callcenter_etl.tools.compare.column_diff import pair_parts
from callcenter_etl.tools.compare.contract_change import SAME_VERDICTS, ContractPart, Path
from callcenter_etl.tools.compare.direction import Direction
from callcenter_etl.tools.compare.limits_diff import LIMIT_JUDGES
from callcenter_etl.tools.compare.record_rule_diff import records_newly_broken
from callcenter_etl.tools.compare.side_files_diff import SIDE_FILE_JUDGES
from callcenter_etl.tools.compare.source_diff import SOURCE_JUDGES, file_name
from callcenter_etl.tools.compare.surroundings_diff import SURROUNDINGS_JUDGES

_NOTES = {
    "contract": "the ledger and the outputs take it for another contract",
    "run": "a default of runs; no record is judged otherwise",
    "examples": "what contract test asks; no record is judged otherwise",
}


def shown(value: Any) -> str | None:
    """Return a part of a contract as text: a text unchanged, other values as JSON; None if it is absent."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, BaseModel):
        # As people write it: by alias, and without the defaults.
        value = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """Return a value of a mapping in the form of JSON: a type of `fields` without the defaults."""
    return (
        value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else str(value)
    )


def general_parts(direction: Direction, names: tuple[str, ...]) -> Iterator[ContractPart]:
    """Yield the differences of top-level keys, one level deeper for keys with a mapping."""
    for name in names:
        old, new = getattr(direction.before, name), getattr(direction.after, name)
        if isinstance(old, BaseModel):
            yield from _inner_parts(name, old, new)
        elif old != new:
            note = _NOTES.get(name, SAME_VERDICTS)
            yield ContractPart(name, shown(old), shown(new), (name,), (name,), note=note)


def _inner_parts(name: str, old: Any, new: Any) -> Iterator[ContractPart]:
    for key, field in type(old).model_fields.items():
        before, after = getattr(old, key), getattr(new, key)
        if before == after:
            continue
        word = field.alias or key
        # Of these keys, only limits can change a verdict.
        judge = LIMIT_JUDGES[key] if name == "limits" else lambda before, after: None
        yield ContractPart(
            f"{name}.{word}",
            _limit(before) if name == "limits" else shown(before),
            _limit(after) if name == "limits" else shown(after),
            (name, word),
            (name, word),
            rejected=judge(old, new),
            accepted=judge(new, old),
            note=_NOTES.get(name, SAME_VERDICTS),
        )


def _limit(value: Any) -> str | None:
    return None if value is None else str(value)


def source_parts(direction: Direction) -> Iterator[ContractPart]:
    """Yield the differences of the source format, with file names and headers."""
    old, new = direction.before.source, direction.after.source
    # An absent `filename` compares as one without rules, so that both cases have the same paths.
    before, after = old.filename or FileName(), new.filename or FileName()
    for key in FileName.model_fields:
        # Absent extensions are an empty tuple, other absent rules are None; neither refuses a file name.
        was, now = getattr(before, key) or None, getattr(after, key) or None
        if was != now:
            path: Path = ("source", "filename", key)
            rejected, accepted = file_name(key, direction), file_name(key, direction.reverse)
            yield ContractPart(
                f"source.filename.{key}",
                shown(was),
                shown(now),
                path,
                path,
                rejected=rejected,
                accepted=accepted,
            )
    judges = {
        **SURROUNDINGS_JUDGES,
        **SIDE_FILE_JUDGES,
        **SOURCE_JUDGES,
        "header": header_diff.mode,
        "header_case": _header_case,
        "unexpected_columns": header_diff.unexpected,
    }
    for key, judge in judges.items():
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            rejected, accepted = judge(direction), judge(direction.reverse)
            path = ("source", key)
            yield ContractPart(
                f"source.{key}", shown(was), shown(now), path, path, rejected=rejected, accepted=accepted
            )


def _header_case(direction: Direction) -> str | None:
    found = (header_diff.names(direction, before, after) for before, after in direction.pairs())
    # One phrase is enough, since the change is one part for all columns.
    return next((phrase for phrase in found if phrase is not None), None)


def column_parts(direction: Direction) -> Iterator[ContractPart]:
    """Yield the differences of columns: removed ones, new ones, their order, and those in both contracts."""
    old = {column.name: index for index, column in enumerate(direction.before.columns)}
    new = {column.name: index for index, column in enumerate(direction.after.columns)}
    pairs = direction.pairs()
    kept = {each.name for each, _ in pairs}
    paired = {each.name for _, each in pairs}
    gone = [column for column in direction.before.columns if column.name not in kept]
    come = [column for column in direction.after.columns if column.name not in paired]
    for column in gone:
        yield ContractPart(
            f"columns.{column.name}",
            column.name,
            None,
            ("columns", old[column.name]),
            ("columns",),
            rejected=header_diff.surplus(direction, column),
            accepted=header_diff.lacking(direction.reverse, column),
        )
    for column in come:
        yield ContractPart(
            f"columns.{column.name}",
            None,
            column.name,
            ("columns",),
            ("columns", new[column.name]),
            rejected=header_diff.lacking(direction, column),
            accepted=header_diff.surplus(direction.reverse, column),
        )
    yield from _order_part(direction, pairs, new)
    for before, after in pairs:
        yield from pair_parts(direction, before, after, old[before.name], new[after.name])


def _order_part(
    direction: Direction, pairs: list[tuple[Column, Column]], new: dict[str, int]
) -> Iterator[ContractPart]:
    # Only the relative order of paired columns counts: an added or removed column is a change of its own.
    if [new[after.name] for _, after in pairs] != sorted(new[after.name] for _, after in pairs):
        yield ContractPart(
            "columns",
            ", ".join(before.name for before, _ in pairs),
            ", ".join(sorted((after.name for _, after in pairs), key=lambda name: new[name])),
            ("columns",),
            ("columns",),
            rejected=header_diff.order(direction),
            accepted=header_diff.order(direction.reverse),
        )


def rule_parts(direction: Direction) -> Iterator[ContractPart]:
    """Yield the differences of record rules, paired by name."""
    old = {rule.name: (index, rule) for index, rule in enumerate(direction.before.rules)}
    new = {rule.name: (index, rule) for index, rule in enumerate(direction.after.rules)}
    for name, (index, rule) in old.items():
        if name not in new:
            yield _removed_rule(direction, index, rule)
    for name, (index, rule) in new.items():
        if name not in old:
            yield _added_rule(direction, index, rule)
        else:
            yield from _changed_rule(direction, old[name], (index, rule))


def _removed_rule(direction: Direction, index: int, rule: RecordRule) -> ContractPart:
    return ContractPart(
        f"rules.{rule.name}",
        _rule(rule),
        None,
        ("rules", index),
        ("rules",),
        # None if the rule only warned: then the note is used.
        accepted=records_newly_broken(direction.reverse, None, rule),
        note=_WARNS,
    )


def _added_rule(direction: Direction, index: int, rule: RecordRule) -> ContractPart:
    return ContractPart(
        f"rules.{rule.name}",
        None,
        _rule(rule),
        ("rules",),
        ("rules", index),
        rejected=records_newly_broken(direction, None, rule),
        note=_WARNS,
    )


def _changed_rule(
    direction: Direction, old: tuple[int, RecordRule], new: tuple[int, RecordRule]
) -> Iterator[ContractPart]:
    (old_index, before), (new_index, after) = old, new
    for key in ("check", "when", "unique", "ignore_case", "lookup", "severity", "reason", "description"):
        was, now = getattr(before, key), getattr(after, key)
        if was == now:
            continue
        # Every other key can change a verdict together with the others, so the whole rules are compared for each key.
        judged = key not in ("reason", "description")
        yield ContractPart(
            f"rules.{after.name}.{key}",
            shown(was),
            shown(now),
            ("rules", old_index, key),
            ("rules", new_index, key),
            rejected=records_newly_broken(direction, before, after) if judged else None,
            accepted=records_newly_broken(direction.reverse, after, before) if judged else None,
            note=_WARNS if judged and "warn" in (before.severity, after.severity) else SAME_VERDICTS,
        )


_WARNS = "the rule only warns: no record is rejected otherwise"


def _rule(rule: RecordRule) -> str:
    case = " in any letter case" if rule.ignore_case else ""
    demand = str(rule.check) if rule.unique is None else f"unique {', '.join(rule.unique)}{case}"
    if rule.lookup is not None:
        demand = f"{', '.join(rule.lookup.columns)} in {rule.lookup.file}"
    return demand if rule.when is None else f"{demand} when {rule.when}"
