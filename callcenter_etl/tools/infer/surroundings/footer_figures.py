"""Compares the numbers in the lines below the records with the number of records and the sums of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.column import Column
from callcenter_etl.rules.type_checks import DECIMAL, type_check
from callcenter_etl.tools.infer.name_meaning import snake
from callcenter_etl.tools.infer.surroundings.sample_footer import NUMBER, FooterFigure, SampleFooter

MAX_PLACES = 20  # digits of a number that is added up; longer ones are identifiers
_DURATIONS = Column(name="duration", type="duration")
_DURATION = re.compile(r"(?P<hours>[0-9]+):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9])")


@dataclass(slots=True)
class SampleSums:
    """The number of records of one sample, and the sums of its columns: as numbers, and as durations in microseconds."""

    names: tuple[str, ...]
    read: int = 0
    malformed: int = 0
    numbers: list[Decimal] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = [Decimal(0) for _ in self.names]
        self.durations = [0 for _ in self.names]

    def add(self, columns: Sequence[pa.StringArray], *, malformed: int) -> None:
        """Add the values of well-formed records, and a number of malformed ones."""
        self.malformed += malformed
        self.read += malformed + (len(columns[0]) if columns else 0)
        for place, values in enumerate(columns):
            counted = values.value_counts()
            distinct, counts = counted.field("values"), counted.field("counts")
            short = pc.less_equal(pc.utf8_length(distinct), MAX_PLACES)
            numeric = pc.and_(short, pc.match_substring_regex(distinct, pattern=DECIMAL))
            for value, count in zip(
                distinct.filter(numeric).to_pylist(), counts.filter(numeric).to_pylist(), strict=True
            ):
                self.numbers[place] += Decimal(value) * count
            fits, typed = type_check(distinct, _DURATIONS)
            if typed is not None and fits.any():
                micros = pc.fill_null(typed, 0).to_numpy(zero_copy_only=False)
                self.durations[place] += int(np.dot(micros.astype(object), counts.to_numpy()))

    def figure(self, text: str) -> FooterFigure | None:
        """Return what a number in a footer is equal to, None if nothing."""
        if text.isdigit() and int(text) in {self.read, self.read - self.malformed}:
            return FooterFigure("records", "integer", "the number of records")
        span = _DURATION.fullmatch(text)
        if span is not None:
            seconds = (int(span["hours"]) * 60 + int(span["minutes"])) * 60 + int(span["seconds"])
            return (
                self._sum("duration", [total == seconds * 1_000_000 for total in self.durations])
                if seconds
                else None
            )
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) is None or not Decimal(text):
            return None
        kind = "decimal" if "." in text else "integer"
        return self._sum(kind, [total == Decimal(text) for total in self.numbers])

    def _sum(self, kind: str, equal: Sequence[bool]) -> FooterFigure | None:
        if not any(equal):
            return None
        name = self.names[equal.index(True)]
        return FooterFigure(f"sum_{snake(name) or equal.index(True) + 1}", kind, f"the sum of {name}")


def with_figures(footer: SampleFooter, sums: SampleSums) -> SampleFooter:
    """Return a footer with the numbers that the records of its sample confirm."""
    texts = [match[0] for line in footer.lines for match in NUMBER.finditer(line)]
    figures = {text: figure for text in texts if (figure := sums.figure(text)) is not None}
    return replace(footer, figures=figures)
