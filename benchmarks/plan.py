"""What is measured: series of contestants and sources, each series run in turns so that its ratios hold."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks import contestants
from benchmarks.contestants import FLOORS, HERE, IMPORTS, MILLION, OURS, OURS_UNIQUE, PEERS, Contestant

# Sizes and percentages of rejects that are measured unless told otherwise.
PAIRS = (
    (1_000, 1),
    *((records, rejects) for records in (100_000, MILLION) for rejects in (0, 1, 30, 100)),
    (10 * MILLION, 1),
    (10 * MILLION, 30),
)


class Source(Protocol):
    """A file that can be made; the shares are percentages."""

    @property
    def records(self) -> int:
        """How many records it has."""

    @property
    def rejects(self) -> int:
        """How many of them break a rule."""

    @property
    def damage(self) -> int:
        """How many of them cannot be read as fields."""

    @property
    def duplicates(self) -> int:
        """How many of them repeat a key."""

    def source(self, cache: Path) -> Path:
        """Give the file, which is made if it is not there."""


@dataclass(frozen=True, slots=True)
class Case:
    """A generated source; the shares are percentages."""

    records: int
    rejects: int = 1
    damage: int = 0
    duplicates: int = 0

    def source(self, cache: Path) -> Path:
        """Give the source's file, which is generated if it is not there. A changed generator starts afresh."""
        generator = HERE / "generate.py"
        version = hashlib.sha256(generator.read_bytes()).hexdigest()[:8]
        numbers = (self.records, self.rejects, self.damage, self.duplicates)
        path = cache / f"calls_{'_'.join(map(str, numbers))}_{version}.csv"
        if not path.exists():
            unfinished = path.with_suffix(".part")
            options = zip(
                ("--records", "--rejects", "--damage", "--duplicates"), map(str, numbers), strict=True
            )
            subprocess.run(  # noqa: S603 (our own script)
                [
                    contestants.OUR_BIN / "python",
                    generator,
                    *(word for option in options for word in option),
                    "--out",
                    unfinished,
                ],
                check=True,
            )
            unfinished.rename(path)
        return path


@dataclass(frozen=True, slots=True)
class Entry:
    """One contestant on one source."""

    contestant: Contestant
    case: Source


@dataclass(frozen=True, slots=True)
class Series:
    """Entries that take turns."""

    name: str
    entries: tuple[Entry, ...]

    def reference_of(self, entry: Entry) -> Entry | None:
        """Give the entry whose outputs this one's must equal: the product's first on the same source."""
        if entry.contestant.role == "floor" or entry.contestant is OURS_UNIQUE:
            return None
        first = next(
            other for other in self.entries if other.case == entry.case and other.contestant.role == "ours"
        )
        return None if first is entry else first


def peers_series(
    pairs: Iterable[tuple[int, int]], peers: Iterable[Contestant], limits: dict[str, int]
) -> Iterator[Series]:
    """Give a series for each size and percentage: the product, the peers that go so far, the floors."""
    for records, rejects in pairs:
        case = Case(records, rejects)
        taking_part = [
            peer for peer in peers if records <= limits.get(peer.name.split(".")[0], peer.max_records)
        ]
        entries = tuple(Entry(each, case) for each in (OURS, *taking_part, *FLOORS))
        yield Series(peers_name(records, rejects), entries)


def peers_name(records: int, rejects: int) -> str:
    """Give the name that results know such a series by."""
    return f"peers {records} {rejects}"


def own_series(largest: int) -> Iterator[Series]:
    """Give the series that compare the product with itself, none of them on more records than `largest`."""
    yield Series("start", (Entry(OURS, Case(1_000)), Entry(IMPORTS, Case(1_000))))
    size = min(largest, MILLION)
    loop = next(peer for peer in PEERS if peer.name == "csv_loop")
    damaged = Case(size, 0, damage=1)
    entries = [Entry(OURS, Case(size, rejects)) for rejects in (0, 100)]
    entries.append(Entry(OURS, damaged))
    yield Series("rejects and damage", (*entries, Entry(loop, damaged)))
    if contestants.workers_can_be_chosen():
        case = Case(size)
        yield Series("workers", tuple(Entry(contestants.with_workers(number), case) for number in (1, 2)))
    sizes = sorted({min(largest, records) for records in (MILLION, 10 * MILLION)})
    yield Series("unique", tuple(Entry(OURS_UNIQUE, Case(records, duplicates=1)) for records in sizes))


def all_series(
    pairs: tuple[tuple[int, int], ...], peers: tuple[Contestant, ...], limits: dict[str, int]
) -> tuple[Series, ...]:
    """Give everything that is to be measured."""
    largest = max(records for records, _ in pairs)
    return (*peers_series(pairs, peers, limits), *own_series(largest))


def chosen_pairs(sizes: tuple[int, ...], rejects: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Give the pairs of PAIRS, or every pair of what was asked for."""
    if not sizes and not rejects:
        return PAIRS
    shares = rejects or (1,)
    return tuple((size, share) for size in sizes or (1_000, 100_000, MILLION) for share in shares)


def chosen_peers(names: tuple[str, ...]) -> tuple[Contestant, ...]:
    """Give the peers of these names, a name standing for all its variants; all of them for no name.

    Raises ValueError for a name that no peer has.
    """
    known = {peer.name.split(".")[0] for peer in PEERS}
    unknown = sorted(set(names) - known)
    if unknown:
        raise ValueError(f"no peer {unknown[0]!r}: the peers are {', '.join(sorted(known))}")
    return tuple(peer for peer in PEERS if not names or peer.name.split(".")[0] in names)
