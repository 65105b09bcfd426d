"""Shows the progress of a run: one redrawn line on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from io import TextIOBase
from typing import TYPE_CHECKING

from callcenter_etl.cli.progress_line import ProgressLine
from callcenter_etl.run.summary import Progress
from callcenter_etl.terminal import counted, printable

if TYPE_CHECKING:
    from rich.console import Console

SECONDS_BETWEEN_LINES = 5.0
# A shorter run shows no bar, which would only flicker.
SECONDS_BEFORE_BAR = 0.5


@contextmanager
def shown_progress(source: str, *, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Yield the callback for a run's progress, None if no progress is shown."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _on_terminal(source) as show:
            yield show
    else:
        yield _lines(source)


@contextmanager
def _on_terminal(source: str) -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console

    console = Console(file=sys.stderr)  # not stderr=True: that follows sys.stderr, which is replaced below
    if console.is_dumb_terminal:  # it cannot erase a line
        yield _lines(source)
        return
    with _redrawn(source, console) as show:
        yield show


@contextmanager
def _redrawn(source: str, console: Console) -> Generator[Callable[[Progress], None], None, None]:
    from rich.live import Live

    line = ProgressLine(source, console)
    # rich must not redirect the streams: it would break log lines at the terminal's width, and a line that the
    # terminal itself wraps can still be copied whole.
    live = Live(
        get_renderable=line.render,
        console=console,
        transient=True,
        refresh_per_second=4,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    started = time.monotonic()

    def show(progress: Progress) -> None:
        line.progress = progress
        if not live.is_started and time.monotonic() - started >= SECONDS_BEFORE_BAR:
            live.start()

    with redirect_stderr(_AboveTheBar(console)):
        try:
            yield show
        finally:
            live.stop()


class _AboveTheBar(TextIOBase):
    """Standard error while the bar is shown: writes whole lines above the bar."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rest = ""

    def write(self, text: str) -> int:
        """Write the complete lines, and keep the rest until its line end arrives."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._print(line)
        return len(text)

    def flush(self) -> None:
        """Do nothing: half a line above the bar could not be completed later."""

    def close(self) -> None:
        """Write the last line, also without a line end."""
        if self._rest:
            self._print(self._rest)
            self._rest = ""
        super().close()

    def isatty(self) -> bool:
        """Return True, so that log lines keep their colours."""
        return True

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text.from_ansi(line), soft_wrap=True, highlight=False)


def _lines(source: str) -> Callable[[Progress], None]:
    last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last < SECONDS_BETWEEN_LINES:
            return
        last = time.monotonic()
        of = "" if progress.bytes_total is None else f" of {progress.bytes_total:,}"
        with suppress(OSError):  # progress is optional: a closed or full standard error must not end the run
            print(
                f"{printable(source)}: {progress.bytes_read:,}{of} bytes, {counted(progress.records, 'record')},"
                f" {progress.rejected:,} rejected",
                file=sys.stderr,
            )

    return show
