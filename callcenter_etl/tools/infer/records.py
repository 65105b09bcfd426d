"""Reads the records of the samples once and profiles each column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa

from callcenter_etl.errors import SampleError
from callcenter_etl.rules.chunk_columns import blank_values
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.temporary import temporary_folder
from callcenter_etl.tools.infer.column_keys import Keys
from callcenter_etl.tools.infer.column_profile import ColumnProfile
from callcenter_etl.tools.infer.column_types import NEARLY, settled
from callcenter_etl.tools.infer.name_meaning import KEYS, identifies
from callcenter_etl.tools.infer.padding import without_padding
from callcenter_etl.tools.infer.sample_check import BrokenRuleCount
from callcenter_etl.tools.infer.sample_chunks import OnBytes, read_chunks
from callcenter_etl.tools.infer.sample_layout import SampleLayout
from callcenter_etl.tools.infer.surroundings.footer_figures import SampleSums
from callcenter_etl.tools.infer.totals import hollow_mask, totals_mask, with_last
from callcenter_etl.uniqueness import KeyRegistry

MAX_KEYS = 16  # columns that are searched for repeated values
KEY_ENTRIES = 50_000
KEY_FILTER_BYTES = 2**20
MAX_MALFORMED = Fraction(1, 2)


@dataclass(slots=True)
class Records:
    """The profiles of the columns, the lines of totals, which are not part of the profiles, and sums by sample for footers."""

    profiles: list[ColumnProfile]
    totals: BrokenRuleCount = field(default_factory=BrokenRuleCount)
    sums: list[SampleSums] = field(default_factory=list)
    read: int = 0
    malformed: int = 0

    def add(self, uri: str, chunk: Chunk, *, last: bool) -> None:
        """Add the well-formed records of a chunk to the profiles; `last` is True for the last chunk of a sample."""
        self.read, self.malformed = self.read + len(chunk), self.malformed + len(chunk.malformed)
        if self.sums:
            self.sums[-1].add(chunk.values, malformed=len(chunk.malformed))
        if not len(chunk.sound):
            return
        # Which words count as empty depends on the types of all columns, so it is decided at the end.
        blank = [blank_values(values, ()) for values in chunk.values]
        totals = totals_mask(chunk.values, blank) if last else np.zeros(len(chunk.sound), dtype=bool)
        hollow = hollow_mask(blank)
        lines = chunk.sound_lines
        self.totals.add(uri, lines[totals].tolist())
        for profile, values, empty in zip(self.profiles, chunk.values, blank, strict=True):
            if totals.any():
                profile.add(values.filter(pa.array(~totals)), lines[~totals], empty[~totals], hollow[~totals])
            else:
                profile.add(values, lines, empty, hollow)


def read_records(
    samples: Sequence[str],
    layout: SampleLayout,
    *,
    lines: int,
    tolerance: Fraction,
    max_records: int | None,
    on_bytes: Callable[[str], OnBytes],
) -> Records:
    """Return the profiles of all columns; `lines` is the number of lines of all samples.

    `on_bytes` returns the progress callback of a step by its name. Raises SampleError if most records are malformed,
    SourceError if a sample cannot be read.
    """
    # At least a tenth, so that a type of nine tenths of the values can be reported.
    most = int(max(tolerance, 1 - NEARLY) * lines)
    records = Records([ColumnProfile(name, most, lines) for name in layout.names])
    named = [
        profile
        for place, profile in enumerate(records.profiles)
        if place == 0 or identifies(profile.name, KEYS)
    ]
    for profile in named[:MAX_KEYS]:
        profile.keys = Keys(most=most)
    footed = any(footer.lines for footer in layout.footers)
    for uri in samples:
        if footed:
            records.sums.append(SampleSums(layout.names))
        with _key_registries(named[:MAX_KEYS]):
            chunks = read_chunks(
                uri, layout.document(), max_records=max_records, on_bytes=on_bytes(f"reading {uri}")
            )
            for chunk, last in with_last(chunk for chunk in chunks if chunk.piece is None):
                records.add(uri, chunk, last=last)
    if records.malformed > MAX_MALFORMED * records.read:
        raise SampleError(
            f"{samples[0]}: {records.malformed:,} of {records.read:,} records have another number of fields than the"
            f" first line ({len(layout.names)}), or are quoted otherwise: no table with one header (remove lines above it)"
        )
    records.profiles = [
        without_padding(settled(profile, tolerance), tolerance) for profile in records.profiles
    ]
    return records


@contextmanager
def _key_registries(profiles: Sequence[ColumnProfile]) -> Iterator[None]:
    """Open a registry of keys for each profile and one sample, since keys may repeat across samples."""
    with temporary_folder() as scratch, ExitStack() as stack:
        for profile in profiles:
            registry = KeyRegistry(Path(scratch), memory_entries=KEY_ENTRIES, filter_bytes=KEY_FILTER_BYTES)
            profile.open_keys(stack.enter_context(registry))
        yield
