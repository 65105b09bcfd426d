"""Display values of the source in a report: masked, or in full if the contract classifies them as public."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostics.html.value_masks import EMPTY, SPACE, masked
from callcenter_etl.rules.shown import MAX_SHOWN_CHARACTERS
from callcenter_etl.terminal import printable

ReportValues = Literal["masked", "public"]
# A page is bounded whatever the values are: a field may have megabytes.
MAX_FULL_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class ValueDisplay:
    """The display of values on a page: `values` is the user's choice, `classes` has the classification of each column."""

    values: ReportValues
    classes: Mapping[str, str]

    @property
    def all_public(self) -> bool:
        """True if every value of a record may be shown in full: public is chosen, and no column is classified."""
        return self.values == "public" and set(self.classes.values()) <= {"public"}

    def in_full(self, column: str) -> bool:
        """Return whether the values of a column are shown in full. A column that the contract lacks never is."""
        return self.values == "public" and self.classes.get(column) == "public"

    def alone(self, column: str, value: str) -> str:
        """Return a value for a list: in full, masked, or its classification."""
        return self._classified(column) or _ALONE[self.values](value)

    def quoted(self, column: str, value: str) -> str:
        """Return a value for use within a sentence."""
        return self._classified(column) or _QUOTED[self.values](value)

    def _classified(self, column: str) -> str | None:
        # A column that is not in the contract has no classification, so that nothing of it is shown either.
        classification = self.classes.get(column, "unknown")
        return None if classification == "public" else f"({classification})"


def value_display(values: ReportValues, document: ContractDocument) -> ValueDisplay:
    """Return the display of values for a contract."""
    return ValueDisplay(values, {column.name: column.classification for column in document.columns})


def full_text(value: str) -> str:
    """Return a value in full, up to `MAX_FULL_CHARACTERS` and then its length; blanks at its ends are made visible."""
    if not value:
        return EMPTY
    inner = value.strip(" ")
    before = len(value) - len(value.lstrip(" "))
    text = SPACE * before + inner + SPACE * (len(value) - before - len(inner))
    cut = printable(text[:MAX_FULL_CHARACTERS])
    return cut if len(value) <= MAX_FULL_CHARACTERS else f"{cut}… ({len(value):,} characters)"


def _as_reasons_show(value: str) -> str:
    more = "…" if len(value) > MAX_SHOWN_CHARACTERS else ""
    return f"'{printable(value[:MAX_SHOWN_CHARACTERS])}{more}'"


_ALONE: Mapping[str, Callable[[str], str]] = {"masked": masked, "public": full_text}
_QUOTED: Mapping[str, Callable[[str], str]] = {"masked": masked, "public": _as_reasons_show}
