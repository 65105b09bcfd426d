"""Checks the files of a Delta log before delta-rs parses them: deeply nested JSON overflows its stack and kills the process."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError, SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store import access
from callcenter_etl.store.uris import shown

# delta-rs 1.6 died at some 20,000 levels, in threads of 2 MiB stack. No table comes near this limit, which leaves room
# for builds with larger frames; and a file or text of fewer bytes cannot be nested so deeply, so that it is not read.
MAX_DEPTH = 4_000
# A commit of two million files. delta-rs holds all of it in memory, and so a forged size would take the machine's.
MAX_COMMIT_BYTES = 2**30
_BLOCK_BYTES = 2**20
_LOG_FILE = re.compile(r"(\d{20})\.(?:.*\.)?(json|parquet)")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.[0-9a-f-]{36})?\.(?:json|parquet)")
_PART = re.compile(r"(\d{20})\.checkpoint\.\d{10}\.(\d{10})\.parquet")
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ESCAPED_BRACKETS = tuple((re.compile(rb"\\u00%x" % code, re.IGNORECASE), bytes([code])) for code in b"[]{}")
_STATISTICS = "add.stats"  # JSON in a text, which delta-rs parses too
_REMEDY = "restore it from a copy, or name another table"


def check_log(log: str, storage: StorageOptions) -> None:
    """Raise OutputError where a file of a log that delta-rs is about to parse is nested too deeply, or is too large.

    `log` is the address of `_delta_log`. What comes before the newest checkpoint is not parsed.
    """
    try:
        for name, size in _parsed_files(access.sizes_in(log, storage)):
            _check_file(f"{log}/{name}", size, storage)
        for name, size in access.sizes_in(f"{log}/_sidecars", storage).items():
            _check_file(f"{log}/_sidecars/{name}", size, storage)
    except SourceError as error:  # what cannot be read is part of an output here
        raise OutputError(str(error)) from error


def _parsed_files(sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
    start = _newest_checkpoint(sizes)
    for name, size in sorted(sizes.items()):
        found = _LOG_FILE.fullmatch(name)
        if found is not None and found[1] >= start:
            yield name, size


def _newest_checkpoint(names: dict[str, int]) -> str:
    """Return the version, in twenty digits, of the newest checkpoint that has all its parts; zeros where there is none."""
    whole = {found[1] for name in names if (found := _CHECKPOINT.fullmatch(name))}
    parts: dict[tuple[str, str], int] = {}
    for name in names:
        if found := _PART.fullmatch(name):
            parts[found[1], found[2]] = parts.get((found[1], found[2]), 0) + 1
    whole |= {version for (version, wanted), count in parts.items() if count == int(wanted)}
    return max(whole, default="0" * 20)


def _check_file(uri: str, size: int, storage: StorageOptions) -> None:
    if size <= MAX_DEPTH:
        return
    if uri.endswith(".parquet"):
        _check_checkpoint(uri, storage)
        return
    if size > MAX_COMMIT_BYTES:
        raise OutputError(
            f"{shown(uri)}: has {size:,} bytes, a commit of at most {MAX_COMMIT_BYTES:,} is read ({_REMEDY})"
        )
    access.check_regular(uri)
    depth = 0
    with access.open_stream(uri, access.identify(uri, storage), storage) as stream:
        for block in _blocks_of_lines(stream):
            depth = _checked_depth(uri, block, depth)


def _blocks_of_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield blocks that end at a line end, where no text of JSON can go on."""
    kept: list[bytes] = []
    while block := stream.read(_BLOCK_BYTES):
        lines, end, rest = block.rpartition(b"\n")
        if end:
            yield b"".join((*kept, lines, end))
            kept = []
        kept.append(rest)
    yield b"".join(kept)


def _checked_depth(uri: str, block: bytes, before: int) -> int:
    """Return how deep the block's end is nested. Raises OutputError where any of it, or of its texts, is too deep."""
    deepest, end, texts = _nesting(block)
    within = max((_nesting(text)[0] for text in texts), default=0)
    if max(before + deepest, within) > MAX_DEPTH:
        raise OutputError(
            f"{shown(uri)}: is nested more than {MAX_DEPTH:,} deep, which delta-rs cannot parse ({_REMEDY})"
        )
    return before + end


def _nesting(text: bytes) -> tuple[int, int, list[bytes]]:
    """Return the greatest depth of a JSON text, that of its end, and its long texts, unescaped, that may be JSON too.

    By its quotes and brackets alone: a parser would be right for sound JSON only, and need not agree with delta-rs's.
    """
    # The marks are control characters, which JSON has in no text.
    marked = text.replace(b"\\\\", b"\x01").replace(b'\\"', b"\x02")
    pieces = marked.split(b'"')
    deepest, end = _depths(b"".join(pieces[::2]))
    if (
        len(pieces) % 2 == 0
    ):  # a text is open at the end: what is inside of a text and what is not may be the other way
        deepest = max(deepest, _depths(b"".join(pieces[1::2]))[0])
    return deepest, end, [_unescaped(piece) for piece in pieces[1::2] if len(piece) > MAX_DEPTH]


def _depths(text: bytes) -> tuple[int, int]:
    """Return the greatest depth of a text without quotes, and that of its end."""
    brackets = np.frombuffer(text.translate(None, _ALL_BUT_BRACKETS), dtype=np.uint8)
    depths = np.cumsum(np.where((brackets == ord("[")) | (brackets == ord("{")), 1, -1))
    return (int(depths.max()), int(depths[-1])) if len(depths) else (0, 0)


def _unescaped(text: bytes) -> bytes:
    for escape, bracket in _ESCAPED_BRACKETS:
        text = escape.sub(bracket, text)
    return text.replace(b"\x02", b'"').replace(b"\x01", b"\\")


def _check_checkpoint(uri: str, storage: StorageOptions) -> None:
    """Check the statistics in a checkpoint; that it is a Parquet file at all, delta-rs says."""
    access.check_regular(uri)
    with tempfile.TemporaryFile() as copy, translate_os_errors(shown(uri)):
        with access.open_stream(uri, access.identify(uri, storage), storage) as stream:
            while block := stream.read(_BLOCK_BYTES):
                copy.write(block)
        copy.seek(0)
        try:
            for batch in pq.ParquetFile(copy).iter_batches(columns=[_STATISTICS]):
                for text in _long_texts(batch):
                    _checked_depth(uri, text, 0)
        except pa.ArrowException:
            return


def _long_texts(batch: pa.RecordBatch) -> Iterator[bytes]:
    if "add" not in batch.schema.names:
        return
    texts = pc.struct_field(batch.column("add"), "stats")
    for text in texts.filter(pc.greater(pc.binary_length(texts), MAX_DEPTH)):
        yield text.as_buffer().to_pybytes()
