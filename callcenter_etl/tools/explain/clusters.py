"""Groups the values that broke a rule by their form, each group with a change that would accept it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.datetime_formats import describe_format
from callcenter_etl.contract.model import Column
from callcenter_etl.contract.normalization import normalization_faults
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.normalized_text import normalized_text
from callcenter_etl.rules.type_checks import type_check
from callcenter_etl.tools.explain.broken_values import BrokenValues, Cluster
from callcenter_etl.tools.explain.common_formats import CANDIDATES
from callcenter_etl.tools.explain.notation_clusters import other_notations, other_words
from callcenter_etl.tools.explain.number_clusters import (
    destroyed_numbers,
    spelled_numbers,
    telephone_numbers,
    two_digit_years,
    wider_types,
)
from callcenter_etl.tools.explain.remedies import EXACT, MAYBE, change_column, change_source
from callcenter_etl.tools.explain.time_clusters import epoch_numbers, skipped_times

MAX_DISTINCT = 2_000  # so many different values are looked at to choose a format
MAX_SHAPES = 3
MAX_SHAPE_CHARACTERS = 40
_NOTHING = ("null", "n/a", "na", "none", "nan", "nil", "-", "--", "?", r"\n", "#n/a", "(null)", "unknown")
_SHAPE = (
    (r"\p{Nd}", "9"),
    (r"[\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{M}]", "a"),
    (r"\p{Lu}", "A"),
)  # A is upper: it comes last
_LETTERS_OF_SHAPES = {letter for _, letter in _SHAPE}


def value_clusters(broken: BrokenValues) -> Iterator[Cluster]:
    """Group the records that broke a rule of one column, each record in one group."""
    for step in STEPS.get(broken.key, (_whole,)):
        for cluster in step(broken):
            yield cluster
            broken = broken.without(np.isin(broken.records, cluster.records))
        if not len(broken.records):
            return


def shapes_of(values: pa.StringArray) -> pa.StringArray:
    """Return the shape of each value: 9 for a digit, A and a for letters, other characters unchanged."""
    for pattern, letter in _SHAPE:
        values = pc.replace_substring_regex(values, pattern=pattern, replacement=letter)
    return pc.utf8_slice_codeunits(values, start=0, stop=MAX_SHAPE_CHARACTERS)


def _nothings(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield placeholders for missing values, such as NULL."""
    lower = pc.utf8_lower(broken.values)
    mask = as_mask(pc.is_in(lower, value_set=pa.array(_NOTHING)))
    if not mask.any() or broken.column.classification != "public":  # the words are values
        return
    # As they are written, because `empty_values` compares exactly.
    words = sorted(set(broken.values.filter(pa.array(mask)).to_pylist()))
    document = broken.document
    shown = ", ".join(repr(word) for word in words)
    remedy = change_source(
        document,
        f"empty_values with {shown}",
        sure=MAYBE,  # in all columns: what is empty takes no part in uniqueness, and may be required elsewhere
        empty_values=(*document.source.empty_values, *words),
    )
    values = tuple(broken.shows(repr(word), word) for word in words)
    yield broken.cluster(mask, f"is {shown}", shown=values, remedy=remedy)


def _white_space(broken: BrokenValues) -> Iterator[Cluster]:
    if not broken.column.trim:
        yield from _normalized(broken, "has white space around it", {"trim": True})


def _normalized(broken: BrokenValues, what: str, changes: dict[str, Any]) -> Iterator[Cluster]:
    """Yield the values that keep the rule if they are normalized."""
    changed = broken.column.model_copy(update=changes)
    # A text of the contract that is not normalized itself would be a fault.
    if next(normalization_faults(changed, ()), None) is not None:
        return
    mask = broken.accepted(changed)
    if not mask.any():
        return
    words = " and ".join(f"`{key}: {'true' if value is True else value}`" for key, value in changes.items())
    # An accepted value may be in the lookup only as it is written.
    known = None if broken.looked_up is None else normalized_text(changed, broken.looked_up)
    sure = EXACT if known is None or known.equals(broken.looked_up) else MAYBE
    remedy = change_column(broken.document, changed.name, words, sure=sure, **changes)
    yield broken.cluster(mask, what, remedy=remedy)


def _formats(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield dates and times in another format, the format of most values first."""
    column = broken.column
    candidates = [each for each in CANDIDATES.get(column.type, ()) if each not in column.formats]
    while candidates and len(broken.records):
        distinct = broken.values.unique()[:MAX_DISTINCT]
        taken = {each: int(_taken(distinct, column, each).sum()) for each in candidates}
        best = max(candidates, key=lambda each: taken[each])  # the first of those that take as many
        if not taken[best]:
            return
        mask = _taken(broken.values, column, best)
        rivals = [
            each
            for each in candidates
            if each != best and taken[each] == taken[best] and _reads_otherwise(distinct, column, best, each)
        ]
        doubt = f" (or `{rivals[0]}`: both take every such value, ask the sender)" if rivals else ""
        remedy = change_column(
            broken.document, column.name, f"accepting `{best}`{doubt}", format=(*column.formats, best)
        )
        yield broken.cluster(mask, f"looks like {describe_format(best)}", remedy=remedy)
        broken = broken.without(mask)
        candidates = [each for each in candidates if each != best and taken[each]]


def _taken(values: pa.StringArray, column: Column, fmt: str) -> Mask:
    return type_check(values, column.model_copy(update={"format": (fmt,)}))[0]


def _reads_otherwise(values: pa.StringArray, column: Column, one: str, other: str) -> bool:
    """Return whether two formats read a value as two different times."""
    first, second = (
        type_check(values, column.model_copy(update={"format": (each,)}))[1] for each in (one, other)
    )
    # A value that only one of them reads compares as null, which `any` skips.
    return bool(pc.any(pc.not_equal(first, second)).as_py())


def _letter_case(broken: BrokenValues) -> Iterator[Cluster]:
    if not broken.column.ignore_case and broken.column.case is None:
        yield from _normalized(broken, "is an allowed value in another letter case", {"ignore_case": True})


def _white_space_and_case(broken: BrokenValues) -> Iterator[Cluster]:
    column = broken.column
    if not (column.trim or column.ignore_case or column.case is not None):
        what = "is an allowed value in another letter case, with white space around it"
        yield from _normalized(broken, what, {"trim": True, "ignore_case": True})


def _case_of_lookup(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield the values that are in the lookup in one letter case, also with white space around them."""
    if broken.column.case is not None:
        return
    what = "is in the lookup in another letter case"
    steps: list[tuple[str, dict[str, Any]]] = [(what, {"case": case}) for case in ("upper", "lower")]
    if not broken.column.trim:
        steps += [
            (f"{what}, with white space around it", {"trim": True, "case": case})
            for case in ("upper", "lower")
        ]
    for words, changes in steps:
        for cluster in _normalized(broken, words, changes):
            yield cluster
            broken = broken.without(np.isin(broken.records, cluster.records))


def _other_words(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield the most frequent values that are not in the list or lookup."""
    column = broken.column
    if column.classification != "public":
        yield from _whole(broken)
        return
    for value, mask in _frequent(broken, broken.values):
        shown = (broken.shows(repr(value), value),)
        if broken.key == "lookup":
            where = "the lookup" if column.lookup is None else column.lookup.file
            hint = f"it has no place in {where}: add it there"
            yield broken.cluster(mask, f"is {value!r}", shown=shown, hint=hint)
        else:
            allowed = (*(column.allowed or ()), value)
            remedy = change_column(broken.document, column.name, f"allowing {value!r}", allowed=allowed)
            meant = did_you_mean(value, column.allowed or ())
            yield broken.cluster(mask, f"is {value!r}{meant}", shown=shown, remedy=remedy)


def _other_shapes(broken: BrokenValues) -> Iterator[Cluster]:
    if broken.column.classification == "secret":
        yield from _whole(broken)
        return
    for shape, mask in _frequent(broken, shapes_of(broken.values)):
        text = f"{shape!r} (9 a digit, A and a letters)"
        example = broken.values[int(np.flatnonzero(mask)[0])].as_py()
        if broken.column.classification == "public":
            text += f", such as {example[:MAX_SHAPE_CHARACTERS]!r}"
        elif not _LETTERS_OF_SHAPES & set(shape):
            continue  # without digits and letters the shape is the value, which nobody may see
        yield broken.cluster(mask, f"looks like {text}", shown=(broken.shows(text, example),))


def _frequent(broken: BrokenValues, values: pa.StringArray) -> Iterator[tuple[str, Mask]]:
    """Yield the most frequent values with their masks, at most MAX_SHAPES."""
    counts = sorted(
        ((each["counts"], each["values"]) for each in values.value_counts().to_pylist()),
        key=lambda pair: (-pair[0], pair[1]),
    )
    for _, value in counts[:MAX_SHAPES]:
        yield value, as_mask(pc.equal(values, value))


def _length(broken: BrokenValues) -> Iterator[Cluster]:
    # Even its length would reveal something about a secret value.
    if broken.column.classification == "secret":
        yield from _whole(broken)
        return
    # One cluster: the bound of the most extreme value accepts all others.
    lengths = pc.utf8_length(broken.values)
    bound = max if broken.key == "max_length" else min
    seen = int(bound(lengths.to_pylist()))
    comparative = "longer" if broken.key == "max_length" else "shorter"
    declared = getattr(broken.column, broken.key)
    change: dict[str, Any] = {broken.key: seen}
    remedy = change_column(broken.document, broken.column.name, f"`{broken.key}: {seen}`", **change)
    mask = np.ones(len(broken.records), dtype=bool)
    yield broken.cluster(
        mask,
        f"is {comparative} than {declared} characters, at the most by {abs(seen - declared)}",
        remedy=remedy,
    )


def _whole(broken: BrokenValues) -> Iterator[Cluster]:
    mask = np.ones(len(broken.records), dtype=bool)
    yield broken.cluster(mask, KINDS[broken.key].broken)


_Step = Callable[[BrokenValues], Iterator[Cluster]]
# A kind that is not here has one group: its values differ in nothing that leads to another remedy.
STEPS: dict[str, tuple[_Step, ...]] = {
    # Destroyed and telephone numbers before wider types: `decimal` would accept 9.2E+11 without its
    # digits, and `integer` +4930123456 as a number with a sign.
    "type": (
        _nothings,
        skipped_times,
        epoch_numbers,
        _formats,
        destroyed_numbers,
        telephone_numbers,
        wider_types,
        _white_space,
        other_notations,
        other_words,
        spelled_numbers,
        _other_shapes,
        _whole,
    ),
    "allowed": (_nothings, _letter_case, _white_space, _white_space_and_case, _other_words, _whole),
    "lookup": (_nothings, _white_space, _case_of_lookup, _other_words, _whole),
    "pattern": (_nothings, _white_space, _other_shapes, _whole),
    "min_length": (_length,),
    "max_length": (_length,),
    "min": (two_digit_years, _whole),
    "max": (two_digit_years, _whole),
}
