"""Decides which files of a table give way to a run's: what its source wrote before, and what its mode replaces."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from callcenter_etl.writers.tables.provenance import Provenance, read_name, source_key

TableMode = Literal["append", "overwrite", "replace_partitions"]
Partition = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class WriteMode:
    """What gives way to a run's rows. Of a partition the first `levels` columns say what is replaced as a whole.

    None for all of them. A day is replaced with all its buckets: it must not keep the rows of one that is empty now.
    """

    mode: TableMode
    levels: int | None = None

    def part(self, partition: Partition) -> Partition:
        """Return what is replaced as a whole."""
        return partition[: self.levels]


@dataclass(frozen=True, slots=True)
class ActiveFile:
    """A file of the table's newest version. `least` and `greatest` bound `_source`, None where that is not known."""

    path: str
    bytes: int
    records: int
    partition: Partition
    least: str | None = None
    greatest: str | None = None

    def may_hold(self, source: str) -> bool:
        """Return whether rows of a source may be in this file, which another program made."""
        if self.least is None or self.greatest is None:
            return True
        return self.least <= source <= self.greatest


# The sources of a file's rows, None among them for rows without one; asked only for files of other programs.
SourcesIn = Callable[[ActiveFile], Collection[str | None]]


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes: whole files, and this source's rows out of files that hold others' too.

    `disturbed` are the keys of other sources, some of whose rows go with these files.
    """

    files: tuple[ActiveFile, ...]
    rewrites: tuple[ActiveFile, ...]
    disturbed: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Content:
    """Whose rows a file holds, by the sources' keys."""

    sources: frozenset[str | None]

    def only(self, key: str) -> bool:
        return self.sources <= {key}


def removal_of(
    active: Collection[ActiveFile],
    origin: Provenance,
    replacing: WriteMode,
    new: Collection[Partition],
    sources_in: SourcesIn,
) -> Removal:
    """Return what a commit of this origin's rows removes. `new` are the partitions that its files are in."""
    mode, touched = replacing.mode, {replacing.part(partition) for partition in new}
    key = origin.source_key
    files: list[ActiveFile] = []
    rewrites: list[ActiveFile] = []
    disturbed: set[str] = set()
    for file in active:
        if mode == "overwrite" or (
            mode == "replace_partitions" and replacing.part(file.partition) in touched
        ):
            files.append(file)
            disturbed |= {each for each in _content(file, sources_in).sources if each is not None}
            continue
        content = _own_content(file, origin, sources_in)
        if content is None or key not in content.sources:
            continue
        (files if content.only(key) else rewrites).append(file)
    return Removal(tuple(files), tuple(rewrites), frozenset(disturbed - {key}))


def is_current(
    active: Collection[ActiveFile], origin: Provenance, replacing: WriteMode, sources_in: SourcesIn
) -> bool:
    """Return whether a commit of rows that were committed already, none of which went since, would change nothing."""
    if replacing.mode == "append":
        return True
    key = origin.source_key
    if replacing.mode == "overwrite":
        return all(_content(file, sources_in).only(key) for file in active)
    own = [
        file
        for file in active
        if (content := _own_content(file, origin, sources_in)) is not None and key in content.sources
    ]
    places = {replacing.part(file.partition) for file in own}
    return all(
        _content(file, sources_in).only(key) for file in active if replacing.part(file.partition) in places
    )


def own_records(
    active: Collection[ActiveFile], origin: Provenance, count: Callable[[ActiveFile], int]
) -> int:
    """Return how many rows of a source a table has; `count` counts them in a file of another program."""
    key = origin.source_key
    found = 0
    for file in active:
        named = read_name(file.path)
        if named is None:
            found += count(file) if file.may_hold(origin.source) else 0
        elif named.source == key:
            found += file.records
    return found


def _content(file: ActiveFile, sources_in: SourcesIn) -> _Content:
    named = read_name(file.path)
    if named is not None:
        return _Content(frozenset({named.source}))
    return _Content(frozenset(None if each is None else source_key(each) for each in sources_in(file)))


def _own_content(file: ActiveFile, origin: Provenance, sources_in: SourcesIn) -> _Content | None:
    """Return whose rows a file holds, None where it surely holds none of this origin's; no file is read needlessly."""
    if read_name(file.path) is None and not file.may_hold(origin.source):
        return None
    return _content(file, sources_in)


def partition_texts(values: Mapping[str, str | None], names: Collection[str]) -> Partition:
    """Return a partition's values in the order of the table's partition columns."""
    return tuple(values.get(name) for name in names)
