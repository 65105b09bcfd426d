"""The lines around the generated records: mostly as declared, now and then not."""

from __future__ import annotations

import itertools
import random
from typing import Any

from tests.oracle.contracts import Contract, chance
from tests.oracle.vendor_dirt import comments
from tests.oracle.vendor_source import AFTER_HEADER, ANY_TEXT, FOOTER, PREAMBLE, Sample
from tests.oracle.writer import Style

Declared = dict[str, Any]
MAX_UNTIL = 30


def texts_for(
    rng: random.Random, declared: Declared, samples: tuple[Sample, ...], *, wrong: int
) -> list[str]:
    """Return one text a declared line; in `wrong` percent of the cases one line is missing, different or mistyped."""
    match = declared.get("match")
    patterns = match if isinstance(match, list) else [match] * declared["lines"]
    by_pattern = {sample.pattern: sample for sample in samples}
    chosen = [None if pattern is None else by_pattern[pattern] for pattern in patterns]
    texts = [rng.choice(ANY_TEXT if sample is None else sample.texts) for sample in chosen]
    if not chance(rng, wrong):
        return texts
    place = rng.randrange(len(texts))
    sample = chosen[place]
    mistyped = () if sample is None else sample.mistyped
    other = rng.choice([*mistyped, "something else", ""])
    if declared.get("optional", False) and chance(rng, 50):
        return []
    return rng.choice([texts[:place] + texts[place + 1 :], [*texts[:place], other, *texts[place + 1 :]]])


def between(style: Style, contract: Contract, percent: int = 15) -> list[str]:
    """Return blank lines and comments, or none."""
    if not chance(style.rng, percent):
        return []
    lines = [""] * style.rng.randint(0, 2) + (
        comments(style, [])[:1] if "comment" in contract["source"] else []
    )
    comment = contract["source"].get("comment", "")
    return [line for line in lines if line == "" or (comment and line.startswith(comment))]


def preamble_lines(style: Style, contract: Contract) -> list[str]:
    """Return the lines above the header; comments are between them and do not count."""
    declared = contract["source"].get("preamble")
    if declared is None:
        return []
    rng = style.rng
    if "until" in declared:
        count = rng.choice([0, 1, 2, 7, MAX_UNTIL])
        texts = [f"Key {place} = {'x' * rng.choice([0, 5, 90])}" for place in range(count)]
    else:
        texts = texts_for(rng, declared, PREAMBLE, wrong=8)
    is_comment = "comment" in contract["source"]
    return [
        line for text in texts for line in (*(between(style, contract, 10)[-1:] if is_comment else []), text)
    ]


def header_lines(style: Style, contract: Contract, names: list[str]) -> list[str]:
    """Return the header lines: each name is cut at its spaces, so that its parts join to it again."""
    count = contract["source"].get("header_lines", 1)
    rows: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        parts = name.split(" ")
        # Empty parts of a name with two spaces would be lost.
        pieces = [name] if "" in parts or count == 1 else cut(style.rng, parts, count)
        places = sorted(style.rng.sample(range(count), len(pieces)))
        for place, row in enumerate(rows):
            row.append(pieces[places.index(place)] if place in places else "")
    lines: list[str] = []
    for row in rows:
        lines += [*(between(style, contract) if lines else []), style.full_line(row)]
    return lines


def cut(rng: random.Random, parts: list[str], count: int) -> list[str]:
    """Return the parts joined to at most `count` pieces."""
    pieces = rng.randint(1, min(count, len(parts)))
    places = [0, *sorted(rng.sample(range(1, len(parts)), pieces - 1)), len(parts)]
    return [" ".join(parts[start:end]) for start, end in itertools.pairwise(places)]


def after_header_lines(style: Style, contract: Contract) -> list[str]:
    declared = contract["source"].get("after_header")
    if declared is None:
        return []
    texts = texts_for(style.rng, declared, AFTER_HEADER, wrong=8)
    return [line for text in texts for line in (*between(style, contract), text)]


def footer_lines(style: Style, contract: Contract) -> list[str]:
    """Return the footer with what may be among and behind its lines."""
    declared = contract["source"].get("footer")
    if declared is None:
        return []
    texts = texts_for(style.rng, declared, FOOTER, wrong=20)
    lines = [line for text in texts for line in (*between(style, contract), text)]
    return lines + between(style, contract)
