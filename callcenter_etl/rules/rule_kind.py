"""A kind of column rule: everything about one key of a column except its declaration in the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.sample import Sample

Broken = Callable[[ChunkColumns], Mask]
GOT = ", got '{value}'"  # the end of the sentence in a reason
MAX_TRIED_CHARACTERS = 100_000  # of a generated value


class Asked(Enum):
    """The values to which a rule applies; all others satisfy it."""

    EVERY_VALUE = auto()
    FILLED_VALUES = auto()  # those that are not empty
    TYPED_VALUES = auto()  # those that are not empty and of the column's type


class FormChange(Enum):
    """A change of a column's normalization, in which its values get another form."""

    TRIMMED = auto()  # white space at the ends is removed now
    UNTRIMMED = auto()  # and is a part of the value again
    OTHER_CASE = auto()


NO_CHANGES: frozenset[FormChange] = frozenset()
ALL_CHANGES = frozenset(FormChange)


@dataclass(frozen=True, slots=True)
class ValueHints:
    """Test values that a rule suggests: texts, patterns, edges of the type, lengths in characters."""

    texts: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """A kind of column rule, as the run, the reports and the tools use it.

    No member has a default, so that a forgotten one is a type error here and not a KeyError for a user. Functions of a
    column are called only if the column has the rule. None of them may import `tools/`.

    Validation: `mask` returns a function from a chunk's columns to a mask of shape (records,), True for a broken rule.
    `sentence` is the reason, with the placeholders `{column}`, `{value}` and `{line}`. `compares_records` is True if
    the rule compares keys with earlier records: then `{first_line}` is a placeholder too.

    Texts: `kept` is the predicate of a value that satisfies the rule (explain), `broken` and `outliers` are those of
    one value and of many values that break it (causes of rejects, `contract infer`). `declared` is the declaration in
    changes of contracts, `reported` in reports.

    Changes: `is_wider` takes the column before and after, and returns whether every value that satisfied the rule
    provably still does. `newly_rejected` names the other values as a noun phrase; before is None for a new rule.
    `kept_through` has the changes of its form after which a value that satisfied the rule provably still does.

    Tests: `hints` has values to try, `unbreakable` is the reason why no value breaks the rule, if one is known.

    Docs: `samples` are on the reference page, and each of them runs as a test.
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
    kept_through: frozenset[FormChange]
    hints: Callable[[Column], ValueHints]
    unbreakable: Callable[[Column], str | None]
    samples: tuple[Sample, ...]


def demand_of(sentence: str) -> str:
    """Return the requirement of a sentence, without the column and the value that broke it."""
    return sentence.removeprefix("{column} ").removesuffix(GOT)


def no_hints(_: Column) -> ValueHints:
    """Return no hints."""
    return ValueHints()


def always_breakable(_: Column) -> None:
    """Return None: no reason is known why a rule could not be broken."""
