"""Read published exceptions, a record at a time: line, rules and reasons."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError
from callcenter_etl.store import access
from callcenter_etl.store.file_version import UNKNOWN
from callcenter_etl.store.store_errors import cause_of
from callcenter_etl.store.uris import is_local, shown
from callcenter_etl.writers.csv_injection import unescape

MAX_CHARACTERS = 2**20  # of a line or a cell, so that a record without end does not fill the memory
_BLOCK_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejected record: its 1-based line in the source, and its rules and reasons, each joined by `; `."""

    line: int
    rules: str
    reasons: str


def read_rejections(uri: str, storage: StorageOptions, *, excel_safe: bool) -> Iterator[Rejection]:
    """Yield the rejected records in source order, reading lazily.

    Raises SourceError where the file cannot be read, and at a line or cell of more than MAX_CHARACTERS.
    """
    plain = unescape if excel_safe else str
    # The limit is global to the process: raised and never lowered, it disturbs no other user of the csv module.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CHARACTERS))
    identity = UNKNOWN if is_local(uri) else access.identify(uri, storage)
    with access.open_stream(uri, identity, storage) as stream:
        rows = csv.reader(_lines(stream), strict=True)
        try:
            next(rows, None)
            for row in rows:
                line, rules, reasons, _ = row[-4:]
                yield Rejection(int(line), plain(rules), plain(reasons))
        except OSError as error:
            raise SourceError(f"{shown(uri)}: {cause_of(error)}") from error
        except (csv.Error, ValueError) as error:
            raise SourceError(f"{shown(uri)}: {error}") from error


def _lines(stream: IO[bytes]) -> Iterator[str]:
    held = b""
    while block := stream.read(_BLOCK_BYTES):
        *whole, held = (held + block).split(b"\n")
        yield from (f"{line.decode('utf-8')}\n" for line in whole)
        if len(held) > MAX_CHARACTERS:
            raise ValueError(f"a record has more than {MAX_CHARACTERS:,} characters")
    if held:
        yield held.decode("utf-8")
