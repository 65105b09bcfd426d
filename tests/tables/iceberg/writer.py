"""A process that commits deliveries into an Iceberg table: `python -m tests.tables.iceberg.writer FOLDER SOURCE COUNT START`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.tables.deliveries import Delivery, deliver
from tests.tables.iceberg.catalogs import goal_in, new_catalog


def main(folder: str, source: str, count: str, start: str) -> None:
    """Wait until the moment `start`, so that all processes commit at once."""
    catalog = new_catalog(Path(folder))
    time.sleep(max(0.0, float(start) - time.time()))
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(int(count)):
            deliver(goal_in(catalog), Delivery(f"{source}-{number}", ((1, number),)), Path(scratch))


if __name__ == "__main__":
    main(*sys.argv[1:])
