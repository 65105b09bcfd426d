"""Words of a column that mean true and false."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.quoting import quoted

Found = Iterator[tuple[Path, str, int]]

_KEYS = ("true_values", "false_values")


class BooleanColumn(Protocol):
    """The keys of a column that declare its words for true and false."""

    @property
    def type(self) -> str:
        """Return the column's type."""

    @property
    def true_values(self) -> tuple[str, ...] | None:
        """Return the words for true, None where they are not declared."""

    @property
    def false_values(self) -> tuple[str, ...] | None:
        """Return the words for false, None where they are not declared."""

    @property
    def ignore_case(self) -> bool:
        """Return whether letter case is ignored."""


@dataclass(frozen=True, slots=True)
class BooleanWords:
    """The words for true and for false, folded where letter case is ignored."""

    true: tuple[str, ...]
    false: tuple[str, ...]
    ignore_case: bool

    def is_value(self, text: str) -> bool:
        """Check that a text is one of the words."""
        return self.folded(text) in map(self.folded, (*self.true, *self.false))

    def is_wider(self, before: BooleanWords) -> bool:
        """Return whether every word of `before` means the same here."""
        if before.ignore_case and not self.ignore_case:
            return False
        pairs = ((before.true, self.true), (before.false, self.false))
        return all(set(map(self.folded, some)) <= set(map(self.folded, others)) for some, others in pairs)

    def folded(self, word: str) -> str:
        """Return a word as it is compared."""
        return word.lower() if self.ignore_case else word

    @property
    def described(self) -> str:
        """The words for a reason: `Y, 1 (true) or N, 0 (false)`."""
        return f"{', '.join(self.true)} (true) or {', '.join(self.false)} (false)"


PLAIN_WORDS = BooleanWords(("true",), ("false",), ignore_case=True)


def boolean_words(column: BooleanColumn) -> BooleanWords | None:
    """Return the declared words of a boolean column, None for `true` and `false` in any letter case."""
    if column.true_values is None or column.false_values is None:
        return None
    return BooleanWords(column.true_values, column.false_values, ignore_case=column.ignore_case)


def words_of(column: BooleanColumn) -> BooleanWords:
    """Return the words of a boolean column, also the plain ones."""
    words = boolean_words(column)
    return PLAIN_WORDS if words is None else words


def boolean_word_faults(column: BooleanColumn, broken: frozenset[str], path: Path) -> Found:
    """Yield the faults of a column's words for true and false; `broken` names the keys that have a fault already."""
    declared = {key: words for key in _KEYS if (words := getattr(column, key)) is not None}
    for key, words in declared.items():
        if column.type != "boolean":
            yield (*path, key), f"{key} goes with type boolean, not {column.type!r}", 0
            return
        if not words:
            yield (*path, key), "the list is empty, so that no value could have this meaning", 0
        for index, word in enumerate(words):
            if not word.strip():
                yield (
                    (*path, key, index),
                    "an empty value has no type, so that this word is never looked for",
                    0,
                )
    missing = [key for key in _KEYS if key not in declared and key not in broken]
    if declared and missing:
        present = next(iter(declared))
        yield (*path, present), f"{present} goes with {missing[0]}, which is not there", 0
    words = boolean_words(column)
    if words is None:
        return
    true = set(map(words.folded, words.true))
    for index, word in enumerate(words.false):
        if words.folded(word) in true:
            yield (*path, "false_values", index), f"{quoted(word)} means true and false", 0
