"""Context of a run for its tasks on executors, and the reading of their ranges of the source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from callcenter_etl import __version__
from callcenter_etl.engines.block_steps import RoutingFormat
from callcenter_etl.engines.ranges import Cut, Range, range_blocks
from callcenter_etl.errors import SourceError
from callcenter_etl.judge.validator import Validator
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source import Block
from callcenter_etl.sources.source_formats import open_source, source_format
from callcenter_etl.store import access
from callcenter_etl.store.compression import read_blocks
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.uris import shown
from callcenter_etl.writers.csv_injection import ESCAPED, RAW
from callcenter_etl.writers.tables.type_conversion import ConversionPlan

# The validator of the last run: a worker process executes many tasks of a run, and compiles its rules once.
_kept: dict[str, Validator] = {}


@dataclass(frozen=True, slots=True)
class TaskContext:
    """Context of one run for its tasks; picklable. `version` is that of this program in the driver."""

    run_id: str
    uri: str
    identity: FileVersion
    validator: Validator
    layout: ColumnLayout
    chunk_rows: int | None
    block_bytes: int
    typed: ConversionPlan | None = None
    version: str = __version__

    @property
    def shape(self) -> RoutingFormat:
        """Format in which the records are written."""
        document = self.validator.document
        cells = ESCAPED if document.run.exceptions.excel_safe else RAW
        return RoutingFormat(self.layout, document.source.encoding, cells, self.typed)

    def check_version(self) -> None:
        """Raise SourceError where this process has another version of the program than the driver."""
        # Two versions may judge or write a record differently, and the outputs would be a mix of both.
        if self.version != __version__:
            raise SourceError(
                f"an executor has callcenter_etl {__version__}, the driver has {self.version} (install the same on all)"
            )

    def cached_validator(self) -> Validator:
        """Return the validator of the run, compiled once in a process."""
        if self.run_id not in _kept:
            # Of one run only, since the lookups of a validator may be large.
            _kept.clear()
            _kept[self.run_id] = self.validator.clone()
        return _kept[self.run_id]

    @contextmanager
    def stored(self, start: int, stop: int) -> Iterator[Iterator[bytes]]:
        """Yield an iterator over the stored bytes from `start` to `stop` (exclusive). Raises SourceError."""
        options = self.validator.document.run.storage_options
        with access.open_range(self.uri, self.identity, start=start, stop=stop, options=options) as stream:
            yield self._read(stream)

    def _read(self, stream: IO[bytes]) -> Iterator[bytes]:
        with translate_os_errors(shown(self.uri), SourceError):
            yield from read_blocks(stream, self.block_bytes)

    def bytes_between(self, start: int, stop: int) -> bytes:
        """Return the stored bytes from `start` to `stop` (exclusive). Raises SourceError."""
        with self.stored(start, stop) as blocks:
            return b"".join(blocks)

    def cut(self, cut: Cut) -> Iterator[bytes]:
        """Yield the bytes of a cut, with the byte before it."""
        with self.stored(cut.read_from, cut.stop) as blocks:
            yield from blocks

    def blocks(self, within: Range | None) -> Iterator[Block]:
        """Yield the blocks of a range, or for None those of the whole source after its header. Raises SourceError."""
        document = self.validator.document
        if within is not None:
            shape = source_format(document).records(self.layout.fields, self.chunk_rows)
            with self.stored(within.start, within.stop) as stored:
                yield from range_blocks(stored, within, shape, self.block_bytes)
            return
        with open_source(
            self.uri, document, block_bytes=self.block_bytes, chunk_rows=self.chunk_rows
        ) as source:
            if source.identity != self.identity or source.open().layout != self.layout:
                raise SourceError(
                    f"{source.uri}: changed while it was read (run again when the sender has finished)"
                )
            yield from source.blocks()
            source.check_unchanged()
