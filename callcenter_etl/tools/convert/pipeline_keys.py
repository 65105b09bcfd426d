"""Normalises the keys of pipeline configurations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from callcenter_etl.contract.document_text import Path

COLUMNS = frozenset(
    ("columns", "expectedcolumns", "columnnames", "expectedheader", "expectedheaders", "headercolumns",
     "columnpositions", "headers", "fields")
)  # fmt: skip
SECTION = "schema:section"  # not a possible key, since normalised keys have no colon
_LISTS = re.compile(r"(columns?|fields?|cols)$")


@dataclass(frozen=True, slots=True)
class PipelineKey:
    """A setting: its normalised key, its path, its value."""

    key: str
    path: Path
    value: Any

    @property
    def section(self) -> str:
        """The normalised key of the section around the setting."""
        return words(self.path[-2]) if len(self.path) > 1 else ""


def words(key: str | int) -> str:
    """Return the letters and digits of a key, in lower case."""
    return re.sub(r"[^a-z0-9]", "", str(key).lower())


def key_of(path: Path) -> str:
    """Return the normalised key at the end of a path, with its section if it is ambiguous alone."""
    key = words(path[-1])
    section = words(path[-2]) if len(path) > 1 else ""
    if key in ("name", "pattern", "regex", "length", "prefix", "suffix", "extension", "extensions"):
        return f"{_SECTIONS.get(section, section)}.{key}" if section else key
    if key == "schema":  # a section, unless it is the list of columns itself
        return SECTION
    return _LISTS.sub("fields", key) if _LISTS.search(key) and key not in COLUMNS else key


_SECTIONS = {
    **dict.fromkeys(
        ("file", "filename", "filevalidation", "filevalidations", "filenamerules", "filerules", "sourcefile",
         "filenamevalidation", "inputfile"),
        "file",
    ),
}  # fmt: skip
