"""Notation of numbers in a column: separators, prefixes and suffixes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.quoting import quoted

Found = Iterator[tuple[Path, str, int]]

POINT = "."
NUMBER_KEYS = ("decimal", "thousands", "prefix", "suffix")
_TYPES = dict.fromkeys(NUMBER_KEYS, ("integer", "decimal")) | {"decimal": ("decimal",)}
_PARTS_OF_NUMBERS = "0123456789+-eE"  # a separator that is one of these could not be distinguished from it
_GROUP_DIGITS = 3


class NumberColumn(Protocol):
    """The keys of a column that declare the notation of its numbers."""

    @property
    def type(self) -> str:
        """Return the column's type."""

    @property
    def decimal(self) -> str | None:
        """Return the decimal separator, None for a point."""

    @property
    def thousands(self) -> str | None:
        """Return the separator of thousands, None for none."""

    @property
    def prefix(self) -> tuple[str, ...]:
        """Return the texts of which one may be before a number."""

    @property
    def suffix(self) -> tuple[str, ...]:
        """Return the texts of which one may be after a number."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A notation other than the plain one of a sign, ASCII digits, a point and an exponent.

    `decimal` is None for integers. `prefixes` and `suffixes` are sorted by length, the longest first.
    """

    decimal: str | None
    thousands: str | None
    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """The pattern of a whole value, without anchors; it has the same meaning for Python's re and for RE2."""
        prefix, suffix = _one_of(self.prefixes), _one_of(self.suffixes)
        signed = "[+-]?" if prefix is None else f"(?:[+-]?{prefix}?|{prefix}[+-])"
        return signed + self._digits_pattern() + ("" if suffix is None else f"{suffix}?")

    def _digits_pattern(self) -> str:
        whole = "[0-9]+"
        if self.thousands is not None:
            # Groups first: all separators must be there, or none.
            whole = f"(?:[0-9]{{1,3}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|[0-9]+)"
        if self.decimal is None:
            return whole
        point = re.escape(self.decimal)
        return f"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"

    def plain(self, value: str) -> str | None:
        """Return a value in the plain notation, None if it is not a number of this notation."""
        if _compiled(self.pattern).fullmatch(value) is None:
            return None
        sign = ""
        if value[0] in "+-":
            sign, value = value[0], value[1:]
        prefix = next((each for each in self.prefixes if value.startswith(each)), "")
        suffix = next((each for each in self.suffixes if value.endswith(each)), "")
        value = value[len(prefix) : len(value) - len(suffix)]
        if self.thousands is not None:
            value = value.replace(self.thousands, "")
        return sign + (value if self.decimal is None else value.replace(self.decimal, POINT))

    def write(self, plain: str) -> Iterator[str]:
        """Yield a plain number in this notation: short, then with each part that the notation allows."""
        sign, digits = (plain[0], plain[1:]) if plain[:1] in ("+", "-") else ("", plain)
        if self.decimal is not None:
            digits = digits.replace(POINT, self.decimal)
        yield sign + digits
        grouped = _grouped(digits, self.thousands)
        if grouped != digits:
            yield sign + grouped
        yield from (f"{sign}{prefix}{grouped}" for prefix in self.prefixes)
        yield from (f"{sign}{grouped}{suffix}" for suffix in self.suffixes)

    @property
    def example(self) -> str:
        """A number with the separators of this notation, and its shortest prefix or else its shortest suffix."""
        number = f"1{self.thousands or ''}234" + ("" if self.decimal is None else f"{self.decimal}5")
        return self.prefixes[-1] + number if self.prefixes else "".join((number, *self.suffixes[-1:]))

    def is_wider(self, before: NumberFormat) -> bool:
        """Return whether every number of the notation `before` is the same number in this one."""
        separators = before.decimal in (None, self.decimal) and before.thousands in (None, self.thousands)
        return (
            separators and _all_in(before.prefixes, self.prefixes) and _all_in(before.suffixes, self.suffixes)
        )

    def agrees_with(self, other: NumberFormat) -> bool:
        """Return whether every text that is a number in both notations is the same number in both."""
        confused = ((self.decimal, other.thousands), (other.decimal, self.thousands))
        return not any(point is not None and point == group for point, group in confused)


def _grouped(digits: str, separator: str | None) -> str:
    """Return digits with separators of thousands in the whole part."""
    whole = re.match("[0-9]*", digits)
    if separator is None or whole is None:
        return digits
    end = whole.end()
    first = end % _GROUP_DIGITS or _GROUP_DIGITS
    groups = [digits[:first], *(digits[at : at + _GROUP_DIGITS] for at in range(first, end, _GROUP_DIGITS))]
    return separator.join(groups) + digits[end:] if end else digits


def _all_in(some: Iterable[str], others: Iterable[str]) -> bool:
    return set(some) <= set(others)


def _one_of(texts: tuple[str, ...]) -> str | None:
    return f"(?:{'|'.join(map(re.escape, texts))})" if texts else None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def number_format(column: NumberColumn) -> NumberFormat | None:
    """Return the declared notation of a column's numbers, None for the plain one."""
    if (column.decimal, column.thousands, column.prefix, column.suffix) == (None, None, (), ()):
        return None
    return complete_format(column)


def complete_format(column: NumberColumn) -> NumberFormat:
    """Return the notation of a column's numbers, also the plain one."""
    decimal = POINT if column.decimal is None else column.decimal
    return NumberFormat(
        decimal=decimal if column.type == "decimal" else None,
        thousands=column.thousands,
        prefixes=tuple(sorted(column.prefix, key=len, reverse=True)),
        suffixes=tuple(sorted(column.suffix, key=len, reverse=True)),
    )


def number_format_faults(column: NumberColumn, broken: frozenset[str], path: Path) -> Found:
    """Yield the faults of a column's notation of numbers; `broken` names the keys that have a fault already."""
    for key in NUMBER_KEYS:
        if getattr(column, key) and column.type not in _TYPES[key]:
            yield (*path, key), f"{key} goes with type {' or '.join(_TYPES[key])}, not {column.type!r}", 0
            return
    for key, separator in (("decimal", column.decimal), ("thousands", column.thousands)):
        wrong = None if separator is None else _separator_fault(separator)
        if wrong is not None:
            yield (*path, key), wrong, 0
    yield from _same_separator_faults(column, broken, path)
    for key, texts in (("prefix", column.prefix), ("suffix", column.suffix)):
        for text in texts:
            wrong = _affix_fault(key, text, POINT if column.decimal is None else column.decimal)
            if wrong is not None:
                yield (*path, key), wrong, 0


def _separator_fault(separator: str) -> str | None:
    if len(separator) != 1:
        return f"one character is expected, such as ',', not {quoted(separator)}"
    if separator in _PARTS_OF_NUMBERS:
        return f"{quoted(separator)} is a part of numbers already (use a character such as ',', '.' or ' ')"
    return None


def _same_separator_faults(column: NumberColumn, broken: frozenset[str], path: Path) -> Found:
    if column.type != "decimal" or column.thousands is None or "decimal" in broken:
        return
    if column.decimal is None and column.thousands == POINT:
        yield (
            (*path, "thousands"),
            "'.' is the decimal separator, unless another is declared (decimal: \",\")",
            0,
        )
    elif column.thousands == column.decimal:
        yield (*path, "thousands"), f"decimal and thousands are both {quoted(column.thousands)}", 0


def _affix_fault(key: str, text: str, decimal: str) -> str | None:
    """Return why a number with this prefix or suffix could be read in two ways, None if it cannot."""
    if not text:
        return f"a {key} is empty (leave it out: a {key} need not be there)"
    if re.search("[0-9]", text):
        return f"{quoted(text)} has a digit, so that it could not be distinguished from the number"
    if key == "prefix" and text.startswith(decimal):
        return f"{quoted(text)} begins with the decimal separator, with which a number may begin"
    signs = {"prefix": text[0] in "+-" or text[-1] in "+-", "suffix": text in ("+", "-")}
    if signs[key]:
        return f"{quoted(text)} has the sign of the number (a sign may be before or after the prefix)"
    return None
