"""Provenance of a table's rows and files: the source, its content, and the names that identify both."""

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
_LAYOUT_NUMBER = (
    1  # increased when the conversion of records to rows changes: then the content is another one
)
_NAME = re.compile(
    rf"part-[0-9]+-(?P<source>[0-9a-f]{{{_KEY_LETTERS}}})-(?P<content>[0-9a-f]{{{_KEY_LETTERS}}})-[0-9A-Za-z-]+\.parquet"
)
IdentifyBy = Literal["uri", "name"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Content of a source under one contract, and the run that read it; without secrets.

    `source` is the value of `_source` in the rows; runs of the same source replace each other's rows. `options` are the
    run options that affect which records are accepted.
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
        """Key of the source, the same for all its contents."""
        return source_key(self.source)

    @property
    def content_key(self) -> str:
        """Key of the content, the same for all runs that produce the same rows."""
        parts = (_LAYOUT_NUMBER, self.source_sha256, self.contract_sha256, self.options)
        return _key(json.dumps(parts))

    def file_name(self, number: int) -> str:
        """Return the name of a data file, which is unique to this run, and which `read_name` parses."""
        return f"part-{number:05d}-{self.source_key}-{self.content_key}-{self.run_id}{DATA_SUFFIX}"

    def metadata(self, **more: str | int) -> dict[str, Any]:
        """Return the metadata of a commit of these rows, with further values."""
        values = {name: value for name, value in asdict(self).items() if name != "options"}
        return {**values, "content": self.content_key, **more}


@dataclass(frozen=True, slots=True)
class FileOrigin:
    """Keys of the source and the content of all rows in a data file, from its name."""

    source: str
    content: str


def read_name(path: str) -> FileOrigin | None:
    """Return the keys in the name of a data file, None for a file of another program."""
    match = _NAME.fullmatch(path.rsplit("/", 1)[-1])
    return None if match is None else FileOrigin(match["source"], match["content"])


def source_key(source: str) -> str:
    """Return the key of a source, a short hash for file names."""
    return _key(source)


def source_of(uri: str, sha256: str, identify_by: IdentifyBy = "uri") -> str:
    """Return the identifier of a source in the rows: its address without secrets, or its name alone."""
    # All standard inputs have the same name, so one is identified by its content.
    if uri == STANDARD_INPUT:
        return f"{STANDARD_INPUT}#{sha256}"
    if identify_by == "name":
        return shown(base_name(uri))
    # Resolved: a link and its target are the same source.
    return str(Path(local_path(uri)).resolve()) if is_local(uri) else shown(uri)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LETTERS]
