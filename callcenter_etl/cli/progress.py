"""Shows how far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from callcenter_etl.summary import Progress
from callcenter_etl.terminal import printable

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def shown_progress(source: str, *, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Give what a run tells its progress to, None where nothing is to be shown."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(source) as show:
            yield show
    else:
        yield _lines(source)


@contextmanager
def _bar(source: str) -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[records]:,} records, {task.fields[rejected]:,} rejected"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(printable(source), total=None, records=0, rejected=0)

        def show(progress: Progress) -> None:
            bar.update(
                task,
                completed=progress.bytes_read,
                total=progress.bytes_total,
                records=progress.records,
                rejected=progress.rejected,
            )

        yield show


def _lines(source: str) -> Callable[[Progress], None]:
    last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last < SECONDS_BETWEEN_LINES:
            return
        last = time.monotonic()
        of = "" if progress.bytes_total is None else f" of {progress.bytes_total:,}"
        with suppress(OSError):  # a full standard error keeps no run from its end
            print(
                f"{printable(source)}: {progress.bytes_read:,}{of} bytes, {progress.records:,} records,"
                f" {progress.rejected:,} rejected",
                file=sys.stderr,
            )

    return show
