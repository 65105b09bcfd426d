"""Formats the progress of a run as one line that fits the width of a terminal."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from callcenter_etl.run.summary import Progress
from callcenter_etl.store.uris import STANDARD_INPUT, base_name
from callcenter_etl.terminal import amount, counted, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

MIN_NAME, MIN_BAR, MAX_BAR = 12, 8, 40
_GAP = "  "


class ProgressLine:
    """The line of one run: the run's thread sets `progress`, rich's thread calls `render`."""

    def __init__(self, source: str, console: Console) -> None:
        self.progress: Progress | None = None
        self._name = "standard input" if source == STANDARD_INPUT else printable(base_name(source))
        self._console = console
        self._started = time.monotonic()

    def render(self) -> Text:
        """Return the line for the present width of the terminal."""
        from rich.text import Text

        if self.progress is None:
            return Text(self._name, no_wrap=True, overflow="ellipsis")
        seconds = time.monotonic() - self._started
        # The last column stays free: some terminals wrap a line as soon as that is filled.
        line = progress_line(self._name, self.progress, seconds=seconds, width=_width(self._console) - 1)
        return Text(line, no_wrap=True, overflow="ellipsis")


def _width(console: Console) -> int:
    """Return the width of the terminal itself.

    rich prefers the variable COLUMNS; if that is wider than the terminal, the line wraps and is not erased whole.
    """
    try:
        return os.get_terminal_size(console.file.fileno()).columns or console.width
    except (OSError, ValueError):
        return console.width


def progress_line(name: str, progress: Progress, *, seconds: float, width: int) -> str:
    """Return name, bar and figures in at most `width` characters; figures are left out whole and never cut."""
    share = _share(progress)
    wanted_name = min(len(name), MIN_NAME)
    figures = next(
        (each for each in _candidates(progress, seconds) if wanted_name + len(_GAP) + len(each) <= width),
        "",
    )
    room = width - len(figures) - len(_GAP)
    bar_room = room - min(len(name), max(wanted_name, room // 2)) - len(_GAP)
    bar = "" if share is None or bar_room < MIN_BAR else _bar(share, min(bar_room, MAX_BAR))
    name_room = room - (len(bar) + len(_GAP) if bar else 0)
    shown = name if len(name) <= name_room else f"{name[: max(name_room - 1, 0)]}…"
    return _GAP.join(part for part in (shown, bar, figures) if part)[:width]


def _candidates(progress: Progress, seconds: float) -> Sequence[str]:
    """Return the figures in ever shorter selections, the first with all of them."""
    share = _share(progress)
    records, rejected = counted(progress.records, "record"), f"{progress.rejected:,} rejected"
    if share is None:
        read = amount(progress.bytes_read)
        return [_GAP.join(parts) for parts in ((read, records, rejected), (read, records), (read,))]
    percent, left = f"{share:4.0%}", _left(share, seconds)
    of = f"{amount(progress.bytes_read)} of {amount(progress.bytes_total or 0)}"
    choices = (
        (percent, of, records, rejected, left),
        (percent, records, rejected, left),
        (percent, records, rejected),
        (percent, records),
        (percent,),
    )
    return [_GAP.join(parts) for parts in choices]


def _share(progress: Progress) -> float | None:
    if not progress.bytes_total:
        return None
    # A source that grows while it is read would give more than 100 %; the run refuses it at its end.
    return min(progress.bytes_read / progress.bytes_total, 1.0)


def _left(share: float, seconds: float) -> str:
    # Before the first bytes are read, the remaining time has nothing to be computed from.
    if share <= 0:
        return "-:--:-- left"
    minutes, rest = divmod(round(seconds / share - seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} left"


def _bar(share: float, width: int) -> str:
    done = round(share * width)
    return "━" * done + "─" * (width - done)
