"""The keys of a column about dates and times: `format`, `timezone`, `two_digit_years`, and their faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from callcenter_etl.contract.datetime_formats import has_directive
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.key_types import FrozenModel, as_count
from callcenter_etl.contract.timezones import timezone_fault
from callcenter_etl.contract.typed_text import FORMATTED, format_fault

Found = Iterator[tuple[Path, str, int]]
MAX_FIRST_YEAR = 9900  # the hundred years end in 9999 at the latest


def _first_year(value: Any) -> int:
    year = as_count(value)
    if not 1 <= year <= MAX_FIRST_YEAR:
        raise ValueError(f"a year from 1 to {MAX_FIRST_YEAR} is expected, not {year}")
    return year


class TwoDigitYears(FrozenModel):
    """The hundred years to which the years of `%y` belong."""

    # `from` is a keyword of Python, hence the alias.
    first: Annotated[
        int,
        BeforeValidator(_first_year),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_FIRST_YEAR}),
    ] = Field(alias="from", description="the first of the hundred years, such as 1950")


def format_faults(kind: str, formats: tuple[str, ...], path: Path) -> Found:
    """Yield the faults of the formats of a column."""
    if formats and kind not in FORMATTED:
        yield (*path, "format"), f"format goes with type date, time, datetime or duration, not {kind!r}", 0
        return
    for declared in formats:
        wrong = format_fault(kind, declared)
        if wrong is not None:
            yield (*path, "format"), wrong, 0


def timezone_faults(kind: str, timezone: str | None, path: Path) -> Found:
    """Yield the faults of the time zone of a column."""
    if timezone is None:
        return
    if kind != "datetime":
        yield (*path, "timezone"), f"timezone goes with type datetime, not {kind!r}", 0
        return
    wrong = timezone_fault(timezone)
    if wrong is not None:
        yield (*path, "timezone"), wrong, 0


def two_digit_years_faults(years: TwoDigitYears | None, formats: tuple[str, ...], path: Path) -> Found:
    """Yield the fault of two-digit years that no format of the column has."""
    if years is not None and not has_directive(formats, "%y"):
        sentence = "two_digit_years goes with a format that has %y, and none has"
        yield (*path, "two_digit_years"), sentence, 0
