"""What every task of a run is given, and how it reads its part of the source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from callcenter_etl import __version__
from callcenter_etl.engines.block_steps import BlockFormat
from callcenter_etl.engines.ranges import Cut, Range, blocks_of
from callcenter_etl.errors import SourceError
from callcenter_etl.judge.validator import Validator
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.compression import read_blocks
from callcenter_etl.sources.dialect import dialect_of
from callcenter_etl.sources.framing import Frame
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source_reader import Block, SourceReader
from callcenter_etl.store import access
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.uris import shown
from callcenter_etl.writers.csv_injection import ESCAPED, RAW
from callcenter_etl.writers.tables.type_conversion import ConversionPlan

# The parts of the last run that this process worked for: a worker is used again for many tasks.
_kept: dict[str, Validator] = {}


@dataclass(frozen=True, slots=True)
class TaskContext:
    """One run as tasks see it; picklable. `run_id` names it, `version` is that of the program that planned it."""

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
    def shape(self) -> BlockFormat:
        """How blocks are cut into chunks, and exceptions are written."""
        document = self.validator.document
        cells = ESCAPED if document.run.exceptions.excel_safe else RAW
        return BlockFormat(self.layout, dialect_of(document), self.chunk_rows, cells, self.typed)

    def check_version(self) -> None:
        """Raise SourceError where this process has another version of the program than the one that planned."""
        if self.version != __version__:
            raise SourceError(
                f"an executor has callcenter_etl {__version__}, the driver has {self.version} (install the same on all)"
            )

    def cached_validator(self) -> Validator:
        """Return a validator for this thread, compiled once a process and run."""
        if self.run_id not in _kept:
            _kept.clear()
            _kept[self.run_id] = self.validator.clone()
        return _kept[self.run_id]

    @contextmanager
    def stored(self, start: int, stop: int) -> Iterator[Iterator[bytes]]:
        """Yield the stored bytes from `start` to `stop` in blocks. Raises SourceError."""
        options = self.validator.document.run.storage_options
        with access.open_range(self.uri, self.identity, start=start, stop=stop, options=options) as stream:
            yield self._read(stream)

    def _read(self, stream: IO[bytes]) -> Iterator[bytes]:
        with translate_os_errors(shown(self.uri), SourceError):
            yield from read_blocks(stream, self.block_bytes)

    def cut(self, cut: Cut) -> Iterator[bytes]:
        """Yield the bytes that tell which lines start within a cut."""
        with self.stored(cut.read_from, cut.stop) as blocks:
            yield from blocks

    def items(self, within: Range | None) -> Iterator[Block | Frame | OversizedRecord]:
        """Yield what a range holds, or the whole source after its header where there is none."""
        if within is not None:
            with self.stored(within.start, within.stop) as blocks:
                yield from blocks_of(blocks, within, self.shape.dialect, self.block_bytes)
            return
        document = self.validator.document
        with SourceReader(self.uri, document, block_bytes=self.block_bytes) as reader:
            if reader.identity != self.identity or reader.open().layout != self.layout:
                raise SourceError(
                    f"{reader.uri}: changed while it was read (run again when the sender has finished)"
                )
            yield from reader.blocks(self.layout)
            reader.check_unchanged()
