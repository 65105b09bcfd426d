"""Reads results.json: medians by series and contestant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.plan import peers_name


@dataclass(frozen=True, slots=True)
class Figure:
    """The medians of one contestant on one source, and why they do not count if they do not."""

    series: str
    contestant: str
    records: int
    rejects: int
    damage: int
    seconds: float
    cpu_seconds: float
    peak_bytes: float
    runs: int
    differences: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Tell whether the outputs were the product's."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one benchmark measured."""

    machine: dict[str, Any]
    figures: tuple[Figure, ...]

    def in_series(self, name: str) -> tuple[Figure, ...]:
        """Give a series' figures in the order of their first turn."""
        return tuple(figure for figure in self.figures if figure.series == name)

    def pairs(self) -> list[tuple[int, int]]:
        """Give the (records, rejects) that peers were measured at."""
        found = {
            (figure.records, figure.rejects)
            for figure in self.figures
            if figure.series == peers_name(figure.records, figure.rejects)
        }
        return sorted(found)

    def peer(self, contestant: str, records: int, rejects: int) -> Figure | None:
        """Give a figure of the series in which all take turns."""
        return self._first(peers_name(records, rejects), contestant)

    def _first(self, series: str, contestant: str) -> Figure | None:
        return next((figure for figure in self.in_series(series) if figure.contestant == contestant), None)


def read_results(folder: Path) -> Results:
    """Read what a benchmark wrote into the folder."""
    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return Results(document["machine"], tuple(_figure(one) for one in document["measurements"]))


def _figure(one: dict[str, Any]) -> Figure:
    return Figure(
        series=one["series"],
        contestant=one["contestant"],
        records=one["records"],
        rejects=one["rejects"],
        damage=one["damage"],
        seconds=median(one["seconds"]),
        cpu_seconds=median(one["cpu_seconds"]),
        peak_bytes=median(one["peak_bytes"]),
        runs=len(one["seconds"]),
        differences=tuple(one["differences"]),
    )
