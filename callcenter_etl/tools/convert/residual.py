"""Computes, stores and restores the residual: the parts of a contract that another format cannot express.

The residual is the difference between the contract and the import of the other format's own terms. So an edit of these
terms takes effect, and a round trip loses nothing, whatever the format can express.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callcenter_etl.contract.document_text import Path
from callcenter_etl.tools.convert.import_draft import Draft, in_order, rules_in, same

WITHOUT = "without"
ORDER = "order"
Plain = dict[str, Any]


def residual_of(native: Plain, wanted: Plain) -> tuple[Plain, dict[int, Plain]]:
    """Return the difference of `native` and `wanted`: for the contract, and for its columns by position.

    Both have the same columns in the same order.
    """
    whole = _missing(_but_columns(native), _but_columns(wanted))
    pairs = zip(native["columns"], wanted["columns"], strict=True)
    found = {place: _missing_column(column, goal) for place, (column, goal) in enumerate(pairs)}
    return whole, {place: rest for place, rest in found.items() if rest}


def _but_columns(plain: Plain) -> Plain:
    return {key: value for key, value in plain.items() if key != "columns"}


def _missing_column(native: Plain, wanted: Plain) -> Plain:
    rest = _missing(native, wanted)
    order = rules_in(wanted)
    # Only where the usual order of keys is not the contract's own.
    if rules_in(in_order(wanted)) != order:
        rest[ORDER] = order
    return rest


def _missing(native: Mapping[str, Any], wanted: Mapping[str, Any]) -> Plain:
    rest: Plain = {}
    for key, value in wanted.items():
        if key in native and same(native[key], value):
            continue
        both = isinstance(native.get(key), Mapping) and isinstance(value, Mapping)
        rest[key] = _missing(native[key], value) if both else value
    # An import may have surplus keys, such as `header: by_name` of ODCS.
    gone = [key for key in native if key not in wanted]
    return {**rest, WITHOUT: gone} if gone else rest


def restore(draft: Draft, rest: Any, origin: Path) -> None:
    """Merge the residual of the contract, without columns, into a draft."""
    if _is_mapping(draft, rest, origin):
        _merge(draft, draft.value, rest, (), origin)


def restore_column(draft: Draft, place: int, rest: Any, origin: Path) -> None:
    """Merge the residual of one column into a draft."""
    if not _is_mapping(draft, rest, origin):
        return
    columns = draft.value["columns"]
    keys = {key: value for key, value in rest.items() if key != ORDER}
    _merge(draft, columns[place], keys, ("columns", place), origin)
    order = rest.get(ORDER)
    columns[place] = in_order(
        columns[place], [str(key) for key in order] if isinstance(order, list) else None
    )


def restore_by_name(draft: Draft, rest: Any, origin: Path) -> None:
    """Merge a residual that has the columns by name into a draft."""
    if not _is_mapping(draft, rest, origin):
        return
    # By name, so that columns of the other file may be added, removed or moved by hand.
    places = {str(column["name"]): place for place, column in enumerate(draft.value["columns"])}
    kept = rest.get("columns")
    for name, below in kept.items() if isinstance(kept, Mapping) else ():
        if name in places:
            restore_column(draft, places[name], below, (*origin, "columns", name))
        else:
            draft.note((*origin, "columns", name), "there is no such column any more", asserts=True)
    restore(draft, {key: value for key, value in rest.items() if key != "columns"}, origin)


def keep_by_name(whole: Plain, columns: Mapping[int, Plain], names: list[str]) -> Plain:
    """Return the residual as one mapping, with the columns by name."""
    by_name = {names[place]: rest for place, rest in columns.items()}
    return {**whole, "columns": by_name} if by_name else {**whole}


def _is_mapping(draft: Draft, rest: Any, origin: Path) -> bool:
    if isinstance(rest, Mapping):
        return True
    draft.fault(origin, "a mapping of contract keys is expected here")
    return False


def _merge(draft: Draft, place: dict[str, Any], rest: Mapping[str, Any], path: Path, origin: Path) -> None:
    for key in rest.get(WITHOUT, ()):
        place.pop(str(key), None)
    for key, value in rest.items():
        if key == WITHOUT:
            continue
        if isinstance(value, Mapping) and isinstance(place.get(key), dict):
            _merge(draft, place[key], value, (*path, key), (*origin, key))
            continue
        place[key] = value
        draft.origins[(*path, key)] = (*origin, key)
        if isinstance(value, list):  # the entries of a list have positions of their own in messages
            draft.origins |= {(*path, key, n): (*origin, key, n) for n in range(len(value))}


def kept_lines(whole: Plain, columns: Mapping[int, Plain], wanted: Plain) -> Iterator[str]:
    """Yield a line for each part in the residual."""
    for place, rest in columns.items():
        name = wanted["columns"][place]["name"]
        for key, value in rest.items():
            if key not in (WITHOUT, ORDER):
                yield f"column {name!r}: {key} {_shown(value)}"
    ordered = [repr(wanted["columns"][place]["name"]) for place, rest in columns.items() if ORDER in rest]
    if ordered:
        yield f"the order of rules of {', '.join(ordered)}"
    for key, value in whole.items():
        if key == "rules":
            yield from (f"rule {rule['name']!r}" for rule in value)
        elif isinstance(value, Mapping):
            yield from (f"{key}.{inner}: {_shown(each)}" for inner, each in value.items() if inner != WITHOUT)
        elif key != WITHOUT:
            yield f"{key}: {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        parts = (f"{key} {_shown(each)}" for key, each in value.items() if key != WITHOUT)
        return ", ".join(parts)
    if isinstance(value, list):
        return ", ".join(map(repr, value))
    return "null" if value is None else repr(value) if isinstance(value, str) else str(value).lower()
