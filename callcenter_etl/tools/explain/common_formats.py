"""The formats of dates and times that senders use most, as candidates for a contract's `format`."""

from __future__ import annotations

_CLOCKS = (
    "%H:%M:%S", "%-H:%M:%S", "%H:%M", "%-H:%M", "%H:%M:%S.%f", "%-H:%M:%S.%f", "%I:%M:%S %p", "%-I:%M:%S %p",
    "%I:%M %p", "%-I:%M %p",
)  # fmt: skip
_TIMES = (
    *_CLOCKS, "%H:%M:%S%z", "%H.%M.%S", "%H.%M", "%H%M%S", "%H%M", "%-H:%-M:%-S", "%I:%M:%S%p", "%-I:%M%p",
)  # fmt: skip
_DATES = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%-d/%-m/%Y", "%-m/%-d/%Y", "%d.%m.%Y", "%-d.%-m.%Y", "%d-%m-%Y",
    "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d-%b-%Y", "%-d-%b-%Y", "%d %b %Y", "%-d %b %Y", "%d %B %Y",
    "%-d %B %Y", "%b %d, %Y", "%b %-d, %Y", "%B %-d, %Y", "%d/%m/%y", "%m/%d/%y", "%-d/%-m/%y", "%-m/%-d/%y",
    "%d.%m.%y", "%d-%m-%y", "%d-%b-%y", "%Y-%-m-%-d",
)  # fmt: skip
_MOMENTS = (
    *(f"{date} {clock}" for date in _DATES for clock in _CLOCKS),
    *(f"%Y-%m-%dT{clock}{zone}" for clock in ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M") for zone in ("", "%z")),
    *(f"%Y-%m-%d {clock}%z" for clock in ("%H:%M:%S", "%H:%M:%S.%f")),
    "%Y%m%d%H%M%S",
)  # fmt: skip
_DURATIONS = (
    "M:SS", "H:MM:SS", "H:MM", "H:MM:SS.f", "M:SS.f", "D.HH:MM:SS", "D HH:MM:SS", "D:HH:MM:SS", "D.HH:MM:SS.f", "S", "S.f",
)  # fmt: skip
CANDIDATES: dict[str, tuple[str, ...]] = {
    "time": _TIMES,
    "date": _DATES,
    "datetime": _MOMENTS,
    "duration": _DURATIONS,
}
