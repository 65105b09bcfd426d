"""Write the rows that executors return, and check that none is missing or changed."""

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
    """Length and CRC-32 of the judged bytes, combined from the parts in order."""

    # CRC-32s of parts can be combined to that of the whole, which SHA-256 does not allow.

    def __init__(self) -> None:
        self.bytes = 0
        self.crc32 = 0

    def add(self, end: str) -> None:
        """Add the length and CRC-32 in the END row of the next part."""
        part = json.loads(end)
        self.crc32 = isal_zlib.crc32_combine(self.crc32, part["crc32"], part["bytes"])
        self.bytes += part["bytes"]

    def check_equal(self, size: int, crc32: int, uri: str) -> None:
        """Raise SourceError unless the executors judged the same bytes as the driver read."""
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
    """Write the rows of the parts from `first` to `parts` (exclusive), in order, and return length and CRC of their bytes.

    Raises the error of an ERROR row, AccountingError where a row is missing or out of order.
    """
    body, part, number = Body(), first, 0
    for row in rows:
        # A row that was lost, repeated or late would change the outputs without an error of Spark.
        if (row["part"], row["number"]) != (part, number):
            raise AccountingError(
                f"row {number} of part {part} is missing: row {row['number']} of part {row['part']} came"
            )
        if row["kind"] == ERROR:
            raise decode_error(row["details"])
        if row["kind"] == END:
            body.add(row["details"])
            part, number = part + 1, 0
            continue
        write_block(decode_block(row), router, accounts)
        number += 1
        after_each()
    # The last part must have its END too: without it, rows at its end may be missing.
    if (part, number) != (parts, 0):
        raise AccountingError(f"{part} of {parts} parts came back complete")
    return body


def decode_block(row: Any) -> RoutedBlock:
    """Return the block of a row. Raises AccountingError for a row of another kind."""
    if row["kind"] != BLOCK:
        raise AccountingError(f"a row of kind {row['kind']!r} came back")
    routed = Routed(
        # Views, since a block has megabytes that are only written.
        memoryview(row["target"]),
        memoryview(row["rejected"]),
        memoryview(row["exceptions"]),
        row["exception_records"],
        row["target_records"],
    )
    return RoutedBlock((routed,), decode_counts(row["details"]))
