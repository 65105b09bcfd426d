"""Chooses the `allowed` values of a column with few distinct values, and finds variant spellings of frequent ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter_etl.tools.infer.column_profile import MIN_REPEATS
from callcenter_etl.tools.infer.evidence import shown

MAX_ALLOWED = 12
MAX_ALLOWED_CHARACTERS = 40
MAX_COUNTS_SHOWN = 80  # characters
MAX_SPELLINGS_SHOWN = 5
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))  # zero-width characters


@dataclass(frozen=True, slots=True)
class AllowedValues:
    """The allowed values of a column, the most frequent first, the evidence, and the number of all other values."""

    values: tuple[str, ...]
    evidence: tuple[str, ...]
    rare: int


def allowed_values(distinct: Mapping[str, int], *, tolerated: int) -> AllowedValues | None:
    """Return the allowed values of a column, None if there are too many distinct values.

    `distinct` counts the values, the most frequent first. A rare variant of a frequent value (`inbound`, `Inbound `)
    is left out, and so becomes an outlier, as long as there are at most `tolerated` outliers.
    """
    total = sum(distinct.values())
    spellings = _other_spellings(distinct)
    outliers, left = [], tolerated
    # The rarest first, so that the tolerance covers as many variants as possible.
    for value in sorted(spellings, key=lambda each: (distinct[each], each)):
        if distinct[value] <= left:
            outliers.append(value)
            left -= distinct[value]
    kept = {value: count for value, count in distinct.items() if value not in outliers}
    if len(kept) > MAX_ALLOWED:
        kept = {value: count for value, count in kept.items() if count >= MIN_REPEATS}
    rare = total - sum(kept.values())
    if any(len(value) > MAX_ALLOWED_CHARACTERS or not value.isprintable() for value in kept):
        return None
    if not 1 < len(kept) <= MAX_ALLOWED or len(kept) * MIN_REPEATS > total or rare > tolerated:
        return None
    evidence = (_counts(kept), *_remarks(spellings, kept, distinct))
    return AllowedValues(tuple(kept), evidence, rare)


def _other_spellings(distinct: Mapping[str, int]) -> dict[str, str]:
    """Return each value that differs only in case or white space from a more frequent one, with that one."""
    main: dict[str, str] = {}
    others: dict[str, str] = {}
    for value in distinct:
        folded = " ".join(value.translate(_UNSEEN).split()).casefold()
        # `distinct` begins with the most frequent value, so that one becomes the main spelling.
        if main.setdefault(folded, value) != value:
            others[value] = main[folded]
    return others


def _counts(kept: Mapping[str, int]) -> str:
    counts = ", ".join(f"{shown(value)} {count:,}" for value, count in kept.items())
    spread = f"{len(kept)} different ones, each {min(kept.values()):,} to {max(kept.values()):,} times"
    return counts if len(counts) <= MAX_COUNTS_SHOWN else spread


def _remarks(spellings: Mapping[str, str], kept: Mapping[str, int], counts: Mapping[str, int]) -> list[str]:
    remarks = []
    for what, found in (
        ("not allowed, another spelling", [each for each in spellings if each not in kept]),
        ("check, allowed in two spellings", [each for each in spellings if each in kept]),
    ):
        if found:
            listed = ", ".join(
                f"{shown(repr(value))} {counts[value]:,} for {shown(repr(spellings[value]))}"
                for value in found[:MAX_SPELLINGS_SHOWN]
            )
            more = len(found) - MAX_SPELLINGS_SHOWN
            remarks.append(f"{what}: {listed}" + (f" and {more:,} more" if more > 0 else ""))
    return remarks
