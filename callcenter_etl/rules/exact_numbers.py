"""Exact arithmetic on whole columns: with scaled 64-bit integers if they fit, else with Decimals."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.masks import Mask, as_mask, valid_mask
from callcenter_etl.rules.text_bytes import digits_only, lengths_of

# The widest exponents, and no traps: a number such as 1e999999999 must be a value and not an exception.
EXACT = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_SUM_DIGITS = 5_000  # a sum such as 1e999999999 + 1 is rounded, since its digits would fill the memory
# Half of the int64 range, so that the sum of two operands cannot overflow.
_SAFE = 2**62
# Every number of 18 digits fits int64, and so does one with nine digits on either side of a point.
_PLAIN_DIGITS = 18
_MAX_SCALE = 9
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers of shape (records,); values outside the mask `valid` are unknown.

    `scaled` has the values as int64 multiples of 10**-scale. If it is None, `exact` has them as Decimals.
    """

    valid: Mask
    scaled: NDArray[np.int64] | None
    scale: int
    exact: NDArray[np.object_] | None = None

    def decimals(self) -> NDArray[np.object_]:
        """Return the values as Decimals, None where they are unknown."""
        if self.exact is not None:
            return self.exact
        found = np.full(len(self.valid), None, dtype=object)
        if self.scaled is not None:
            known = np.flatnonzero(self.valid)
            found[known] = [
                EXACT.scaleb(Decimal(value), -self.scale) for value in self.scaled[known].tolist()
            ]
        return found

    def largest(self) -> int:
        """Return the greatest magnitude among the scaled values."""
        if self.scaled is None or not len(self.scaled):
            return 0
        return max(abs(int(self.scaled.min())), abs(int(self.scaled.max())))


def constant(value: Decimal, length: int) -> Numbers:
    """Return a column of `length` equal numbers."""
    scale = _places(value)
    if scale is not None and _fits(value, scale):
        scaled = np.full(length, int(value.scaleb(scale)), dtype=np.int64)
        return Numbers(valid=np.ones(length, dtype=bool), scaled=scaled, scale=scale)
    return Numbers(np.ones(length, dtype=bool), None, 0, np.full(length, value, dtype=object))


def _places(value: Decimal) -> int | None:
    """Return the number of decimal places, None if there are too many or the value is not finite."""
    exponent = value.as_tuple().exponent
    fits = isinstance(exponent, int) and -_PLAIN_DIGITS <= exponent <= _PLAIN_DIGITS
    return max(0, -int(exponent)) if fits else None


def _fits(value: Decimal, scale: int) -> bool:
    return value.adjusted() + 1 + scale <= _PLAIN_DIGITS


def from_integers(values: NDArray[np.int64], valid: Mask, *, scale: int = 0) -> Numbers:
    """Return a column from int64 multiples of 10**-scale."""
    # Zeros for unknown values: their content must not make `largest` refuse the fast arithmetic.
    return Numbers(valid=valid, scaled=np.where(valid, values, 0), scale=scale)


def parse_numbers(text: pa.StringArray, known: Mask) -> Numbers:
    """Return the integers and decimals of a text array, shape (values,); texts that are not `known` are ignored."""
    plain = digits_only(text) & (lengths_of(text) <= _PLAIN_DIGITS)
    # Arrow's cast fails as a whole where one text does not parse.
    values = text if plain.all() else pc.if_else(pa.array(plain), text, "0")
    whole = np.asarray(pc.cast(values, pa.int64()).to_numpy(), dtype=np.int64)
    found = Numbers(valid=plain & known, scaled=whole, scale=0)
    rest = np.flatnonzero(known & ~plain)
    if not len(rest):
        return found
    return coalesce(found, _scattered(_mixed(text.take(pa.array(rest))), rest, len(text)))


def _scattered(few: Numbers, places: NDArray[np.int64], length: int) -> Numbers:
    """Return a column of `length` numbers with some at the given indices and all others unknown."""
    valid = np.zeros(length, dtype=bool)
    valid[places] = few.valid
    if few.scaled is None:
        exact = np.full(length, None, dtype=object)
        exact[places] = few.exact
        return Numbers(valid, None, 0, exact)
    scaled = np.zeros(length, dtype=np.int64)
    scaled[places] = few.scaled
    return Numbers(valid, scaled, few.scale)


def _decimal(text: str) -> Decimal:
    """Return one number as a Decimal; infinity or zero if its exponent is beyond the range of Decimal."""
    try:
        return Decimal(text)
    except InvalidOperation:
        mantissa, exponent = text.lower().split("e")
        tiny = exponent.startswith("-") or not any(digit in mantissa for digit in "123456789")
        return Decimal(0) if tiny else Decimal("-Infinity" if mantissa.startswith("-") else "Infinity")


def _mixed(text: pa.StringArray) -> Numbers:
    """Return the numbers of texts: plain decimals vectorised, those with an exponent or many digits one by one."""
    groups = pc.extract_regex(
        text, pattern=r"\A(?P<sign>[+-]?)(?P<whole>[0-9]{0,9})(?:\.(?P<part>[0-9]{0,9}))?\z"
    )
    odd = ~valid_mask(groups)
    sign, whole, part = (
        pc.if_else(pa.array(odd), "0" if name == "whole" else "", pc.struct_field(groups, name))
        for name in ("sign", "whole", "part")
    )
    others = [_decimal(value) for value in text.filter(pa.array(odd)).to_pylist()]
    places = [_places(value) for value in others]
    scale = max(int(pc.max(pc.binary_length(part)).as_py() or 0), *(each or 0 for each in places), 0)
    vectors = scale <= _MAX_SCALE and None not in places and all(_fits(each, scale) for each in others)
    scale = scale if vectors else _MAX_SCALE
    digits = pc.binary_join_element_wise("0", whole, pc.utf8_rpad(part, scale, padding="0"), "")
    values = np.array(pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)
    negative = as_mask(pc.equal(sign, "-"))
    values[negative] *= -1
    valid = np.ones(len(text), dtype=bool)
    if vectors:
        values[odd] = [int(value.scaleb(scale)) for value in others]
        return Numbers(valid=valid, scaled=values, scale=scale)
    exact = Numbers(valid=~odd, scaled=values, scale=scale).decimals()
    exact[odd] = others
    return Numbers(valid=valid, scaled=None, scale=0, exact=exact)


def compare(left: Numbers, name: str, right: Numbers) -> pa.BooleanArray:
    """Return the comparison of two columns, null where either value is unknown."""
    valid = left.valid & right.valid
    scaled = _aligned(left, right)
    if scaled is not None:
        return pa.array(np.asarray(COMPARISONS[name](*scaled), dtype=bool), mask=~valid)
    found = np.zeros(len(valid), dtype=bool)
    known = np.flatnonzero(valid)
    test = COMPARISONS[name]
    pairs = zip(left.decimals()[known], right.decimals()[known], strict=True)
    found[known] = [bool(test(a, b)) for a, b in pairs]
    return pa.array(found, mask=~valid)


def compare_with(numbers: Numbers, name: str, bound: Decimal) -> pa.BooleanArray:
    """Return the comparison of a column with one number, null where the value is unknown."""
    # One element, which numpy broadcasts; Decimals are compared pair by pair and need a whole column.
    one = constant(bound, 1)
    if _aligned(numbers, one) is None:
        one = constant(bound, len(numbers.valid))
    return compare(numbers, name, one)


def add(left: Numbers, right: Numbers) -> Numbers:
    """Return the sum, exact up to 5,000 digits, or up to as many digits as both operands have together."""
    return _combine(left, right, np.add, _sum)


def subtract(left: Numbers, right: Numbers) -> Numbers:
    """Return the difference, as exact as `add`."""
    return _combine(left, right, np.subtract, lambda a, b: _sum(a, b.copy_negate()))


def _sum(left: Decimal, right: Decimal) -> Decimal:
    context = Context(prec=_SUM_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
    found = context.add(left, right)
    if not context.flags[Inexact]:
        return found
    # It was rounded: again with as many digits as both operands have, which memory holds already.
    digits = len(left.as_tuple().digits) + len(right.as_tuple().digits) + 1
    context.prec = max(digits, _SUM_DIGITS)
    return context.add(left, right)


def multiply(left: Numbers, right: Numbers) -> Numbers:
    """Return the product, exact to 60 significant digits."""
    valid = left.valid & right.valid
    scale = left.scale + right.scale
    # The magnitudes are Python integers, so this product cannot overflow.
    small = scale <= _PLAIN_DIGITS and left.largest() * right.largest() < _SAFE
    if left.scaled is not None and right.scaled is not None and small:
        return Numbers(valid, left.scaled * right.scaled, scale)
    return _exactly(left, right, valid, EXACT.multiply)


def divide(left: Numbers, right: Numbers) -> Numbers:
    """Return the quotient to 60 significant digits, unknown for division by zero."""
    # An unknown divisor may count as zero, since the quotient is unknown either way.
    zero = compare_with(right, "==", Decimal(0)).fill_null(True)  # noqa: FBT003  Arrow's value
    valid = left.valid & right.valid & ~as_mask(zero)
    return _exactly(left, right, valid, EXACT.divide)


def negate(numbers: Numbers) -> Numbers:
    """Return the numbers with the opposite sign."""
    if numbers.scaled is not None:
        return Numbers(numbers.valid, -numbers.scaled, numbers.scale)
    return _each(numbers, Decimal.copy_negate)


def absolute(numbers: Numbers) -> Numbers:
    """Return the absolute values."""
    if numbers.scaled is not None:
        return Numbers(numbers.valid, np.abs(numbers.scaled), numbers.scale)
    return _each(numbers, Decimal.copy_abs)


def _each(numbers: Numbers, operation: Callable[[Decimal], Decimal]) -> Numbers:
    found = np.full(len(numbers.valid), None, dtype=object)
    known = np.flatnonzero(numbers.valid)
    found[known] = [operation(value) for value in numbers.decimals()[known]]
    return Numbers(numbers.valid, None, 0, found)


def coalesce(first: Numbers, second: Numbers) -> Numbers:
    """Return the first number where it is known, else the second."""
    valid = first.valid | second.valid
    scaled = _aligned(first, second)
    if scaled is not None:
        return Numbers(valid, np.where(first.valid, *scaled), max(first.scale, second.scale))
    exact = np.where(first.valid, first.decimals(), second.decimals())
    return Numbers(valid, None, 0, exact)


def _aligned(left: Numbers, right: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return both columns with the same scale, None if that does not fit 63 bits."""
    # The factor itself would overflow, even for a column of zeros.
    far = abs(left.scale - right.scale) > _PLAIN_DIGITS
    if left.scaled is None or right.scaled is None or far:
        return None
    scale = max(left.scale, right.scale)
    factors = (10 ** (scale - left.scale), 10 ** (scale - right.scale))
    if left.largest() * factors[0] >= _SAFE or right.largest() * factors[1] >= _SAFE:
        return None
    if factors == (1, 1):
        return left.scaled, right.scaled
    return left.scaled * factors[0], right.scaled * factors[1]


def _combine(
    left: Numbers,
    right: Numbers,
    kernel: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]],
    exact: Callable[[Decimal, Decimal], Decimal],
) -> Numbers:
    valid = left.valid & right.valid
    scaled = _aligned(left, right)
    if scaled is not None:
        return Numbers(valid, kernel(*scaled), max(left.scale, right.scale))
    return _exactly(left, right, valid, exact)


def _exactly(
    left: Numbers, right: Numbers, valid: Mask, operation: Callable[[Decimal, Decimal], Decimal]
) -> Numbers:
    found = np.full(len(valid), None, dtype=object)
    known = np.flatnonzero(valid)
    pairs = zip(left.decimals()[known], right.decimals()[known], strict=True)
    results = [operation(a, b) for a, b in pairs]
    found[known] = results
    # Without traps an overflow gives infinity: such a result is unknown.
    finite = np.array([value.is_finite() for value in results], dtype=bool)
    valid = valid.copy()
    valid[known] = finite
    return Numbers(valid, None, 0, found)
