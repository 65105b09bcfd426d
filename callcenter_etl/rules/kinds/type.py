"""`type`: a value is of the column's type, in one of its formats."""

from __future__ import annotations

from callcenter_etl.contract.boolean_words import boolean_words
from callcenter_etl.contract.datetime_formats import describe_format
from callcenter_etl.contract.model import Column
from callcenter_etl.contract.number_format import number_format
from callcenter_etl.rules.rule_kind import (
    GOT,
    Asked,
    Broken,
    FormChange,
    RuleKind,
    always_breakable,
    demand_of,
    no_hints,
)
from callcenter_etl.rules.sample import Sample, column_sample
from callcenter_etl.rules.type_changes import FORMATTED, every_value_stays

_WORDS = {
    "digits": "digits only",
    "integer": "an integer",
    "decimal": "a decimal number",
    "boolean": "true or false",
    "date": "a date",
    "time": "a time",
    "datetime": "a date and time",
    "duration": "a duration",
}


def _mask(column: Column) -> Broken:
    return lambda columns: columns.type_broken(column.name)


def _sentence(column: Column) -> str:
    return f"{{column}} must be {_described(column)}{GOT}"


def _described(column: Column) -> str:
    words = _WORDS[column.type]
    notation, true_and_false = number_format(column), boolean_words(column)
    if column.type in FORMATTED:
        zone = "" if column.timezone is None else f", and exist in {column.timezone}"
        return f"{words} as {' or '.join(describe_format(each) for each in column.formats)}{zone}"
    if notation is not None:
        return f"{words} such as {notation.example}"
    return words if true_and_false is None else true_and_false.described


def _newly_rejected(_: Column | None, after: Column) -> str:
    notation, words = number_format(after), boolean_words(after)
    if after.formats:
        zone = "" if after.timezone is None else f" in {after.timezone}"
        return f"values that are no {after.type} as {' or '.join(after.formats)}{zone}"
    if notation is not None:
        return f"values that are no {after.type} such as {notation.example}"
    return f"values that are no {after.type}" + ("" if words is None else f": {words.described}")


def _sample(name: str, asks: str, good: str, bad: str, keys: str = "") -> Sample:
    return column_sample("type", f"{name}: {asks}", f"type: {name}{keys}", good, bad)


TYPE = RuleKind(
    key="type",
    asks=Asked.FILLED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="is of another type",
    outliers="are no {type}",
    declared=lambda column: column.type,
    reported=lambda column: column.type,
    is_wider=every_value_stays,
    newly_rejected=_newly_rejected,
    kept_through=frozenset({FormChange.TRIMMED}),
    hints=no_hints,  # values of every type are tried, and texts of none
    unbreakable=always_breakable,
    samples=(
        _sample("digits", "ASCII digits, leading zeros kept", "007", "7a"),
        _sample("integer", "an optional sign and ASCII digits", "-12", "12.0"),
        _sample(
            "decimal",
            "digits with an optional sign, point and exponent; not NaN, not infinity",
            "-1.5e3",
            "NaN",
        ),
        _sample("boolean", "true or false, in any letter case", "True", "yes"),
        _sample(
            "decimal",
            "with decimal, thousands, prefix or suffix: all groups of three digits, or none",
            '"€1.234,50"',
            '"€1.2.3,50"',
            keys=', decimal: ",", thousands: ".", prefix: [€]',
        ),
        _sample(
            "boolean",
            "with true_values and false_values: these words, compared exactly",
            "Y",
            "true",
            keys=', true_values: [Y, "1"], false_values: [N, "0"]',
        ),
        _sample("date", "a real date, in one of the declared formats", "2024-02-29", "2025-02-29"),
        _sample("time", "a real time of day, in one of the declared formats", "23:59:59", "24:00:00"),
        _sample(
            "datetime",
            "a real date and time, in one of the formats",
            "2025-01-31 08:00:00",
            "2025-01-31T08:00",
        ),
        column_sample(
            "type",
            "datetime: with epoch_s, epoch_ms or epoch_us, an instant of the years 1 to 9999",
            "type: datetime, format: epoch_s",
            "1738310400",
            "1738310400.5",
        ),
        column_sample(
            "type",
            "datetime: with a timezone, a local time that exists there",
            "type: datetime, timezone: America/Chicago",
            "2025-03-09 03:30:00",
            "2025-03-09 02:30:00",
        ),
        column_sample(
            "type",
            "date: with two_digit_years, a date of these hundred years (1900 had no 29 February)",
            "type: date, format: '%d.%m.%y', two_digit_years: {from: 1900}",
            "29.02.04",
            "29.02.00",
        ),
        column_sample(
            "type",
            "duration: with a format, its units",
            "type: duration, format: [M:SS, D.HH:MM:SS.f]",
            "95:30",
            "95:60",
        ),
        _sample("duration", "hours, minutes and seconds; the hours may pass 24", "30:00:00", "30:60:00"),
    ),
)
