"""A kind of column rule: all that is known of one key of a column, but for its declaration in the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.sample import Sample

Broken = Callable[[ChunkColumns], Mask]
GOT = ", got '{value}'"  # how the sentence ends in a reason
MAX_TRIED_CHARACTERS = 100_000  # of a value that is made to be too long


class Asked(Enum):
    """The values that a rule is asked of; all others keep it."""

    EVERY_VALUE = auto()
    FILLED_VALUES = auto()  # those that are not empty
    TYPED_VALUES = auto()  # those that are not empty and of the column's type


@dataclass(frozen=True, slots=True)
class ValueHints:
    """Values that a rule makes worth trying: texts, patterns, edges of the type, lengths in characters."""

    texts: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """A kind of column rule, as the run, the reports and the tools use it.

    No member has a default, so that a forgotten one is a type error here and no KeyError at a user's. Functions of a
    column are called only where the column has the rule. None of them may import `tools/`.

    Judging: `mask` returns a function from a chunk's columns to a mask of shape (records,), True where the rule is
    broken. `sentence` is the reason, with `{column}`, `{value}` and `{line}` to be filled in. `compares_records` is
    True where the rule is about a key that an earlier record has: then `{first_line}` is filled in too.

    Words: `kept` says of a value that it keeps the rule (explain); `broken` and `outliers` say of one value, and of
    many, that they break it (the causes of rejects, `contract infer`); `declared` is the declaration in changes of
    contracts, `reported` in reports.

    Changes: `is_wider` takes the column before and after, and returns whether every value that kept the rule keeps it
    still, for sure. `newly_rejected` names the other values as a noun phrase; before is None where the rule was not.

    Tests: `hints` says which values are worth trying, `unbreakable` why no value breaks the rule, where that is known.

    Docs: `samples` are on the reference page, and each runs as a test.
    """

    key: str
    asks: Asked
    compares_records: bool
    mask: Callable[[Column], Broken]
    sentence: Callable[[Column], str]
    kept: Callable[[Column], str]
    broken: str
    outliers: str
    declared: Callable[[Column], str]
    reported: Callable[[Column], str]
    is_wider: Callable[[Column, Column], bool]
    newly_rejected: Callable[[Column | None, Column], str]
    hints: Callable[[Column], ValueHints]
    unbreakable: Callable[[Column], str | None]
    samples: tuple[Sample, ...]


def demand_of(sentence: str) -> str:
    """Return what a sentence asks for, without the column and the value that broke it."""
    return sentence.removeprefix("{column} ").removesuffix(GOT)


def no_hints(_: Column) -> ValueHints:
    """Return no hints."""
    return ValueHints()


def always_breakable(_: Column) -> None:
    """Return that no reason is known why a rule could not be broken."""
