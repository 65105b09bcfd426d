"""Chooses one of several contracts in a file of another tool, and its contract id."""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.tools.convert.import_draft import Draft, Taken


def chosen_part(
    draft: Draft, parts: Sequence[Taken], part: str | None, *, at: Path, word: str, key: str = "name"
) -> Taken | None:
    """Return the part with the name `part` under a key, or the only one, and add a note about each other part.

    If there is no such part, or no unique one, a fault is added and None returned.
    """
    if not parts:
        draft.fault(at, f"the file has no {word}, so there is nothing to make a contract of")
        return None
    names = [str(each.value.get(key, "")) for each in parts]
    known = ", ".join(map(repr, names))
    if part is not None and part not in names:
        draft.fault(at, f"no {word} {part!r}{did_you_mean(part, names)}, there are: {known}")
        return None
    if part is None and len(parts) != 1:
        draft.fault(at, f"which {word}? Name it behind the file, as in FILE#{names[0]} (there are: {known})")
        return None
    taken = parts[0 if part is None else names.index(part)]
    for other in parts:
        if other is not taken:
            # One note for the whole part, and not one for each of its keys.
            other.skip()
            draft.note(other.path, f"{word} {str(other.value.get(key, ''))!r} is another contract")
    return taken


def contract_name(name: object) -> str:
    """Return a contract id made from any name; empty if the name has no allowed character."""
    # A contract id has only these characters; a name in another format may have any.
    return re.sub(r"[^A-Za-z0-9_-]+", "_", str(name or "")).strip("_")
