"""Lists the ways in which vendors write numbers: decimal comma, thousands separators, currencies and units, as patterns (RE2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What may be before or after a number; anything else is text, such as the letters of INV-5001.
AFFIXES = (
    "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "%", "‰", "°", "US$", "R$", "Rs.", "Rs", "Fr.", "kr", "zł", "Kč", "Ft", "lei",
    "EUR", "USD", "GBP", "CHF", "JPY", "INR", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK", "BRL", "MXN", "TRY",
    "s", "sec", "secs", "seconds", "min", "mins", "minutes", "h", "hr", "hrs", "hours", "ms", "Sek.", "Min.", "Std.",
    "kg", "g", "km", "m", "KB", "MB", "GB", "calls", "pts", "pt", "°C", "°F",
)  # fmt: skip
_AFFIX = "|".join(re.escape(each).replace("\\ ", " ") for each in sorted(AFFIXES, key=len, reverse=True))
_BEFORE = rf"(?:[+-]?(?P<prefix>(?:{_AFFIX})[ \x{{a0}}]?)?[+-]?)"
_AFTER = rf"(?P<suffix>[ \x{{a0}}]?(?:{_AFFIX}))?"
_SPACES = (" ", "\u00a0", "\u202f")


@dataclass(frozen=True, slots=True)
class NumberForm:
    """A way to write integers or decimals: the separators, None for the usual ones."""

    type: str
    decimal: str | None = None
    thousands: str | None = None

    @property
    def pattern(self) -> str:
        """The pattern of values, with the groups `prefix` and `suffix`."""
        return rf"\A{_BEFORE}(?P<number>{self._number}){_AFTER}\z"

    @property
    def _number(self) -> str:
        whole = r"[0-9]+"
        if self.thousands is not None:
            # No zero in front: 030 123 456 is a phone number.
            whole = rf"(?:[1-9][0-9]{{0,2}}(?:{_escaped(self.thousands)}[0-9]{{3}})+|[0-9]+)"
        fraction = rf"(?:{_escaped(self.decimal or '.')}[0-9]+)?" if self.type == "decimal" else ""
        return whole + fraction

    def keys(self) -> dict[str, str]:
        """Return the keys of a contract's column."""
        named = {"decimal": self.decimal, "thousands": self.thousands}
        return {key: value for key, value in named.items() if value is not None}

    def plain(self, number: str) -> str:
        """Return a number as Python reads it."""
        text = number if self.thousands is None else number.replace(self.thousands, "")
        return text.replace(self.decimal, ".") if self.decimal is not None else text


def _forms() -> Iterator[NumberForm]:
    yield NumberForm("integer")
    for thousands in (",", ".", "'", *_SPACES):
        yield NumberForm("integer", thousands=thousands)
    yield NumberForm("decimal")
    for thousands in (",", "'", *_SPACES):
        yield NumberForm("decimal", thousands=thousands)
    yield NumberForm("decimal", decimal=",")
    for thousands in (".", "'", *_SPACES):
        yield NumberForm("decimal", decimal=",", thousands=thousands)


def _escaped(text: str) -> str:
    return rf"\x{{{ord(text):x}}}"


# In order of preference: of forms that all values have, the first one is proposed.
NUMBER_FORMS = tuple(_forms())
