"""Numbers as vendors write them: decimal mark, thousands, prefix and suffix."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

Column = dict[str, Any]


def number(text: str, column: Column) -> Decimal | None:
    """Read an integer or decimal, or return None where the text is not one in the column's form."""
    sign, rest = taken_sign(text)
    rest = without_prefix(rest, texts(column, "prefix"))
    if sign == "":
        sign, rest = taken_sign(rest)
    rest = without_suffix(rest, texts(column, "suffix"))
    if column["type"] == "integer":
        digits = without_groups(rest, column.get("thousands"))
        return None if digits is None else Decimal(sign + digits)
    return decimal(sign, rest, column)


def taken_sign(text: str) -> tuple[str, str]:
    return (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)


def texts(column: Column, key: str) -> list[str]:
    """Return the declared texts, the longest first."""
    declared = column.get(key, [])
    return sorted([declared] if isinstance(declared, str) else declared, key=len, reverse=True)


def without_prefix(text: str, prefixes: list[str]) -> str:
    found = next((prefix for prefix in prefixes if text.startswith(prefix)), "")
    return text[len(found) :]


def without_suffix(text: str, suffixes: list[str]) -> str:
    found = next((suffix for suffix in suffixes if text.endswith(suffix)), "")
    return text[: len(text) - len(found)]


def without_groups(text: str, mark: str | None) -> str | None:
    """Return the digits without their thousands separators: none at all, or all of them."""
    groups = [text] if mark is None else text.split(mark)
    if not all(re.fullmatch("[0-9]+", group) for group in groups):
        return None
    if len(groups) > 1 and (len(groups[0]) > 3 or any(len(group) != 3 for group in groups[1:])):
        return None
    return "".join(groups)


def decimal(sign: str, text: str, column: Column) -> Decimal | None:
    """Read digits, mark, digits and exponent; digits must be on one side of the mark at least."""
    parts = re.fullmatch("(.*?)([eE][+-]?[0-9]+)?", text, re.DOTALL)
    mantissa, exponent = (text, "") if parts is None else (parts[1], parts[2] or "")
    mark = column.get("decimal", ".")
    whole, found, fraction = mantissa.partition(mark)
    if re.fullmatch("[0-9]*", fraction) is None or (whole == "" and fraction == ""):
        return None
    digits = without_groups(whole, column.get("thousands")) if whole != "" else ""
    if digits is None:
        return None
    return Decimal(f"{sign}{digits or '0'}{'.' if found else ''}{fraction}{exponent}")
