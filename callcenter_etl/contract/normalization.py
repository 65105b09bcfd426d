"""Normalization of values before they are judged: white space at both ends, letter case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.quoting import quoted

Found = Iterator[tuple[Path, str, int]]
LetterCase = Literal["upper", "lower"]

NORMALIZED = "normalized"  # the end of the rule id that counts changed values
_CASES: dict[str, Callable[[str], str]] = {"upper": str.upper, "lower": str.lower}


class NormalizedColumn(Protocol):
    """The keys of a column that declare a normalization, and those with texts that values are compared with."""

    @property
    def trim(self) -> bool:
        """Return whether white space at both ends is removed."""

    @property
    def case(self) -> LetterCase | None:
        """Return the letter case that values are converted to, None for no conversion."""

    @property
    def allowed(self) -> tuple[str, ...] | None:
        """Return the allowed values, None where they are not declared."""

    @property
    def true_values(self) -> tuple[str, ...] | None:
        """Return the words for true, None where they are not declared."""

    @property
    def false_values(self) -> tuple[str, ...] | None:
        """Return the words for false, None where they are not declared."""

    @property
    def prefix(self) -> tuple[str, ...]:
        """Return the texts of which one may be before a number."""

    @property
    def suffix(self) -> tuple[str, ...]:
        """Return the texts of which one may be after a number."""


def is_normalized(column: NormalizedColumn) -> bool:
    """Check that a column declares a normalization."""
    return column.trim or column.case is not None


def normalize(column: NormalizedColumn, value: str) -> str:
    """Return a text of the contract as a value of the column would be judged.

    A letter without a single counterpart, such as ß, is unchanged: of such letters the libraries differ.
    """
    if column.trim:
        value = value.strip()
    if column.case is None:
        return value
    convert = _CASES[column.case]
    return "".join(other if len(other := convert(each)) == 1 else each for each in value)


def normalization_faults(column: NormalizedColumn, path: Path) -> Found:
    """Yield a fault for each text that no normalized value can be equal to."""
    for key in ("allowed", "true_values", "false_values"):
        for index, value in enumerate(getattr(column, key) or ()):
            changed = normalize(column, value)
            if changed != value:
                yield (*path, key, index), _unreachable(column, value, changed), 0
    # With a digit in the position of the number, so that a space between both stays.
    for prefix in column.prefix:
        changed = normalize(column, f"{prefix}0").removesuffix("0")
        if changed != prefix:
            yield (*path, "prefix"), _unreachable(column, prefix, changed), 0
    for suffix in column.suffix:
        changed = normalize(column, f"0{suffix}").removeprefix("0")
        if changed != suffix:
            yield (*path, "suffix"), _unreachable(column, suffix, changed), 0


def _unreachable(column: NormalizedColumn, value: str, changed: str) -> str:
    keys = (["trim"] if column.trim and value.strip() != value else []) + (
        [f"case: {column.case}"] if column.case is not None and value.strip() != changed else []
    )
    return f"{quoted(value)} never occurs after {' and '.join(keys)} (write {quoted(changed)})"
