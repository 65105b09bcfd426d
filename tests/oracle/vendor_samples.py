"""Values in the form that a column declares, and values that miss it by little."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

Column = dict[str, Any]

# (whole, fraction with its exponent): grouped, marked and dressed below.
PLAIN = (
    ("0", ""), ("7", ""), ("12", ""), ("999", ""), ("1000", ""), ("1234567", ""), ("99", "25"), ("1234", "50"),
    ("0", "5"), ("1234567", "001"), ("20", "0"), ("5", "e2"), ("1234", "5E-2"), ("0012", ""), ("", "5"), ("3", "."),
)  # fmt: skip
MISGROUPED = (
    "1,2,3",
    "12,34",
    "1,2345",
    ",123",
    "1234,567",
    "1,234,",
    "1,,234",
    "12345,678",
    "1,23",
    "0,123",
    "1,234,567",
)
# Moments at the edges of clocks that are put forward and back, of years and of the epoch.
MOMENTS = tuple(
    datetime.fromisoformat(text)
    for text in (
        "2024-03-10T02:30:00", "2024-03-10T01:59:59", "2024-03-10T03:00:00", "2024-11-03T01:30:00", "2024-11-03T02:00:00",
        "2024-03-31T02:30:00", "2024-03-31T01:30:00", "2024-10-27T02:30:00", "2024-10-27T01:30:00", "2024-04-07T01:45:00",
        "2024-10-06T02:15:00", "2011-12-30T12:00:00", "1972-01-07T00:30:00", "2024-01-15T08:00:00", "2024-06-30T12:00:01",
        "1970-01-01T00:00:00", "1900-01-01T00:00:00", "2050-07-01T12:00:00", "2024-03-01T00:00:00", "1883-11-18T12:00:00",
    )
)  # fmt: skip
FRACTIONS = (".5", ".000001", ".123456789", ".0000009", ".9999999", ".1234567891", ".")
EPOCHS = (
    "0", "1704067200", "1704067200000", "1704067200000000", "-1", "-62135596800", "-62135596801", "253402300799",
    "253402300800", "253402300799999", "253402300800000", "253402300799999999", "253402300800000000", "1719748801",
    "+5", "1.5", "007", "-0", "99999999999999999999", "1e9",
)  # fmt: skip
DURATIONS = {
    "D": ("0", "3", "400"), "H": ("0", "30", "100"), "M": ("0", "75", "10"), "S": ("0", "3600", "59", "61"),
    "HH": ("00", "23", "24", "7"), "MM": ("00", "59", "60"), "SS": ("00", "59", "60", "5"), "f": ("5", "000000001", "1234567891", "999999"),
}  # fmt: skip


def vendor_candidates(column: Column) -> tuple[str, ...]:
    """Return texts for the vendor's keys of a column; none for a plain column."""
    found: list[str] = []
    for key, make in MAKERS.items():
        if key in column:
            found += make(column)
    return tuple(dict.fromkeys(found))


def unnormalised(text: str) -> tuple[str, ...]:
    """Return the forms that `trim` and `case` bring back to one."""
    return (f" {text}", f"{text}\u00a0\t", text.upper(), text.lower(), text.swapcase() + " ")


def _numbers(column: Column) -> list[str]:
    plain = [number for whole, fraction in PLAIN for number in _marked(whole, fraction, column)]
    if "thousands" in column:
        plain += [text.replace(",", column["thousands"]) for text in MISGROUPED]
    prefixes, suffixes = _texts(column, "prefix"), _texts(column, "suffix")
    found = [f"{sign}{text}" for text in plain for sign in ("", "-")]
    for place, text in enumerate(plain):
        prefix, suffix = prefixes[place % len(prefixes)], suffixes[place % len(suffixes)]
        found += [
            f"{prefix}{text}",
            f"-{prefix}{text}{suffix}",
            f"{prefix}+{text}{suffix}",
            f"{text}{suffix}",
        ]
        if place % 4 == 0:
            found += [
                f"-{prefix}-{text}",
                f"{prefix}{prefix}{text}",
                f"{text}{suffix}{suffix}",
                f"{prefix} {text}",
                prefix,
                suffix,
            ]
            found += [f"{suffix}{text}", f"{text}{prefix}", f"{prefix}{text}-", f"--{text}"]
    return [text for text in found if text.strip() != ""]


def _marked(whole: str, fraction: str, column: Column) -> list[str]:
    """Write a number with the column's marks: grouped and not, and once with the point of others."""
    point = column.get("decimal", ".")
    if fraction == ".":
        tail = point
    elif fraction.lower().startswith("e") or fraction == "":
        tail = fraction
    else:
        tail = point + fraction
    grouped = re.sub(r"(?<=[0-9])(?=(?:[0-9]{3})+$)", column.get("thousands", ""), whole)
    return list(dict.fromkeys([whole + tail, grouped + tail, f"{whole}.{fraction}"]))


def _texts(column: Column, key: str) -> list[str]:
    declared = column.get(key, "")
    return [declared] if isinstance(declared, str) else list(declared)


def _booleans(column: Column) -> list[str]:
    declared = [str(text) for text in column["true_values"] + column["false_values"]]
    return [
        form
        for text in declared
        for form in (text, text, text.upper(), text.lower(), f"{text} ", text + text)
    ]


def _formats(column: Column) -> list[str]:
    """Write moments, epochs and fractions in each format of the column."""
    formats = [column["format"]] if isinstance(column["format"], str) else column["format"]
    if column["type"] == "duration":
        return [text for wanted in formats for text in _durations(wanted)]
    found = [text for text in EPOCHS if any(wanted.startswith("epoch") for wanted in formats)]
    for wanted in formats:
        if not wanted.startswith("epoch"):
            found += [text for moment in MOMENTS for text in _written(moment, wanted)]
    return found


def _written(moment: datetime, wanted: str) -> list[str]:
    if "%f" not in wanted:
        return [moment.strftime(wanted)]
    before, after = wanted.split(".%f")
    return [moment.strftime(before) + part + moment.strftime(after) for part in FRACTIONS]


def _durations(wanted: str) -> list[str]:
    pieces = re.findall("HH|MM|SS|[DHMSf]|[^DHMSf]+", wanted)
    return [
        "".join(
            DURATIONS.get(piece, (piece,))[turn % len(DURATIONS.get(piece, (piece,)))] for piece in pieces
        )
        for turn in range(13)
    ] + ["0:10:00", "-1:00", "5", ":05", "1:2:3:4"]


def _vendor_formats(column: Column) -> list[str]:
    """Write nothing for formats that plain contracts have too: their cases stay as they are."""
    formats = column["format"]
    has_fraction = isinstance(formats, list) and "%f" in formats[0]
    is_vendors = column["type"] == "duration" or "epoch" in str(formats) or has_fraction
    return _formats(column) if is_vendors else []


def _local_times(column: Column) -> list[str]:
    return _formats({"format": "%Y-%m-%d %H:%M:%S"} | column)


MAKERS: dict[str, Callable[[Column], list[str]]] = {
    "decimal": _numbers,
    "thousands": _numbers,
    "prefix": _numbers,
    "suffix": _numbers,
    "true_values": _booleans,
    "timezone": _local_times,
    "two_digit_years": _formats,
    "format": _vendor_formats,
}
