"""Time zones of datetime columns, from the IANA database that the standard library's zoneinfo reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.suggestions import did_you_mean

# Files of a database that are not zones: the machine's own zone, and a placeholder for it.
_NOT_ZONES = frozenset({"localtime", "Factory"})
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  local times have no zone of their own


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the names of the time zones that the database of this machine has."""
    # Reading the folder takes some 20 ms, so it is read for contracts with a time zone alone.
    return frozenset(available_timezones()) - _NOT_ZONES


def timezone_fault(name: str) -> str | None:
    """Return what is wrong with the name of a time zone, None for a zone of the database."""
    names = zone_names()
    if name in names:
        return None
    if not names:
        return (
            "the machine has no time zone database"
            " (install the package tzdata of Python, or that of the operating system)"
        )
    # Of 600 names only those with the initial of the city are compared, which are few enough to compare all.
    initial = _city(name)[:1]
    near = [each for each in sorted(names) if _city(each).startswith(initial)] if initial else []
    return (
        f"unknown time zone {quoted(name)}{did_you_mean(name, near) or ' (write one such as Europe/Berlin)'}"
    )


def _city(name: str) -> str:
    return name.rpartition("/")[2].casefold()


def utc_from_local(local: int, timezone: str) -> int | None:
    """Return the instant of a local time, both in microseconds since 1970-01-01, None for a time that a gap skips.

    A time that occurs twice is the first one.
    """
    moment = (_EPOCH + timedelta(microseconds=local)).replace(tzinfo=ZoneInfo(timezone))
    first, second = (moment.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    # PEP 495: where the clocks go forward the first offset is the lower one, where they go back the greater one.
    if first < second:
        return None
    return local - first // timedelta(microseconds=1)
