"""Reads corrected rejected records, a source in the dialect of the contract."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import SourceError
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.dialect import dialect_of
from callcenter_etl.sources.encodings import show
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.published import as_published
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.tools.reprocess.corrected_records import Batch


class RejectedFile:
    """A file of rejected records. Use within `with`; with `problems` it does not fit the contract."""

    def __init__(self, uri: str, document: ContractDocument) -> None:
        self.uri = uri
        self._reader = open_source(uri, as_published(document))
        self._dialect = dialect_of(document)
        self.layout = ColumnLayout(names=(), positions={})
        self.target_start = b""
        self.problems: tuple[Diagnostic, ...] = ()

    def __enter__(self) -> Self:
        self._reader.__enter__()
        header = self._reader.open()
        self.layout, self.target_start, self.problems = header.layout, header.target_start, header.problems
        return self

    def __exit__(self, *exc: object) -> None:
        self._reader.__exit__(*exc)

    @property
    def identity(self) -> tuple[int, str]:
        """Size and hash of the file, after all of it was read."""
        return self._reader.stored_bytes, self._reader.sha256

    def drain(self) -> None:
        """Read the rest, so that size and hash are those of the whole file."""
        self._reader.drain()

    def batches(self) -> Iterator[Batch]:
        """Yield the records with keys of their content: its hash and a number among equal records.

        Raises SourceError for a record over the size limit.
        """
        seen: Counter[str] = Counter()
        for chunk in self._reader.chunks():
            if chunk.piece is not None:
                most = self._dialect.max_record_bytes
                raise SourceError(
                    f"{self._reader.uri}: line {chunk.piece.line:,} is over {most:,} bytes long: take it out"
                )
            yield _batch_of(chunk, self._reader.encoding, seen)


def with_lines(batch: Batch, lines: NDArray[np.int64]) -> Batch:
    """Return the records with their lines in the source as lines and keys."""
    # The same keys as for exceptions, so that a record is recovered once from either file.
    keys = [str(line) for line in lines.tolist()]
    return replace(batch, keys=keys, lines=lines)


def without(batch: Batch, known: frozenset[str]) -> Batch:
    """Return the batch without records with known keys."""
    keep = [at for at, key in enumerate(batch.keys) if key not in known]
    if len(keep) == len(batch):
        return batch
    place = {at: number for number, at in enumerate(keep)}
    sound = [number for number, at in enumerate(batch.sound.tolist()) if at in place]
    picks = pa.array(sound, type=pa.int64())
    return Batch(
        keys=[batch.keys[at] for at in keep],
        lines=batch.lines[np.array(keep, dtype=np.int64)],
        raws=[batch.raws[at] for at in keep],
        sound=np.array([place[int(batch.sound[number])] for number in sound], dtype=np.int64),
        values=tuple(values.take(picks) for values in batch.values),
        malformed={place[at]: why for at, why in batch.malformed.items() if at in place},
        shown={place[at]: text for at, text in batch.shown.items() if at in place},
        short=None if batch.short is None else batch.short[sound],
    )


def _batch_of(chunk: Chunk, encoding: str, seen: Counter[str]) -> Batch:
    spans = zip(chunk.starts.tolist(), chunk.stops.tolist(), strict=True)
    raws = [chunk.raw[start:stop] for start, stop in spans]
    return Batch(
        keys=[_key_of(raw, seen) for raw in raws],
        lines=chunk.lines,
        # The last record of a file may have no line end, but another record can follow it in the output.
        raws=[raw if raw.endswith((b"\n", b"\r")) else raw + b"\n" for raw in raws],
        sound=chunk.sound,
        values=chunk.values,
        malformed={m.record: (STRUCTURAL_RULES[m.status], m.reason) for m in chunk.malformed},
        shown={m.record: show(chunk.raw_of(m.record), encoding) for m in chunk.malformed},
        short=chunk.short,
    )


def _key_of(raw: bytes, seen: Counter[str]) -> str:
    # Editors may change line ends, which therefore are not part of the key.
    digest = hashlib.sha256(raw.rstrip(b"\r\n")).hexdigest()
    # Equal records are numbered, because each of them may be recovered.
    seen[digest] += 1
    return f"{digest}#{seen[digest]}"
