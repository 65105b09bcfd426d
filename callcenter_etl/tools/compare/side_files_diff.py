"""Compares the side files of two contracts: which sources are newly refused or fail for them."""

from __future__ import annotations

from collections.abc import Callable

from callcenter_etl.contract.side_files import Control, SideFile
from callcenter_etl.rules.kinds.pattern import is_wider_pattern
from callcenter_etl.tools.compare.direction import Direction
from callcenter_etl.tools.compare.surroundings_diff import changed_types


def _control(direction: Direction) -> str | None:
    """Return the sources that a changed control file refuses, None if there are none."""
    before, after = direction.before.source.control, direction.after.source.control
    if after is None:
        return None
    phrases = [] if (missing := _missing(before, after)) is None else [missing]
    if not _reads_all_of(before, after):
        phrases.append(f"sources with a file {after.file!r} that does not have its form or types")
    return ", ".join(phrases) or None


def _checksum(direction: Direction) -> str | None:
    """Return the sources that a changed checksum file refuses or fails, None if there are none."""
    before, after = direction.before.source.checksum, direction.after.source.checksum
    if after is None:
        return None
    phrases = [] if (missing := _missing(before, after)) is None else [missing]
    if before is None or before.file != after.file:
        phrases.append(f"sources that are not those of the digest in {after.file!r}")
    return ", ".join(phrases) or None


def _missing(before: SideFile | None, after: SideFile) -> str | None:
    known = before is not None and before.file == after.file and not before.optional
    return None if after.optional or known else f"sources without the file {after.file!r} beside them"


def _reads_all_of(before: Control | None, after: Control) -> bool:
    """Check whether each text that the old control file may have is known to be one of the new one."""
    any_text = after.format == "text" and after.match is None
    if before is None or before.file != after.file or before.format != after.format:
        return any_text
    if after.match is not None and (before.match is None or not is_wider_pattern(before.match, after.match)):
        return False
    # A member of JSON with a type must also be there, even as text.
    new_members = after.format == "json" and not after.fields.keys() <= before.fields.keys()
    return not new_members and not changed_types(before.fields, after.fields)


SIDE_FILE_JUDGES: dict[str, Callable[[Direction], str | None]] = {
    "control": _control,
    "checksum": _checksum,
}
