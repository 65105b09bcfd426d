"""Takes the rows that come back from executors to their places, and proves that none is missing or changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from isal import isal_zlib

from callcenter_etl.engines.block_steps import RoutedBlock, write_block
from callcenter_etl.engines.task_messages import (
    BLOCK,
    END,
    ERROR,
    decode_counts,
    decode_error,
)
from callcenter_etl.errors import AccountingError, SourceError
from callcenter_etl.judge.tally import Tally
from callcenter_etl.writers.router import Routed, Router


class Body:
    """Length and CRC-32 of the bytes that were judged, part by part in order."""

    def __init__(self) -> None:
        self.bytes = 0
        self.crc32 = 0

    def add(self, told: str) -> None:
        """Add what the END of the next part tells."""
        part = json.loads(told)
        self.crc32 = isal_zlib.crc32_combine(self.crc32, part["crc32"], part["bytes"])
        self.bytes += part["bytes"]

    def hold_to(self, size: int, crc32: int, uri: str) -> None:
        """Raise SourceError unless what was judged is what the driver read beside it."""
        if (self.bytes, self.crc32) != (size, crc32):
            raise SourceError(
                f"{uri}: executors read other bytes ({self.bytes:,}) than the driver ({size:,})"
                " (it changed while it was read, or is another file on their machines)"
            )


def collect_rows(
    rows: Iterable[Any],
    *,
    first: int = 0,
    parts: int,
    router: Router,
    accounts: Tally,
    after_each: Callable[[], None],
) -> Body:
    """Take every row of the parts from `first` to `parts` (exclusive) to its place, in order.

    Raises what a row tells of, AccountingError for rows out of order.
    """
    body, part, number = Body(), first, 0
    for row in rows:
        if (row["part"], row["number"]) != (part, number):
            raise AccountingError(
                f"row {number} of part {part} is missing: row {row['number']} of part {row['part']} came"
            )
        if row["kind"] == ERROR:
            raise decode_error(row["told"])
        if row["kind"] == END:
            body.add(row["told"])
            part, number = part + 1, 0
            continue
        write_block(decode_block(row), router, accounts)
        number += 1
        after_each()
    if (part, number) != (parts, 0):
        raise AccountingError(f"{part} of {parts} parts came back whole")
    return body


def decode_block(row: Any) -> RoutedBlock:
    """Return the block that a row holds."""
    if row["kind"] != BLOCK:
        raise AccountingError(f"a row of kind {row['kind']!r} came back")
    routed = Routed(
        memoryview(row["target"]),
        memoryview(row["rejected"]),
        memoryview(row["exceptions"]),
        row["exception_records"],
        row["target_records"],
    )
    return RoutedBlock((routed,), decode_counts(row["told"]))
