"""Numbers of contracts, which are texts, as numbers of JSON."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation


def exact_number(text: str) -> int | float | None:
    """Give a number as JSON has it, None where that would be another number."""
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    if not exact.is_finite() or exact.adjusted() > 300:
        return None
    if exact == exact.to_integral_value() and abs(exact) < 2**53:
        return int(exact)
    return float(exact) if Decimal(repr(float(exact))) == exact else None
