"""Generates test values for a column: good ones, and values just beyond its rules."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from callcenter_etl.contract.boolean_words import boolean_words
from callcenter_etl.contract.model import Column
from callcenter_etl.contract.normalization import is_normalized
from callcenter_etl.contract.number_format import number_format
from callcenter_etl.contract.time_literals import parse_literal
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.rule_kind import MAX_TRIED_CHARACTERS, ValueHints
from callcenter_etl.tools.contract_test.boundary_instants import instants_of, write_instant

MATCHES = 12  # generated texts for a pattern
MAX_CUTS = 12  # positions at which a literal of an expression is split
_NUMBERS = {
    "digits": ("1", "7", "0", "12", "007", "100", "86400", "9999999999"),
    "integer": ("1", "7", "0", "-1", "+3", "12", "100", "1000", "86400", "9999999999", "-9999999999"),
    "decimal": (
        "1",
        "1.5",
        "0",
        "-1",
        "-2.5",
        "0.01",
        "12",
        "100",
        "1e3",
        "86400",
        "9999999999",
        "-9999999999",
    ),
}
_TEMPORAL = ("date", "time", "datetime", "duration")
_TEXTS = ("ab", "a", "A", "abc", "Ab cd", "x", "é", "0", "12", "a-b", "ABC", "AB12")
# Values of no type or of an unusual form, which are tried in every column.
_STRANGE = (
    "",
    " ",
    "?",
    "x",
    "1.5",
    "-1",
    "+1",
    "1e",
    # A digit to `str.isdigit`, but not to the types of a contract, which take ASCII only.
    "٣",
    "true",
    "2025-02-30",
    "25:61:00",
    "1:2",
    "é",
    "a b",
)


@dataclass(frozen=True, slots=True)
class Literals:
    """The literals that expressions compare a column with."""

    texts: list[str] = field(default_factory=list)
    numbers: list[Decimal] = field(default_factory=list)
    instants: list[int] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)


def candidates(column: Column, literals: Literals, looked_up: Sequence[str], rng: random.Random) -> list[str]:
    """Return the values to try, the likely good ones first, each once; the same ones for the same `rng`."""
    hints = _hints_of(column)
    found = [
        *hints.texts,
        *looked_up,
        *_matching([*hints.patterns, *literals.patterns], rng),
        *_typed(column, hints.edges, literals, rng),
        *(part for text in _texts_for(column, literals) for part in _parts(text)),
    ]
    # Of the first values alone, since each has up to eight neighbours.
    near = [text for value in found[:40] for text in _neighbours(value)]
    if is_normalized(column):
        near += [text for value in found[:40] for text in _other_forms(column, value)]
    return list(
        dict.fromkeys([*found, *near, *_lengthened(column, hints.lengths, literals, found), *_STRANGE])
    )


def _hints_of(column: Column) -> ValueHints:
    """Return the test values that the rules of a column suggest, in the order of the kinds."""
    found = [kind.hints(column) for key, kind in KINDS.items() if key in column.rule_keys]
    return ValueHints(
        texts=tuple(text for each in found for text in each.texts),
        patterns=tuple(pattern for each in found for pattern in each.patterns),
        edges=tuple(edge for each in found for edge in each.edges),
        lengths=tuple(length for each in found for length in each.lengths),
    )


def _texts_for(column: Column, literals: Literals) -> list[str]:
    # Expressions compare only these types with text.
    return literals.texts if column.type in ("text", "digits") else []


def _parts(text: str) -> Iterator[str]:
    """Yield a literal of an expression, and its parts at both sides of a cut."""
    yield text
    for cut in range(1, min(len(text), MAX_CUTS + 1)):
        yield from (text[:cut], text[cut:])


def _matching(patterns: Iterable[str], rng: random.Random) -> Iterator[str]:
    """Yield texts that match, if the pattern is valid for Python's re too; else none."""
    import re

    from rstr import Rstr

    source = Rstr(rng)
    for pattern in patterns:
        for _ in range(MATCHES):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # warnings of Python's re about an RE2 pattern
                    yield str(source.xeger(pattern))
            except (re.error, ValueError, OverflowError, KeyError, RecursionError):
                break


def _typed(column: Column, bounds: Sequence[str], literals: Literals, rng: random.Random) -> list[str]:
    if column.type in _NUMBERS:
        edges = [Decimal(each) for each in bounds] + literals.numbers
        return _in_notation(column, [*_around(edges, column.type), *_NUMBERS[column.type]])
    if column.type in _TEMPORAL:
        known = [parse_literal(column.type, each, column.timezone) for each in bounds]
        edges_at = [each for each in known if each is not None] + literals.instants
        seconds = [int(number) for number in literals.numbers if abs(number) < 10**9]
        datetimes = instants_of(column.type, edges_at, seconds, rng)
        return [text for at in datetimes for text in write_instant(column, at)]
    words = boolean_words(column)
    if words is not None:
        return [*words.true, *words.false]
    return ["true", "false", "TRUE"] if column.type == "boolean" else list(_TEXTS)


def _in_notation(column: Column, numbers: Iterable[str]) -> list[str]:
    """Return plain numbers in the notation of a column."""
    notation = number_format(column)
    if notation is None:
        return list(numbers)
    return [text for number in numbers for text in notation.write(number)]


def _around(edges: Iterable[Decimal], kind: str) -> Iterator[str]:
    steps = (
        Decimal(0),
        Decimal(1),
        Decimal(-1),
        *((Decimal("0.01"), Decimal("-0.01")) if kind == "decimal" else ()),
    )
    for edge in edges:
        if abs(edge.adjusted()) > 50:  # too long to read without an exponent
            continue
        for step in steps:
            yield f"{edge + step:f}"


def _lengthened(column: Column, bounds: Sequence[int], literals: Literals, found: Sequence[str]) -> list[str]:
    """Return values of the lengths around the bounds: the first values, repeated."""
    edges = [*bounds, *(int(number) for number in literals.numbers if 0 <= number <= MAX_TRIED_CHARACTERS)]
    lengths = sorted(
        {each + step for each in edges for step in (-1, 0, 1) if 0 < each + step <= MAX_TRIED_CHARACTERS}
    )
    seeds = list(
        dict.fromkeys([*(each for each in found[:4] if each), "1" if column.type != "text" else "a"])
    )
    return [(seed * (length // len(seed) + 1))[:length] for length in lengths for seed in seeds]


def _other_forms(column: Column, value: str) -> Iterator[str]:
    """Yield values that the normalization of a column turns into this one, if it is normalized itself."""
    forms = [value.swapcase()] if column.case is not None else []
    yield from forms
    if column.trim:
        yield from (f" {form}\t" for form in (value, *forms))


def _neighbours(value: str) -> Iterator[str]:
    yield from (value + "x", "x" + value, value + "1", value.upper(), value.lower(), value + value)
    if len(value) > 1:
        yield from (value[:-1], value[1:])
