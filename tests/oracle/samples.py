"""Values by type: good ones, bad ones and those that mean nothing."""

from __future__ import annotations

from tests.oracle.contracts import LOOKUPS, Column
from tests.oracle.rules import VALUE_RULES, is_normalised
from tests.oracle.values import convert, normalise
from tests.oracle.vendor_samples import unnormalised, vendor_candidates

GOOD: dict[str, tuple[str, ...]] = {
    "text": ("ab", "x", "COMPLETED", "Dropped", "FAILED", "A1", "x y", "é", "É", "abcd", "ABC", "B", "a\tb"),
    "digits": ("7", "12", "007", "5", "5000", "5001", "4", "99999999999999999999999999", "0"),
    "integer": ("7", "-1", "+3", "0", "-0", "1000", "1001", "-11", "123456789012345678901234567890", "0012"),
    "decimal": ("1.5", "-2.5", "99.25", "99.250001", "1e3", "-0.0", "+7", "1E-2", "0.1", "3", "-2.51"),
    "boolean": ("true", "false", "TRUE", "False", "tRuE"),
    "date": (
        "2024-01-15",
        "2024-01-14",
        "2024-02-29",
        "2024-06-30",
        "2024-07-01",
        "31.01.2024",
        "1/2/24",
        "03 Feb 2024",
        "Wed 31 January 2024",
        "20240131",
        "15.06.2024",
        "9/6/99",
    ),
    "time": (
        "08:00:00",
        "07:59:59",
        "18:30:00",
        "18:30:01",
        "00:00:00",
        "23:59:59",
        "9:05:00",
        "01:15 PM",
        "12:00 am",
        "7:00:00 Pm",
        "10:20",
        "10:20:30.5",
        "10:20:30.000001",
    ),
    "datetime": (
        "2024-01-15 08:00:00",
        "2024-06-30 12:00:01",
        "2024-03-01T00:00:00Z",
        "2024-03-01 00:00:00",
        "2024-03-01T00:00:00+05:30",
        "2024-03-01T00:00:00-05",
        "01/03/2024 9:05",
        "2024-04-05T06:07:08.9",
        "2024-04-05T06:07:08-0130",
    ),
    "duration": ("0:10:00", "0:09:59", "30:00:00", "30:00:01", "100:59:59", "00:00:00", "1:00:00"),
}
BAD: tuple[str, ...] = (
    "٣", "１２", "12\n", "12\r\n", "ab\n", "1,5", "1_000", "NaN", "inf", "--1", "1e", "e5", " 7", "7 ", "0x1F",
    "2023-02-29", "2024-13-01", "24:00:00", "10:60:00", "8:00:00", "2024-1-5", "0000-01-01", "31/04/2024 9:05",
    "Mon 31 January 2024", "13:00 PM", "00:10 AM", "yes", "tru", "1:60:00", "-1:00:00", "NULL", "N/A", "-",
    "null", "\x00", "a\x00b", "\u00a0", "\x1f", "\x85", "\u2028", "\u3000", "a\u2028b", "🙂", "日本", "a\x0cb",
    "\ufeff7", "x" * 300, "'", '"', 'say "hi"', "it's", "A,B", "a;b", "a|b", "#", "=1+1", "\\", "\\N", "ǅ", "à",
)  # fmt: skip
BLANKS = ("", "", "", " ", "  \t", "\u00a0", "\u2003")


def pool_of(column: Column) -> tuple[str, ...]:
    """Return values for a column, all of its type: about one in fifteen breaks another of its rules."""
    sound = [text for text in candidates(column) if is_sound(text, column)]
    keeping = [text for text in sound if keeps_rules(normalise(text, column), column)]
    times = 15 * len(sound) // max(1, len(keeping))
    return tuple(sound + keeping * times)


def near_misses(column: Column) -> tuple[str, ...]:
    """Return values that nearly have the form which the column declares."""
    return tuple(text for text in vendor_candidates(column) if not is_sound(text, column))


def candidates(column: Column) -> tuple[str, ...]:
    kind = column.get("type", "text")
    numbers = tuple(f"{place}A" if kind == "text" else f"{place}" for place in range(20, 60))
    pool = GOOD[kind] + (numbers if kind in ("text", "digits", "integer", "decimal") else ())
    pool += tuple(sorted(LOOKUPS["agents.csv"])) + vendor_candidates(column)
    if is_normalised(column):
        pool += tuple(form for text in pool for form in unnormalised(text))
    return pool


def is_sound(text: str, column: Column) -> bool:
    return convert(normalise(text, column), column) is not None


def keeps_rules(text: str, column: Column) -> bool:
    value = convert(text, column)
    if value is None or ("lookup" in column and text not in LOOKUPS["agents.csv"]):
        return False
    return not any(breaks(text, value, column) for key, breaks in VALUE_RULES.items() if key in column)
