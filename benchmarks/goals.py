"""The goals of speed and memory, each measured within one series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.contestants import MILLION
from benchmarks.outcomes import Figure, Results

DUCKDB = ("duckdb_sql.table", "duckdb_sql.stream")
# (what ours is compared with, records, percentage of rejects, the most that ours may be of it)
AGAINST_PEERS = (
    (DUCKDB, MILLION, 1, 0.65),
    (DUCKDB, MILLION, 30, 0.65),
    (("polars_streaming",), MILLION, 1, 1.2),
    (("polars_streaming",), MILLION, 30, 1.2),
    (("pandera_naive",), MILLION, 1, 0.12),
    (("pandera_naive",), MILLION, 30, 0.12),
    (("pandera_naive",), MILLION, 100, 0.05),
    (("csv_loop",), MILLION, 1, 0.1),
    (("frictionless_rows",), MILLION, 1, 0.015),
    (DUCKDB, 10 * MILLION, 1, 0.3),
    (("polars_streaming",), 10 * MILLION, 1, 0.75),
    (("cp",), 10 * MILLION, 1, 18.0),
)
NAMES = {
    DUCKDB: "the better DuckDB SQL",
    ("polars_streaming",): "streaming polars",
    ("pandera_naive",): "naive pandera",
    ("csv_loop",): "the csv loop",
    ("frictionless_rows",): "frictionless",
    ("cp",): "cp",
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal and what was measured; None where nothing was."""

    text: str
    limit: float
    measured: float | None
    unit: str = "x"

    @property
    def verdict(self) -> str:
        """Say whether it is met."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.limit else "**missed**"


def goals(results: Results) -> Iterator[Goal]:
    """Give every goal."""
    for names, records, rejects, limit in AGAINST_PEERS:
        text = f"time against {NAMES[names]}, {records:,} records, {rejects} % rejects"
        yield Goal(text, limit, _against(results, names, records, rejects))
    yield from _own_time_goals(results)
    plain = [results.peer("ours", records, 1) for records in (MILLION, 10 * MILLION)]
    unique = list(results.in_series("unique"))
    for text, figures in (("peak memory", plain), ("peak memory, call_id unique", unique)):
        small, large = _at(figures, MILLION), _at(figures, 10 * MILLION)
        yield Goal(f"{text}, 10,000,000 records against 1,000,000", 1.15, _ratio(large, small, "peak_bytes"))
        yield Goal(f"{text}, 1,000,000 records", 400.0, _megabytes(small), "MB")
        yield Goal(f"{text}, 10,000,000 records", 400.0, _megabytes(large), "MB")


def _own_time_goals(results: Results) -> Iterator[Goal]:
    series = "rejects and damage"
    clean, rejects, damage = (
        _chosen(results, series, "ours", *shares) for shares in ((0, 0), (100, 0), (0, 1))
    )
    two, one = (_chosen(results, "workers", f"ours_workers_{number}") for number in (2, 1))
    yield Goal(f"time at 100 % rejects against none{_size(clean)}", 3.0, _ratio(rejects, clean, "seconds"))
    yield Goal(f"time at 1 % damage against none{_size(clean)}", 1.7, _ratio(damage, clean, "seconds"))
    yield Goal(f"time of two workers against one{_size(one)}", 1.0, _ratio(two, one, "seconds"))
    ours, imports = (_chosen(results, "start", name) for name in ("ours", "imports"))
    beyond = None if ours is None or imports is None or not ours.counts else ours.seconds - imports.seconds
    yield Goal("start-up: 1,000 records, beyond importing pandas and pandera", 0.15, beyond, "s")


def _against(results: Results, names: tuple[str, ...], records: int, rejects: int) -> float | None:
    found = [results.peer(name, records, rejects) for name in names]
    sound = [figure for figure in found if figure is not None and figure.counts]
    best = min(sound, key=lambda figure: figure.seconds, default=None)
    return _ratio(results.peer("ours", records, rejects), best, "seconds")


def _chosen(results: Results, series: str, contestant: str, *shares: int) -> Figure | None:
    """Give the figure of a series; `shares` are the percentages of rejects and damage, where these vary."""
    return next(
        (
            figure
            for figure in results.in_series(series)
            if figure.contestant == contestant and shares in ((), (figure.rejects, figure.damage))
        ),
        None,
    )


def _size(figure: Figure | None) -> str:
    return "" if figure is None else f", {figure.records:,} records"


def _at(figures: list[Figure | None] | list[Figure], records: int) -> Figure | None:
    return next((figure for figure in figures if figure is not None and figure.records == records), None)


def _ratio(above: Figure | None, below: Figure | None, what: str) -> float | None:
    if above is None or below is None or not (above.counts and below.counts):
        return None
    return float(getattr(above, what) / getattr(below, what))


def _megabytes(figure: Figure | None) -> float | None:
    return figure.peak_bytes / 1e6 if figure is not None and figure.counts else None
