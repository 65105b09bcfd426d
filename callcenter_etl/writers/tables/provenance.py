"""Whose records a table's rows and files are: the source, its content, and the names that tell both."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from callcenter_etl.store.uris import STANDARD_INPUT, base_name, is_local, local_path, shown

SOURCE_COLUMN = "_source"
DATA_SUFFIX = ".parquet"
_KEY_LETTERS = 24
_LAYOUT_NUMBER = 1  # of how records become rows; another number is another content
_NAME = re.compile(
    rf"part-[0-9]+-(?P<source>[0-9a-f]{{{_KEY_LETTERS}}})-(?P<content>[0-9a-f]{{{_KEY_LETTERS}}})-[0-9A-Za-z-]+\.parquet"
)
IdentifyBy = Literal["uri", "name"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """One source's content under one contract, and the run that read it; nothing in it is secret.

    `source` is what is in the rows; runs with the same one replace each other's rows. `options` are all that
    changes which records are accepted, beside the source's bytes and the contract's text.
    """

    source: str
    source_bytes: int
    source_sha256: str
    contract: str
    contract_version: str
    contract_sha256: str
    run_id: str
    options: str = ""

    @property
    def source_key(self) -> str:
        """The same for each content of one source."""
        return source_key(self.source)

    @property
    def content_key(self) -> str:
        """The same for runs that give the same rows."""
        parts = (_LAYOUT_NUMBER, self.source_sha256, self.contract_sha256, self.options)
        return _key(json.dumps(parts))

    def file_name(self, number: int) -> str:
        """Return the name of a data file; no other run gives it, and `read_name` reads it."""
        return f"part-{number:05d}-{self.source_key}-{self.content_key}-{self.run_id}{DATA_SUFFIX}"

    def told(self, **more: str | int) -> dict[str, Any]:
        """Return what a commit says of itself."""
        values = {name: value for name, value in asdict(self).items() if name != "options"}
        return {**values, "content": self.content_key, **more}


@dataclass(frozen=True, slots=True)
class Named:
    """What a data file's name says of the rows in it: all of one source, of one content of it."""

    source: str
    content: str


def read_name(path: str) -> Named | None:
    """Return what the name of a data file says, None for a file that another program made."""
    match = _NAME.fullmatch(path.rsplit("/", 1)[-1])
    return None if match is None else Named(match["source"], match["content"])


def source_key(source: str) -> str:
    """Return the short name of a source, for names of files."""
    return _key(source)


def source_of(uri: str, sha256: str, identify_by: IdentifyBy = "uri") -> str:
    """Return what stands for a source in the rows: its address without secrets, or its name alone.

    Standard input has no name that another one has not; it goes by its content.
    """
    if uri == STANDARD_INPUT:
        return f"{STANDARD_INPUT}#{sha256}"
    if identify_by == "name":
        return shown(base_name(uri))
    return str(Path(local_path(uri)).resolve()) if is_local(uri) else shown(uri)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LETTERS]
