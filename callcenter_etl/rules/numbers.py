"""Exact numbers of whole columns: scaled 64-bit integers where they fit, decimals where they do not."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
# Wide enough for every exponent a text can hold; no signals, so that absurd numbers stay values.
EXACT = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_SAFE = 2**62
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
    """A column of numbers, shape (records,); only those in `valid` are known.

    `scaled` holds int64 multiples of 10**-scale. Where that is None, `exact` holds Decimals.
    """

    valid: Mask
    scaled: NDArray[np.int64] | None
    scale: int
    exact: NDArray[np.object_] | None = None

    def decimals(self) -> NDArray[np.object_]:
        """Give the values as Decimals, None where not valid."""
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
        """Give the greatest magnitude among the scaled values."""
        if self.scaled is None or not len(self.scaled):
            return 0
        return max(abs(int(self.scaled.min())), abs(int(self.scaled.max())))


def constant(value: Decimal, length: int) -> Numbers:
    """Give one number for every record."""
    exponent = value.as_tuple().exponent
    if (
        isinstance(exponent, int)
        and -_MAX_SCALE <= exponent <= _PLAIN_DIGITS
        and value.adjusted() < _PLAIN_DIGITS - _MAX_SCALE
    ):
        scale = max(0, -exponent)
        scaled = np.full(length, int(value.scaleb(scale)), dtype=np.int64)
        return Numbers(valid=np.ones(length, dtype=bool), scaled=scaled, scale=scale)
    return Numbers(np.ones(length, dtype=bool), None, 0, np.full(length, value, dtype=object))


def from_integers(values: NDArray[np.int64], valid: Mask, *, scale: int = 0) -> Numbers:
    """Take int64 multiples of 10**-scale."""
    return Numbers(valid=valid, scaled=np.where(valid, values, 0), scale=scale)


def parse_numbers(text: pa.StringArray) -> Numbers:
    """Read a text array of integers and decimals; null stands for unknown."""
    valid = np.array(pc.is_valid(text).to_numpy(zero_copy_only=False), dtype=bool)
    filled = pc.fill_null(text, "0")
    plain = _plain_integers(filled)
    if plain is not None:
        return Numbers(valid=valid, scaled=plain, scale=0)
    pointed = _plain_decimals(filled)
    if pointed is not None:
        return Numbers(valid=valid, scaled=pointed[0], scale=pointed[1])
    exact = np.full(len(text), None, dtype=object)
    exact[valid] = [_decimal(v) for v in text.filter(pa.array(valid)).to_pylist()]
    return Numbers(valid=valid, scaled=None, scale=0, exact=exact)


def _decimal(text: str) -> Decimal:
    """Read one number; an exponent that no Decimal holds makes it infinite, or zero."""
    try:
        return Decimal(text)
    except InvalidOperation:
        mantissa, exponent = text.lower().split("e")
        tiny = exponent.startswith("-") or not any(digit in mantissa for digit in "123456789")
        return Decimal(0) if tiny else Decimal("-Infinity" if mantissa.startswith("-") else "Infinity")


def _plain_integers(text: pa.StringArray) -> NDArray[np.int64] | None:
    """Read integers of up to 18 digits, None where any value is something else."""
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    if longest > _PLAIN_DIGITS:
        return None
    if not pc.all(pc.ascii_is_decimal(text)).as_py():
        if not pc.all(pc.match_substring_regex(text, pattern=r"\A[+-]?[0-9]+\z")).as_py():
            return None
        text = pc.ascii_ltrim(text, characters="+")
    return np.asarray(pc.cast(text, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _plain_decimals(text: pa.StringArray) -> tuple[NDArray[np.int64], int] | None:
    """Read decimals without exponent and with few digits, None where any value has more."""
    groups = pc.extract_regex(
        text, pattern=r"\A(?P<sign>[+-]?)(?P<whole>[0-9]{0,9})\.?(?P<part>[0-9]{0,9})\z"
    )
    if groups.null_count:
        return None
    part = groups.field("part")
    scale = int(pc.max(pc.binary_length(part)).as_py() or 0)
    digits = pc.binary_join_element_wise(
        "0", groups.field("whole"), pc.utf8_rpad(part, scale, padding="0"), ""
    )
    values = np.asarray(pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)
    negative = np.asarray(pc.equal(groups.field("sign"), "-").to_numpy(zero_copy_only=False), dtype=bool)
    return np.where(negative, -values, values), scale


def compare(left: Numbers, name: str, right: Numbers) -> pa.BooleanArray:
    """Compare two columns; null where either is unknown."""
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
    """Compare a column with one number; null where unknown."""
    return compare(numbers, name, constant(bound, len(numbers.valid)))


def add(left: Numbers, right: Numbers) -> Numbers:
    """Add exactly."""
    return _combine(left, right, np.add, EXACT.add)


def subtract(left: Numbers, right: Numbers) -> Numbers:
    """Subtract exactly."""
    return _combine(left, right, np.subtract, EXACT.subtract)


def multiply(left: Numbers, right: Numbers) -> Numbers:
    """Multiply, exact to 60 significant digits."""
    valid = left.valid & right.valid
    if left.scaled is not None and right.scaled is not None and left.largest() * right.largest() < _SAFE:
        return Numbers(valid, left.scaled * right.scaled, left.scale + right.scale)
    return _exactly(left, right, valid, EXACT.multiply)


def divide(left: Numbers, right: Numbers) -> Numbers:
    """Divide to 60 significant digits; by zero is unknown."""
    zero = compare_with(right, "==", Decimal(0)).fill_null(True)  # noqa: FBT003  Arrow's value
    valid = left.valid & right.valid & ~np.asarray(zero.to_numpy(zero_copy_only=False), dtype=bool)
    return _exactly(left, right, valid, EXACT.divide)


def negate(numbers: Numbers) -> Numbers:
    """Change the sign."""
    return subtract(constant(Decimal(0), len(numbers.valid)), numbers)


def absolute(numbers: Numbers) -> Numbers:
    """Drop the sign."""
    if numbers.scaled is not None:
        return Numbers(numbers.valid, np.abs(numbers.scaled), numbers.scale)
    exact = np.array(
        [None if value is None else EXACT.abs(value) for value in numbers.decimals()], dtype=object
    )
    return Numbers(numbers.valid, None, 0, exact)


def coalesce(first: Numbers, second: Numbers) -> Numbers:
    """Take the first number where it is known, else the second."""
    valid = first.valid | second.valid
    scaled = _aligned(first, second)
    if scaled is not None:
        return Numbers(valid, np.where(first.valid, *scaled), max(first.scale, second.scale))
    exact = np.where(first.valid, first.decimals(), second.decimals())
    return Numbers(valid, None, 0, exact)


def _aligned(left: Numbers, right: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Bring both to one scale, None where that does not fit 63 bits."""
    if left.scaled is None or right.scaled is None:
        return None
    scale = max(left.scale, right.scale)
    factors = (10 ** (scale - left.scale), 10 ** (scale - right.scale))
    if left.largest() * factors[0] >= _SAFE or right.largest() * factors[1] >= _SAFE:
        return None
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
    finite = np.array([value.is_finite() for value in results], dtype=bool)
    valid = valid.copy()
    valid[known] = finite
    return Numbers(valid, None, 0, found)
