"""Finished local Parquet files that will become data files of a table, and their metadata."""

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
    """A finished file. `partition` maps the table's partition columns to the file's values as text, None for null.

    `footer` is the Parquet footer, kept here because the file is moved before the commit needs its statistics.
    """

    file: Path
    partition: Mapping[str, str | None]
    bytes: int
    sha256: str
    footer: pq.FileMetaData

    @property
    def records(self) -> int:
        """The number of rows in the footer."""
        return int(self.footer.num_rows)

    @classmethod
    def of(cls, file: Path, partition: Mapping[str, str | None]) -> DataFile:
        """Return an existing file with its size, hash and footer.

        Raises OutputError where it cannot be read, pa.ArrowInvalid where it is not a Parquet file.
        """
        with translate_os_errors(file):
            with file.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            return cls(file, partition, file.stat().st_size, sha256, pq.read_metadata(file))


def path_in_table(file: DataFile, origin: Provenance, number: int) -> str:
    """Return the path of a file relative to the table."""
    # Readers take the partition values from the log; the folders are for people. Readers differ about escapes in paths,
    # so characters that would need one are replaced.
    folders = [
        f"{_UNSAFE.sub('_', name)}={NULL_NAME if value is None else _UNSAFE.sub('_', value)[:_MAX_FOLDER_LENGTH]}"
        for name, value in file.partition.items()
    ]
    return "/".join((*folders, origin.file_name(number)))


def value_text(value: Any) -> str | None:
    """Return a partition value as text, in the form of Delta's log; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)
