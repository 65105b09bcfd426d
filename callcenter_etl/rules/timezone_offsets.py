"""Offsets of time zones from UTC as arrays, for whole columns of local times and of instants."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.contract.epoch_formats import FIRST_INSTANT, LAST_INSTANT
from callcenter_etl.rules.masks import Mask

SECOND = 1_000_000
Instants = NDArray[np.int64]  # microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Two days within the years 1 to 9999, since Python has no local time beyond them.
_FIRST, _LAST = FIRST_INSTANT // SECOND + 2 * 86_400, LAST_INSTANT // SECOND - 2 * 86_400
_HEADER = struct.Struct(">4sc15x6l")
# The Gregorian calendar, with its days of the week, repeats after 400 years; so does every rule for the future.
_CYCLE = 146_097 * 86_400
_CYCLES = 25  # from the year 1 to 9999
# Rules for the future have two changes a year. No two of them are closer than this.
_STEP = 10 * 86_400


@dataclass(frozen=True, slots=True)
class ZoneOffsets:
    """The offsets of a time zone: `offsets[i]` is valid from `starts[i]` (UTC) to `starts[i + 1]`, in microseconds.

    `ends` has the local time at which each offset is no longer the one of a local time that occurs twice or never.
    """

    starts: Instants
    offsets: Instants
    ends: Instants

    def to_utc(self, local: Instants, valid: Mask) -> tuple[Instants, Mask]:
        """Return the instants of local times, and which of the `valid` ones exist; the first of those that occur twice."""
        if not len(local):
            return local, valid
        part = self._between(self.ends, int(local.min()), int(local.max()))
        places = np.searchsorted(self.ends[part], local, side="right") + part.start
        instants = local - self.offsets[places]
        # A local time that a gap skips is before the gap by the one offset, and behind it by the other.
        return instants, valid & (self.to_local(instants) == local)

    def to_local(self, instants: Instants) -> Instants:
        """Return the local times of instants."""
        if not len(instants):
            return instants
        starts = self.starts[1:]
        part = self._between(starts, int(instants.min()), int(instants.max()))
        places = np.searchsorted(starts[part], instants, side="right") + part.start
        local: Instants = instants + self.offsets[places]
        return local

    def _between(self, ordered: Instants, least: int, most: int) -> slice:
        # The values of a file lie within a few changes of its zone, and a search among those few is several times faster.
        first, last = np.searchsorted(ordered, (least, most), side="right")
        return slice(int(first), int(last))


@lru_cache(maxsize=64)
def zone_offsets(name: str) -> ZoneOffsets:
    """Return the offsets of a time zone of the database for the years 1 to 9999."""
    zone = ZoneInfo(name)
    starts, offsets = _changes(zone)
    begin, later = (np.array(each, dtype=np.int64) * SECOND for each in (starts, offsets))
    # Where clocks go back, the first of two equal local times has the former offset; where they go forward, the time
    # before the gap has it too.
    ends = begin[1:] + np.maximum(later[:-1], later[1:])
    return ZoneOffsets(starts=begin, offsets=later, ends=ends)


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    return (offset or timedelta()) // timedelta(seconds=1)


def _changes(zone: ZoneInfo) -> tuple[list[int], list[int]]:
    """Return the seconds from which on an offset is valid, and the offsets: of a zone's file, then of its rule."""
    listed, has_rule = _listed_changes(_zone_file(zone.key))
    starts = [_FIRST, *(each for each in listed if _FIRST < each <= _LAST)]
    offsets = [_offset(zone, each) for each in starts]
    if has_rule:
        cycle = _ruled_changes(zone, starts[-1])
        cycle_offsets = [_offset(zone, each) for each in cycle]
        for count in range(_CYCLES):
            starts += [each + _CYCLE * count for each in cycle]
            offsets += cycle_offsets
    return starts, offsets


def _ruled_changes(zone: ZoneInfo, start: int) -> list[int]:
    """Return the changes in the cycle after `start`, from which on the offsets follow a yearly rule."""
    found: list[int] = []
    probes = [(each, _offset(zone, each)) for each in range(start, start + _CYCLE + _STEP, _STEP)]
    for (before, old), (after, new) in pairwise(probes):
        if old != new:
            found.append(_bisected(zone, before, after, old))
    return [each for each in found if each <= start + _CYCLE]


def _bisected(zone: ZoneInfo, before: int, after: int, old: int) -> int:
    """Return the second at which the offset changes from `old`, between two others."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _zone_file(name: str) -> bytes:
    """Return the bytes of a zone's file in TZif format, from the folder or package in which zoneinfo finds it."""
    for folder in TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_bytes()
    *folders, file = name.split("/")
    return resources.files(".".join(("tzdata", "zoneinfo", *folders))).joinpath(file).read_bytes()


def _listed_changes(data: bytes) -> tuple[list[int], bool]:
    """Return the changes that a TZif file lists (RFC 8536), and whether a rule with changes follows the last one.

    zoneinfo reads these files, but has no function that returns the changes. Their offsets are zoneinfo's own.
    """
    first = _header(data, 0)
    if first.version == b"\0":
        return list(struct.unpack_from(f">{first.changes}l", data, _HEADER.size)), False
    # The second block has the same data with 64 bits a change, and a footer with the rule.
    second = _header(data, _HEADER.size + first.size(4))
    start = 2 * _HEADER.size + first.size(4)
    changes = list(struct.unpack_from(f">{second.changes}q", data, start))
    return changes, b"," in data[start + second.size(8) :]


@dataclass(frozen=True, slots=True)
class _Header:
    """The header of a block in a TZif file: its version, and the number of entries of each kind."""

    version: bytes
    utc_flags: int
    standard_flags: int
    leaps: int
    changes: int
    types: int
    characters: int

    def size(self, width: int) -> int:
        """Return the bytes of the block's data, with `width` bytes a time."""
        changes, leaps = self.changes * (width + 1), self.leaps * (width + 4)
        return changes + self.types * 6 + self.characters + leaps + self.standard_flags + self.utc_flags


def _header(data: bytes, offset: int) -> _Header:
    _, version, *counts = _HEADER.unpack_from(data, offset)
    return _Header(version, *counts)
