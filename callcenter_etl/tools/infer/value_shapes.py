"""Finds the shapes of a column's values, such as `AA-999`, and the pattern of a fixed shape."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.masks import as_mask

Weights = NDArray[np.int64]

MAX_SHAPES = 64
MAX_RUNS = 9
MAX_SPREAD = 4  # the greatest difference between the longest and the shortest run of characters of a kind
PHONE = "a phone number"
KNOWN_PATTERNS = {
    "a UUID": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "a percentage": r"[0-9]+(\.[0-9]+)? ?%",
    "an e-mail address": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    PHONE: r"\+?[0-9(][0-9 ().-]{5,}[0-9]",
}
_CLASSES = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}


def _shape_bytes() -> NDArray[np.uint8]:
    table = np.arange(256, dtype=np.uint8)
    for first, last, kind in ((b"0", b"9", b"9"), (b"A", b"Z", b"A"), (b"a", b"z", b"a")):
        table[first[0] : last[0] + 1] = kind[0]
    return table


_TABLE = _shape_bytes()


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, its meaning, and the number of values that match it."""

    pattern: str
    meaning: str
    fitted: int


class Shapes:
    """Counts the shapes of one column's values, and the values that match a well-known pattern."""

    def __init__(self, *, max_misfits: int) -> None:
        self._max_misfits = max_misfits
        self._shapes: Counter[str] | None = Counter()
        self._known: dict[str, int] = dict.fromkeys(KNOWN_PATTERNS, 0)  # misfits of each
        self._start: str | None = None
        self._total = 0

    def add(self, values: pa.StringArray, weights: Weights) -> None:
        """Count distinct values of a chunk with their frequencies, both of shape (values,)."""
        self._total += int(weights.sum())
        for meaning in list(self._known):
            fits = pc.match_substring_regex(values, pattern=rf"\A(?:{KNOWN_PATTERNS[meaning]})\z")
            self._known[meaning] += int(weights[~as_mask(fits)].sum())
            if self._known[meaning] > self._max_misfits:
                del self._known[meaning]
        if self._shapes is None:
            return
        encoded = _shapes_of(values).dictionary_encode()
        if len(encoded.dictionary) > MAX_SHAPES:
            self._shapes = None
            return
        totals = np.bincount(encoded.indices.to_numpy(), weights=weights).astype(int).tolist()
        self._shapes.update(dict(zip(encoded.dictionary.to_pylist(), totals, strict=True)))
        ends = pc.min_max(values)
        known = [] if self._start is None else [self._start]
        self._start = _common_start([*known, ends["min"].as_py(), ends["max"].as_py()])
        if len(self._shapes) > MAX_SHAPES:
            self._shapes = None

    def digit_lengths(self) -> dict[int, int]:
        """Return the number of values that are only digits, by length; empty if there are too many shapes."""
        return {len(each): count for each, count in (self._shapes or {}).items() if not each.strip("9")}

    def pattern(self, *, max_misfits: int, personal: bool) -> Pattern | None:
        """Return the pattern that all but `max_misfits` values match, None if they have no fixed shape.

        The common start of all values is literal text in the pattern, unless they are `personal`.
        """
        for meaning, misfits in self._known.items():
            if misfits <= max_misfits and (personal or meaning != PHONE):
                return Pattern(KNOWN_PATTERNS[meaning], meaning, self._total - misfits)
        return self._own_pattern(max_misfits, literal=not personal)

    def _own_pattern(self, max_misfits: int, *, literal: bool) -> Pattern | None:
        if not self._shapes:
            return None
        families: dict[tuple[str, ...], Counter[tuple[int, ...]]] = {}
        for shape, count in self._shapes.items():
            runs = [(kind, len(list(run))) for kind, run in groupby(shape)]
            family = families.setdefault(tuple(kind for kind, _ in runs), Counter())
            family[tuple(length for _, length in runs)] += count
        kinds, lengths = max(families.items(), key=lambda item: (item[1].total(), item[0]))
        fitted = lengths.total()
        if self._total - fitted > max_misfits or not _is_code(kinds):
            return None
        spans = [(min(each), max(each)) for each in zip(*lengths, strict=True)]
        if any(most - least > MAX_SPREAD for least, most in spans):
            return None
        # The common start is that of all values, outliers included, so they must all fit.
        prefix = _literal(self._start or "") if literal and self._total == fitted else ""
        return Pattern(_regex(kinds, spans, prefix), "one shape", fitted)


def _shapes_of(values: pa.StringArray) -> pa.Array:
    """Return the shapes of values: digits as 9, upper-case letters as A, lower-case letters as a."""
    # A slice shares the buffers of its array; the copy has only its own bytes.
    values = pa.concat_arrays([values]) if values.offset else values
    _, offsets, data = values.buffers()
    # Only ASCII bytes change, so that the result is valid UTF-8 with the same offsets.
    shaped = _TABLE[np.frombuffer(data, dtype=np.uint8)] if data is not None else np.empty(0, dtype=np.uint8)
    return pa.StringArray.from_buffers(len(values), offsets, pa.py_buffer(shaped))


def _is_code(kinds: tuple[str, ...]) -> bool:
    """Return whether a shape is a code and not words: digits or capitals, in few runs, ASCII without spaces."""
    return (
        1 < len(kinds) <= MAX_RUNS
        and "9" in kinds
        and all(kind.isascii() and kind.isprintable() and kind != " " for kind in kinds)
    ) or kinds == ("A",)


def _common_start(texts: list[str]) -> str:
    """Return the common start of all texts, which is that of the least and the greatest in alphabetical order."""
    least, most = min(texts), max(texts)
    same = next((place for place, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), None)
    return least[:same] if same is not None else least[: len(most)]


def _literal(text: str) -> str:
    """Return the start up to the first digit: a prefix of letters is intended, equal first digits are chance."""
    match = re.match(r"[A-Za-z_#/-]*", text)
    return match[0] if match else ""


def _regex(kinds: tuple[str, ...], spans: list[tuple[int, int]], prefix: str) -> str:
    parts = []
    for kind, (least, most) in zip(kinds, spans, strict=True):
        if prefix and least == most and len(prefix) >= least:
            parts.append(_escaped(prefix[:least]))
            prefix = prefix[least:]
            continue
        prefix = ""
        parts.append(_CLASSES.get(kind, _escaped(kind)) + _times(least, most))
    return "".join(parts)


def _escaped(text: str) -> str:
    return re.sub(r"([\\.^$*+?{}()\[\]|])", r"\\\1", text)


def _times(least: int, most: int) -> str:
    if least != most:
        return f"{{{least},{most}}}"
    return "" if least == 1 else f"{{{least}}}"
