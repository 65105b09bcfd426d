"""Finished Parquet files on this machine that are to become files of a table, and what the table is reported of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.writers.tables.provenance import Provenance

NULL_NAME = "__HIVE_DEFAULT_PARTITION__"
_MAX_FOLDER_LENGTH = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A finished file. `partition` are its values of the table's partition columns as text, None for null.

    `footer` is Parquet's own, kept because the file is moved before the table is reported of it.
    """

    file: Path
    partition: Mapping[str, str | None]
    bytes: int
    sha256: str
    footer: pq.FileMetaData

    @property
    def records(self) -> int:
        """The rows in it, as its footer says."""
        return int(self.footer.num_rows)

    @classmethod
    def of(cls, file: Path, partition: Mapping[str, str | None]) -> DataFile:
        """Describe a file that is there. Raises OutputError, and pa.ArrowInvalid where it is no Parquet file."""
        with translate_os_errors(file):
            with file.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            return cls(file, partition, file.stat().st_size, sha256, pq.read_metadata(file))


def path_in_table(file: DataFile, origin: Provenance, number: int) -> str:
    """Return where a file goes, relative to the table; folders are for people, the values stand in the log.

    Readers differ about escapes in paths, so letters that would need one are left out.
    """
    folders = [
        f"{_UNSAFE.sub('_', name)}={NULL_NAME if value is None else _UNSAFE.sub('_', value)[:_MAX_FOLDER_LENGTH]}"
        for name, value in file.partition.items()
    ]
    return "/".join((*folders, origin.file_name(number)))


def value_text(value: Any) -> str | None:
    """Return a partition's value as the log has it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)
