"""Columns of numbers: exact, whatever their size, and never slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter_etl.rules import exact_numbers
from callcenter_etl.rules.exact_numbers import Numbers, parse_numbers


def parse(*texts: str | None) -> Numbers:
    array = pa.array(list(texts), pa.string())
    return parse_numbers(array.fill_null(""), array.is_valid().to_numpy(zero_copy_only=False))


def values(found: Numbers) -> list[Decimal | None]:
    return [value if known else None for value, known in zip(found.decimals(), found.valid, strict=True)]


def test_plain_numbers_and_small_exponents_are_vectors() -> None:
    assert parse("1", "-2", None, "+3", "007", "-0").scaled is not None
    assert parse("1.5", "-.25", "3.", "+4", None).scaled is not None
    assert parse("1.5", "1e3", "12345678901.50", None).scaled is not None
    assert parse("1.5", "1e300").scaled is None


def test_each_form_of_a_number_is_read() -> None:
    texts = ["1.5", "-.25", "3.", "+4", "-0.0", "1e3", "-1E-3", "1.50e+1", "12345678901.50", "0e5", "00.10"]
    assert values(parse(*texts, None)) == [*(Decimal(text) for text in texts), None]
    assert values(parse(*texts, "9" * 50, None)) == [
        *(Decimal(text) for text in texts),
        Decimal("9" * 50),
        None,
    ]


@pytest.mark.parametrize("whole", ["1000000000", "-9999999999", "123456789012345678", "+1234567890.5"])
def test_digits_left_of_the_point_stay_there(whole: str) -> None:
    # One by one: a neighbour that needs Decimals would take the fault out of sight.
    assert values(parse("0.5", whole)) == [Decimal("0.5"), Decimal(whole)]


def test_sums_across_absurd_distances_are_rounded_or_unknown() -> None:
    far, tiny, beyond = parse("1e999999999"), parse("1e-999999999"), parse("1e99999999999999999999")
    one = parse("1")
    assert exact_numbers.compare(exact_numbers.add(far, one), "==", far).to_pylist() == [True]
    assert exact_numbers.compare(exact_numbers.add(tiny, one), "==", one).to_pylist() == [True]
    assert values(exact_numbers.add(beyond, one)) == [None]


def test_no_records_are_no_trouble() -> None:
    empty = parse()
    assert (
        len(exact_numbers.compare(exact_numbers.multiply(empty, empty), "<", exact_numbers.negate(empty)))
        == 0
    )
    assert values(parse(None, None)) == [None, None]


def test_zeros_with_many_places_stay_zero() -> None:
    zero = parse("0.000000000")
    cube = exact_numbers.multiply(exact_numbers.multiply(zero, zero), zero)
    assert exact_numbers.compare_with(cube, "==", Decimal(0)).to_pylist() == [True]
    assert exact_numbers.compare_with(exact_numbers.add(cube, parse("1")), "==", Decimal(1)).to_pylist() == [
        True
    ]


BIG = 10**18 - 1


def test_int64_never_wraps() -> None:
    big = parse(str(BIG))
    total = big
    for _ in range(20):
        total = exact_numbers.add(total, big)
    assert values(total) == [Decimal(BIG * 21)]
    assert values(exact_numbers.multiply(exact_numbers.multiply(big, big), parse("2"))) == [
        Decimal(BIG * BIG * 2)
    ]
    assert values(exact_numbers.subtract(exact_numbers.negate(total), total)) == [Decimal(-BIG * 42)]
    assert exact_numbers.compare(big, "<", parse("999999999999999999.1")).to_pylist() == [True]


def test_long_numbers_keep_every_digit() -> None:
    long = "1" + "0" * 6_000 + "1"
    assert values(exact_numbers.add(parse(long), parse("1"))) == [Decimal(long[:-1] + "2")]
    for sign in ("", "-"):
        assert values(exact_numbers.absolute(parse(sign + long))) == [Decimal(long)]
        assert values(exact_numbers.negate(exact_numbers.negate(parse(sign + long)))) == [
            Decimal(sign + long)
        ]
    assert exact_numbers.compare(parse(long), ">", parse(long[:-1] + "0")).to_pylist() == [True]
    assert values(exact_numbers.add(parse("1e59"), parse("0.1"))) == [Decimal("1" + "0" * 59 + ".1")]


def test_division_by_zero_is_unknown_and_quotients_have_sixty_digits() -> None:
    found = values(exact_numbers.divide(parse("1", "1", None), parse("3", "0.0", "1")))
    assert found == [Decimal("0." + "3" * 60), None, None]


ABSURD = ["1e999999999", "-1e999999999", "1e-999999999", "1e99999999999999999999", "9" * 100_000]


@pytest.mark.parametrize("text", ABSURD, ids=lambda text: text[:16])
def test_absurd_numbers_take_no_time(text: str) -> None:
    start = time.monotonic()
    one, absurd = parse("1"), parse(text)
    negative = text.startswith("-")
    above = not negative and "e-" not in text
    assert exact_numbers.compare_with(absurd, ">", Decimal(1)).to_pylist() == [above]
    assert exact_numbers.compare_with(absurd, "<", Decimal(0)).to_pylist() == [negative]
    assert exact_numbers.compare_with(one, "<", Decimal("1e999999999")).to_pylist() == [True]
    for operation in (
        exact_numbers.add,
        exact_numbers.subtract,
        exact_numbers.multiply,
        exact_numbers.divide,
    ):
        assert len(operation(absurd, one).valid) == 1
    assert time.monotonic() - start < 5


def test_coalesce_takes_the_first_known() -> None:
    assert values(exact_numbers.coalesce(parse("1", None, None), parse("2.5", "3.5", None))) == [
        1,
        Decimal("3.5"),
        None,
    ]
    big = parse("9" * 30, None)
    assert values(exact_numbers.coalesce(big, parse("1", "2"))) == [Decimal("9" * 30), 2]


SOME = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6)
WIDE = st.builds(
    lambda digits, exponent: f"{digits}e{exponent}", st.integers(-(10**25), 10**25), st.integers(-30, 30)
)
TEXT = st.none() | SOME.map(str) | st.integers(-(2**70), 2**70).map(str) | WIDE
OPERATIONS = dict[str, Callable[[Fraction, Fraction], Fraction | None]]
EXACT: OPERATIONS = {"add": lambda a, b: a + b, "subtract": lambda a, b: a - b}
ROUNDED: OPERATIONS = {"multiply": lambda a, b: a * b, "divide": lambda a, b: a / b if b else None}


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6))
def test_operations_agree_with_fractions(pairs: list[tuple[str | None, str | None]]) -> None:
    left, right = parse(*(a for a, _ in pairs)), parse(*(b for _, b in pairs))
    for name, obvious in (EXACT | ROUNDED).items():
        found = values(getattr(exact_numbers, name)(left, right))
        for (a, b), value in zip(pairs, found, strict=True):
            wanted = None if a is None or b is None else obvious(Fraction(a), Fraction(b))
            assert (value is None) == (wanted is None)
            if wanted is not None and value is not None:
                slack = abs(wanted) * Fraction(1, 10**59) if name in ROUNDED else 0
                assert abs(Fraction(value) - wanted) <= slack
    for name, test in exact_numbers.COMPARISONS.items():
        assert exact_numbers.compare(left, name, right).to_pylist() == [
            None if a is None or b is None else test(Fraction(a), Fraction(b)) for a, b in pairs
        ]


def test_a_constant_is_a_vector_where_it_fits() -> None:
    found = exact_numbers.constant(Decimal("12345678901.25"), 3)
    assert found.scaled is not None
    assert np.array_equal(found.scaled, [1234567890125] * 3)
    assert exact_numbers.constant(Decimal("1e18"), 1).scaled is None
