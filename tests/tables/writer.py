"""A process that commits deliveries into a Delta table: `python -m tests.tables.writer URI MODE SOURCE DAY COUNT START`."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.tables.deliveries import BY_DAY, Delivery, deliver


def main(uri: str, mode: str, source: str, *numbers: str) -> None:
    """Wait until the moment `start`, so that all processes commit at once; tell what came of each commit."""
    day, count, start = numbers
    time.sleep(max(0.0, float(start) - time.time()))
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(int(count)):
            delivery = Delivery(f"{source}-{number}", ((int(day), number),))
            done = deliver(uri, delivery, Path(scratch), mode, BY_DAY)  # type: ignore[arg-type]
            print(json.dumps({"source": delivery.source, "version": done.version}))


if __name__ == "__main__":
    main(*sys.argv[1:])
