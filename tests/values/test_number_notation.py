"""Numbers of every notation against Decimal and plain string code, one value at a time."""

from __future__ import annotations

import string
from collections.abc import Callable
from decimal import Decimal
from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.contract.model import Column
from callcenter_etl.contract.number_format import complete_format
from callcenter_etl.contract.typed_text import is_value
from callcenter_etl.rules.chunk_columns import ChunkColumns

SEPARATORS = [
    (".", None),
    (".", ","),
    (",", None),
    (",", "."),
    (",", " "),
    (".", "'"),
    (",", "\u202f"),
    ("٫", "٬"),
]
PREFIXES = [(), ("$",), ("€", "EUR ", "EUR"), ("Rs.",), ("e",), ("(",), ("\\1", "^")]
SUFFIXES = [(), ("%",), (" EUR", "EUR"), (",-",), ("e",), (")",)]
SIGNS = ["", "-", "+"]
PLACES = ["before", "after"]
NUMBERS = [
    "0",
    "7",
    "12",
    "123",
    "1234",
    "999999",
    "1000000",
    "0.5",
    ".5",
    "5.",
    "1234.25",
    "0001234",
    "12345678901234567890.5",
]
EXPONENTS = ["", "e2", "E-3", "e+05"]


def column(
    kind: str, decimal: str, thousands: str | None, prefix: tuple[str, ...], suffix: tuple[str, ...]
) -> Column:
    keys = {"name": "v", "type": kind, "thousands": thousands, "prefix": list(prefix), "suffix": list(suffix)}
    return Column.model_validate(keys | ({"decimal": decimal} if kind == "decimal" else {}))


def expected(value: str, about: Column) -> Decimal | None:
    """The number in a value by string methods alone: no regular expression, no code of the package."""
    signs, value = cut_sign(value)
    prefix = longest(about.prefix, value.startswith)
    if prefix:
        more, value = cut_sign(value.removeprefix(prefix))
        signs += more
    value = value.removesuffix(longest(about.suffix, value.endswith))
    if about.type == "integer":
        whole, point, fraction, exponent = value, "", "", "0"
    else:
        mark = "e" if "e" in value else "E"
        digits, marked, exponent = value.partition(mark)
        whole, point, fraction = digits.partition(about.decimal or ".")
        if marked and not is_digits(cut_sign(exponent)[1]):
            return None
    whole = without_groups(whole, about.thousands)
    # Digits must be somewhere, and nothing else anywhere.
    missing = not whole + fraction or len(signs) > 1 or (not whole and not point)
    if missing or not all(map(is_digits, filter(None, (whole, fraction)))):
        return None
    return Decimal(f"{signs}{whole or 0}.{fraction or 0}e{exponent or 0}")


def cut_sign(value: str) -> tuple[str, str]:
    return (value[0], value[1:]) if value.startswith(("+", "-")) else ("", value)


def longest(texts: tuple[str, ...], fits: Callable[[str], bool]) -> str:
    return max(filter(fits, texts), key=len, default="")


def without_groups(whole: str, separator: str | None) -> str:
    if separator is None or separator not in whole:
        return whole
    first, *others = whole.split(separator)
    sound = len(first) in (1, 2, 3) and all(len(each) == 3 for each in others)
    return first + "".join(others) if sound else "?"


def is_digits(text: str) -> bool:
    return bool(text) and all(each in string.digits for each in text)


def found(values: list[str], about: Column) -> list[Decimal | None]:
    columns = ChunkColumns(
        columns={"v": about},
        empty_values=("",),
        texts={"v": pa.array(values, pa.string())},
        lines=np.arange(len(values), dtype=np.int64),
    )
    numbers: list[Decimal | None] = columns.numbers("v").decimals().tolist()
    known = columns.known_mask("v").tolist()
    assert [each is not None for each in numbers] == known
    assert [is_value(about, value) for value, known_ in zip(values, known, strict=True) if value.strip()] == [
        known_ for value, known_ in zip(values, known, strict=True) if value.strip()
    ]
    return numbers


def grouped(whole: str, separator: str) -> str:
    parts = []
    while len(whole) > 3:
        whole, part = whole[:-3], whole[-3:]
        parts.append(part)
    return separator.join([whole, *reversed(parts)])


def written(about: Column, parts: tuple[str, ...]) -> list[str]:
    number, sign, place, prefix, suffix, exponent = parts
    whole, point, fraction = number.partition(".")
    tail = (about.decimal or ".") + fraction if point else ""
    texts = [whole + tail]
    if about.thousands is not None:
        texts.append(grouped(whole, about.thousands) + tail)
    before = sign + prefix if place == "before" else prefix + sign
    return [before + text + exponent + suffix for text in texts]


@pytest.mark.parametrize("separators", SEPARATORS)
@pytest.mark.parametrize("kind", ["integer", "decimal"])
def test_every_combination_of_the_parts_of_a_number_has_its_value(
    kind: str, separators: tuple[str, str | None]
) -> None:
    numbers = NUMBERS if kind == "decimal" else [each for each in NUMBERS if "." not in each]
    exponents = EXPONENTS if kind == "decimal" else [""]
    for prefixes, suffixes in product(PREFIXES, SUFFIXES):
        about = column(kind, *separators, prefixes, suffixes)
        values: list[str] = []
        true: list[Decimal] = []
        for parts in product(numbers, SIGNS, PLACES, ["", *prefixes], ["", *suffixes], exponents):
            number, sign, _, _, _, exponent = parts
            texts = written(about, parts)
            values += texts
            true += [Decimal(sign + number + exponent)] * len(texts)
        assert [expected(value, about) for value in values] == true
        assert found(values, about) == true


@pytest.mark.parametrize("kind", ["integer", "decimal"])
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_texts_of_the_parts_in_any_order_have_the_value_of_plain_string_code(
    kind: str, data: st.DataObject
) -> None:
    separators = data.draw(st.sampled_from(SEPARATORS))
    about = column(
        kind, *separators, data.draw(st.sampled_from(PREFIXES)), data.draw(st.sampled_from(SUFFIXES))
    )
    pieces = st.sampled_from(
        ["1", "23", "456", "000", "e", "E", "+", "-", ".", ",", " ", "\n", "٣", "²", "x", *separators[:1]]
        + [each for each in (separators[1], *about.prefix, *about.suffix) if each]
    )
    values = data.draw(st.lists(st.lists(pieces, max_size=7).map("".join), min_size=1, max_size=30))
    # A value of white space alone is empty, whatever its notation.
    assert found(values, about) == [expected(value, about) if value.strip() else None for value in values]


@pytest.mark.parametrize("separators", SEPARATORS)
def test_written_numbers_are_read_as_the_same_number(separators: tuple[str, str | None]) -> None:
    for prefixes, suffixes in product(PREFIXES, SUFFIXES):
        notation = complete_format(column("decimal", *separators, prefixes, suffixes))
        for number in NUMBERS:
            for text in notation.write(number):
                assert Decimal(notation.plain(text) or "NaN") == Decimal(number)
        assert Decimal(notation.plain(notation.example) or "NaN") == Decimal("1234.5")
