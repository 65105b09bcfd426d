"""Decide which files of a table a run replaces: those of its source's earlier content, and those of its write mode."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from callcenter_etl.writers.tables.provenance import Provenance, read_name, source_key

TableMode = Literal["append", "overwrite", "replace_partitions"]
Partition = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class WriteMode:
    """Write mode of a run. Rows with the same first `levels` partition values are replaced together, None for all levels.

    So a day is replaced with all its buckets, and does not keep the rows of a bucket that is empty now.
    """

    mode: TableMode
    levels: int | None = None

    def part(self, partition: Partition) -> Partition:
        """Return the partition values that identify what is replaced as a whole."""
        return partition[: self.levels]


@dataclass(frozen=True, slots=True)
class ActiveFile:
    """A data file of a table's newest version. `least` and `greatest` are bounds of `_source`, None where unknown.

    `records` is -1 where the number is unknown.
    """

    path: str
    bytes: int
    records: int
    partition: Partition
    least: str | None = None
    greatest: str | None = None

    def may_hold(self, source: str) -> bool:
        """Return whether rows of a source may be in this file of another program, by the bounds of `_source`."""
        if self.least is None or self.greatest is None:
            return True
        return self.least <= source <= self.greatest


# Returns the sources of a file's rows, None among them for rows without one. It reads the file, so it is called only
# for files of other programs, such as compactions: the names of this program's own files hold their source.
SourcesIn = Callable[[ActiveFile], Collection[str | None]]


@dataclass(frozen=True, slots=True)
class Removal:
    """Removals of a commit: `files` as a whole, and this source's rows from the `rewrites`, which have others' too.

    `disturbed` are the keys of other sources that lose rows.
    """

    files: tuple[ActiveFile, ...]
    rewrites: tuple[ActiveFile, ...]
    disturbed: frozenset[str]


@dataclass(frozen=True, slots=True)
class _FileSources:
    """Keys of the sources of a file's rows, None among them for rows without one."""

    keys: frozenset[str | None]

    def only(self, key: str) -> bool:
        return self.keys <= {key}


def removal_of(
    active: Collection[ActiveFile],
    origin: Provenance,
    replacing: WriteMode,
    new: Collection[Partition],
    sources_in: SourcesIn,
) -> Removal:
    """Return the removals of a commit of this origin's rows. `new` are the partitions of its files."""
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
            disturbed |= {each for each in _sources(file, sources_in).keys if each is not None}
            continue
        # In every mode a run replaces the rows of its source's earlier content.
        sources = _own_sources(file, origin, sources_in)
        if sources is None or key not in sources.keys:
            continue
        (files if sources.only(key) else rewrites).append(file)
    return Removal(tuple(files), tuple(rewrites), frozenset(disturbed - {key}))


def is_current(
    active: Collection[ActiveFile], origin: Provenance, replacing: WriteMode, sources_in: SourcesIn
) -> bool:
    """Return whether a commit would change nothing, for rows that are all in the table already.

    That holds unless the write mode would remove rows of other sources.
    """
    if replacing.mode == "append":
        return True
    key = origin.source_key
    if replacing.mode == "overwrite":
        return all(_sources(file, sources_in).only(key) for file in active)
    own = [
        file
        for file in active
        if (sources := _own_sources(file, origin, sources_in)) is not None and key in sources.keys
    ]
    places = {replacing.part(file.partition) for file in own}
    return all(
        _sources(file, sources_in).only(key) for file in active if replacing.part(file.partition) in places
    )


def own_records(
    active: Collection[ActiveFile], origin: Provenance, count: Callable[[ActiveFile], int]
) -> int:
    """Return the number of a source's rows in a table; `count` counts them in a file of another program."""
    key = origin.source_key
    found = 0
    for file in active:
        named = read_name(file.path)
        if named is None:
            found += count(file) if file.may_hold(origin.source) else 0
        elif named.source == key:
            found += file.records
    return found


def _sources(file: ActiveFile, sources_in: SourcesIn) -> _FileSources:
    named = read_name(file.path)
    if named is not None:
        return _FileSources(frozenset({named.source}))
    return _FileSources(frozenset(None if each is None else source_key(each) for each in sources_in(file)))


def _own_sources(file: ActiveFile, origin: Provenance, sources_in: SourcesIn) -> _FileSources | None:
    """Return the sources of a file's rows, None where its bounds exclude this origin, so that the file is not read."""
    if read_name(file.path) is None and not file.may_hold(origin.source):
        return None
    return _sources(file, sources_in)


def partition_texts(values: Mapping[str, str | None], names: Collection[str]) -> Partition:
    """Return partition values in the order of the table's partition columns, None for a missing one."""
    return tuple(values.get(name) for name in names)
