"""Finds the lines below the records: totals, numbers of records, marks of the end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callcenter_etl.tools.infer.surroundings.line_patterns import literal, open_digits
from callcenter_etl.tools.infer.surroundings.sample_lines import filled, is_value

MAX_FOOTER = 5
_LABEL = re.compile(
    r"""(?ix) ["'(\[*=\s-]* (?: (?:grand|overall|sub)?[ -]? totals? | totale?s? | total\ g[eé]n[eé]ral | summen? | gesamt\w* | insgesamt
    | zwischensumme | suma | somme | sum | averages? | avg | mittelwert | durchschnitt | moyenne | promedio | count | anzahl
    | records? | rows? | lines? | trailer | trl | end | eof | ende | fin | generated | printed | exported | source | quelle | notes?
    | hinweis | copyright | checksum | number\ of | [0-9][0-9,. ]*\ (?:rows?|records?|lines?|calls?|entries|zeilen|datensätze) ) \b .*"""
)
NUMBER = re.compile(r"[0-9]+(?:[.,:][0-9]+)*")


@dataclass(frozen=True, slots=True)
class FooterFigure:
    """A number in a footer that the records confirm: its group, its type, and what it is equal to."""

    group: str
    type: str
    equals: str


@dataclass(frozen=True, slots=True)
class SampleFooter:
    """The lines below the records."""

    lines: tuple[str, ...] = ()
    figures: Mapping[str, FooterFigure] = field(default_factory=dict)

    def patterns(self) -> list[str]:
        """Return a pattern for each line; a number that the records confirm is a named group."""
        seen: set[str] = set()
        return [self._pattern(line, seen) for line in self.lines]

    def _pattern(self, line: str, seen: set[str]) -> str:
        parts, last = [], 0
        for match in NUMBER.finditer(line):
            figure = self.figures.get(match[0])
            if figure is None or figure.group in seen:
                continue
            seen.add(figure.group)
            shape = re.sub(r"[0-9]+", "[0-9]+", literal(match[0]))
            # A sum may grow by a group of digits, which changes the number of separators.
            shape = "[0-9]+" if shape == "[0-9]+" else "[0-9.,:]+"
            parts += [open_digits(line[last : match.start()]), f"(?P<{figure.group}>{shape})"]
            last = match.end()
        return "".join([*parts, open_digits(line[last:])])


def footer_lines(tail: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """Return the last lines that are no records, given the last lines, their cells, and the number of columns.

    A line is none if it begins with a label such as "Total" that begins no other line, and lacks cells or has other ones.
    """
    filled_places = [place for place, line in enumerate(tail) if line.strip()]
    firsts = [rows[place][0].strip() for place in filled_places]
    found = 0
    for back in range(1, min(MAX_FOOTER, len(filled_places) - 1) + 1):
        place = filled_places[-back]
        if not _is_below(rows[place], firsts[: len(firsts) - back], width):
            break
        found = back
    return tuple(tail[place] for place in filled_places[len(filled_places) - found :]) if found else ()


def _is_below(row: Sequence[str], firsts: Sequence[str], width: int) -> bool:
    first = next((cell.strip() for cell in row if cell.strip()), "")
    numbered = sum(map(is_value, firsts)) * 2 > len(firsts) and not is_value(first)
    if first in firsts or _LABEL.fullmatch(first) is None:
        # A line of one text below a table with values in its first column is no cut record.
        return width > 2 and len(row) == 1 and numbered and " " in first
    return len(row) != width or filled(row) < width or numbered
