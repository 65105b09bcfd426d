"""Finds how the lines of a sample are split: delimiter, also of several characters, quote, and spaces after delimiters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clevercsv.detect import Detector

from callcenter_etl.tools.infer.surroundings.sample_lines import LineSplit, width_of

DELIMITERS = ",;\t|"
RARE_DELIMITERS = "~^\x01\x1f\x1e§¦"
SNIFFED_CHARACTERS = 2**15  # clevercsv's run time grows faster than the size of its sample
NEARLY_ALL = 0.95
CONSISTENT = 0.9
_BRACKETS = ("<>", "[]", "{}")
_LONG = re.compile(r"""[^\w\s"'().%+-]{2,8}|\t{2,8}""")


def split_of(lines: Sequence[str], *, delimiter: str | None) -> LineSplit:
    """Return how lines are split; a given `delimiter` is not guessed."""
    if delimiter is not None:
        return _with_spaces(LineSplit(delimiter, sniffed("\n".join(lines), delimiter).quote), lines)
    long = _long_delimiter(lines)
    if long is not None:
        return LineSplit(long, sniffed("\n".join(lines).replace(long, ","), ",").quote)
    whole = sniffed("\n".join(lines), None)
    if not _is_table(whole, lines):
        # Titles above and totals below may hold other delimiters than the table.
        third = len(lines) // 3
        body = sniffed("\n".join(lines[third:]), None) if third else whole
        whole = max((whole, body), key=lambda split: consistency(split, lines))
    if consistency(whole, lines) < CONSISTENT:
        rare = [LineSplit(each) for each in RARE_DELIMITERS]
        best = max(rare, key=lambda split: consistency(split, lines))
        if consistency(best, lines) >= NEARLY_ALL:
            whole = best
    return _with_spaces(whole, lines)


def sniffed(text: str, delimiter: str | None) -> LineSplit:
    """Return clevercsv's guess for a text."""
    sample = text[:SNIFFED_CHARACTERS].replace("\0", " ")  # clevercsv stops at a NUL
    cut = sample.rfind("\n") + 1
    found = Detector().detect(sample[:cut] if cut else sample, delimiters=delimiter or DELIMITERS)
    if found is None:
        return LineSplit(delimiter or ",")
    # clevercsv returns an empty text for a quote or delimiter that does not occur.
    return LineSplit(delimiter or found.delimiter or ",", found.quotechar or '"')


def consistency(split: LineSplit, lines: Sequence[str]) -> float:
    """Return the share of lines with the most frequent number of cells, 0 if that is one."""
    rows = [split.cells(line) for line in lines if line]
    width = width_of(rows)
    return 0.0 if width < 2 or not rows else sum(len(row) == width for row in rows) / len(rows)


def _is_table(split: LineSplit, lines: Sequence[str]) -> bool:
    first = next((line for line in lines if line), "")
    rows = [split.cells(line) for line in lines if line]
    return len(split.cells(first)) == width_of(rows) and consistency(split, lines) >= CONSISTENT


def _long_delimiter(lines: Sequence[str]) -> str | None:
    """Return a delimiter of several characters that all lines of the table have equally often, None if there is none."""
    filled = [line for line in lines if line]
    if len(filled) < 2:
        return None
    shown = f"{filled[0]}\n{filled[len(filled) // 2]}"
    # `;$` is a delimiter and the beginning of an amount; delimiters have the same character at both ends, or brackets.
    candidates: list[str] = [
        each
        for each in dict.fromkeys(map(str, _LONG.findall(shown)))
        if each[0] == each[-1] or each[0] + each[-1] in _BRACKETS
    ]
    for candidate in candidates:
        counts = [line.count(candidate) for line in filled]
        usual = max(set(counts), key=counts.count)
        if usual and counts.count(usual) >= CONSISTENT * len(filled) and not _has_other(candidate, filled):
            return candidate
    spaced = all(" | " in line and line.count("|") == line.count(" | ") for line in filled)
    return " | " if spaced else None


def _has_other(candidate: str, lines: Sequence[str]) -> bool:
    """Return whether a usual delimiter splits the lines: `a;;b;c` has an empty cell, and `1,https://x` an address."""
    within = [each for each in DELIMITERS if each in candidate]
    if within:
        rest = [line.replace(candidate, "") for line in lines]
        return sum(any(each in line for each in within) for line in rest) * 2 >= len(lines)
    return any(consistency(LineSplit(each), lines) >= CONSISTENT for each in DELIMITERS)


def _with_spaces(split: LineSplit, lines: Sequence[str]) -> LineSplit:
    """Return the split with `skip_initial_space` if nearly all cells after the first begin with a space."""
    if split.delimiter.startswith(" "):
        return split
    cells = [cell for line in lines for cell in line.split(split.delimiter)[1:] if cell]
    spaced = sum(cell.startswith(" ") and bool(cell.strip()) for cell in cells)
    if not cells or spaced < NEARLY_ALL * len(cells):
        return split
    return LineSplit(split.delimiter, split.quote, skip_initial_space=True)
