"""Compares the lines of two contracts that are not records: which sources are newly refused or fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from callcenter_etl.contract.column import Column
from callcenter_etl.contract.surroundings import Preamble, Surrounding
from callcenter_etl.rules.kinds.pattern import is_wider_pattern
from callcenter_etl.tools.compare.direction import Direction


def _declared_lines(key: str, name: str, direction: Direction) -> str | None:
    """Return the sources that a changed preamble, after_header or footer refuses, None if there are none."""
    before, after = getattr(direction.before.source, key), getattr(direction.after.source, key)
    if after is None:
        return f"sources with {name}"
    if before is None:
        return None if after.optional else f"sources without {name}"
    if (before.lines, _until(before)) != (after.lines, _until(after)):
        return f"sources with another number of lines in {name}"
    phrases = []
    if before.optional and not after.optional:
        phrases.append(f"sources without {name}")
    if not all(_accepts(before, after, line) for line in range(before.lines or 1)):
        phrases.append(f"sources in which {name} does not match {' or '.join(after.match)}")
    changed = changed_types(getattr(before, "fields", {}), getattr(after, "fields", {}))
    if changed:
        phrases.append(f"sources in which {', '.join(changed)} of {name} is of another type")
    return ", ".join(phrases) or None


def changed_types(before: Mapping[str, Column], after: Mapping[str, Column]) -> list[str]:
    """Return the names of the values of a run that have another type than before, but for text."""
    return [name for name, column in after.items() if column.type != "text" and before.get(name) != column]


def _until(lines: Surrounding) -> str | None:
    return lines.until if isinstance(lines, Preamble) else None


def _accepts(before: Surrounding, after: Surrounding, line: int) -> bool:
    """Check whether every line that matched the old pattern of its place is known to match the new one."""
    # The patterns of one `until` are for all lines.
    old, new = before.pattern(line), after.pattern(line)
    return new is None or (old is not None and is_wider_pattern(old, new))


def _header_lines(direction: Direction) -> str:
    return f"sources with {direction.before.source.header_lines} lines of header"


def _comment(direction: Direction) -> str:
    """Return the lines that are no longer accepted: old comments are records, or records are comments."""
    before, after = direction.before.source.comment, direction.after.source.comment
    return f"records that begin with {after!r}" if before is None else f"comments that begin with {before!r}"


SURROUNDINGS_JUDGES: dict[str, Callable[[Direction], str | None]] = {
    "preamble": partial(_declared_lines, "preamble", "the preamble"),
    "header_lines": _header_lines,
    "after_header": partial(_declared_lines, "after_header", "the after_header line"),
    "comment": _comment,
    "footer": partial(_declared_lines, "footer", "the footer"),
}
