"""Chooses the options of quoting, escaping and short records with which the samples have the most well-formed records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.framing import FIELDS, QUOTE
from callcenter_etl.tools.infer.sample_chunks import OnBytes, read_chunks
from callcenter_etl.tools.infer.sample_survey import Survey

MIN_SHORT = 3  # one or two short records are damaged ones
MIN_EXPLAINED = 4  # an escape leaves at most one malformed record in so many
MIN_SHORT_SHARE = 50  # one in so many
_PLAIN: tuple[dict[str, Any], ...] = (
    {"multiline": True},
    {"quoting": "lenient"},
    {"quote": None},
    {"quoting": "lenient", "multiline": True},
)
# What is an empty value is read before any escape; without the entry, \N would be N.
_ESCAPE: dict[str, Any] = {"escape": "\\", "empty_values": ["", r"\N"]}
_ESCAPED: tuple[dict[str, Any], ...] = (_ESCAPE, {**_ESCAPE, "multiline": True})

# Returns the layout's document with further keys of the source format.
WithKeys = Callable[[Mapping[str, Any]], ContractDocument]


@dataclass(slots=True)
class LayoutCounts:
    """The numbers of well-formed records, of malformed ones, and of those malformed by quotes or by their fields."""

    sound: int = 0
    malformed: int = 0
    by_quotes: int = 0
    by_fields: int = 0


def quoting_of(surveys: Sequence[Survey], document: WithKeys, on_bytes: OnBytes) -> dict[str, Any]:
    """Return the quoting options with the most well-formed records, then with the fewest malformed ones.

    The fewest malformed records alone would be misleading: with `multiline`, a stray quote joins lines, so that there
    are fewer records of both kinds. Samples without quotes and escapes are not read for this.
    """
    escaped = any(each.escapes for each in surveys)
    if not escaped and not any(each.quotes for each in surveys):
        return {}
    plain = counts_of(surveys, document({}), on_bytes)
    if not plain.malformed:
        return {}
    if escaped:
        for change in _ESCAPED:
            left = counts_of(surveys, document(change), on_bytes)
            # Without a look at lenient ones: these make the same records of `"say \"hello\""`, but not the same values.
            if left.malformed * MIN_EXPLAINED <= plain.malformed and left.sound > plain.sound:
                return dict(change)
    return _most_sound(plain, surveys, document, on_bytes)


def _most_sound(
    plain: LayoutCounts, surveys: Sequence[Survey], document: WithKeys, on_bytes: OnBytes
) -> dict[str, Any]:
    best: dict[str, Any] = {}
    most = (plain.sound, -plain.malformed)
    # Other variants only change how quotes are read, and cannot remove other faults.
    for change in _PLAIN if plain.by_quotes else ():
        counts = counts_of(surveys, document(change), on_bytes)
        # Of equal variants the first is kept, which deviates least from the defaults.
        if (counts.sound, -counts.malformed) > most:
            most, best = (counts.sound, -counts.malformed), change
            if not counts.malformed or (not counts.by_quotes and "quote" not in change):
                break
    return best


def cuts_short(
    surveys: Sequence[Survey], document: WithKeys, on_bytes: OnBytes, *, quoting: Mapping[str, Any]
) -> int:
    """Return how many records lack fields at their end, 0 if these are too few to be usual."""
    before = counts_of(surveys, document(quoting), on_bytes)
    if before.by_fields < max(MIN_SHORT, (before.sound + before.malformed) // MIN_SHORT_SHARE):
        return 0
    after = counts_of(surveys, document({**quoting, "short_records": "empty"}), on_bytes)
    short = after.sound - before.sound
    return short if short >= max(MIN_SHORT, before.by_fields // 2) else 0


def counts_of(surveys: Sequence[Survey], document: ContractDocument, on_bytes: OnBytes) -> LayoutCounts:
    """Count the records of the samples under a layout."""
    counts = LayoutCounts()
    for each in surveys:
        for chunk in read_chunks(each.uri, document, max_records=None, on_bytes=on_bytes):
            if chunk.piece is not None:  # no evidence of how the other records are written
                continue
            counts.sound += len(chunk.sound)
            counts.malformed += len(chunk.malformed)
            counts.by_quotes += sum(m.status == QUOTE for m in chunk.malformed)
            counts.by_fields += sum(m.status == FIELDS for m in chunk.malformed)
    return counts
