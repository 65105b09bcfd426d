"""Checks a run's files against the source with arithmetic of its own, the standard library's and no product code."""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

NAMES = {"target": "target.csv", "exceptions": "exceptions.csv", "rejected": "rejected.csv"}
LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
BOM = b"\xef\xbb\xbf"
HEADER_LINES = 50
BLANK = (b"\n", b"\r\n", b"\r")
FIELD_LIMIT = 1 << 30


def complaints(
    source: Path, output: Path, summary: dict[str, Any], *, columns: int, encoding: str
) -> list[str]:
    """Give a sentence for each thing that does not add up."""
    found = _of_summary(source, output, summary)
    if summary["status"] == "refused":
        return found + [f"a refused source has {name}" for name in NAMES.values() if (output / name).exists()]
    records = summary["records"]
    rows = _rows(output / NAMES["exceptions"])
    if rows - 1 != records["rejected"]:
        found.append(f"{rows - 1} exceptions, {records['rejected']} rejected")
    if summary["status"] == "failed":
        return found
    if encoding.startswith(("utf-16", "utf-32", "utf-7")):
        return found  # target and rejected are in another encoding
    plain = decompressed(source)
    target, rejected = ((output / NAMES[name]).read_bytes() for name in ("target", "rejected"))
    return found + _of_bytes(plain, target, rejected, summary, columns=columns)


def _of_summary(source: Path, output: Path, summary: dict[str, Any]) -> list[str]:
    found = []
    records, data = summary["records"], source.read_bytes()
    if records["read"] != records["accepted"] + records["rejected"]:
        found.append(f"records do not add up: {records}")
    if (summary["source"]["bytes"], summary["source"]["sha256"]) != (
        len(data),
        hashlib.sha256(data).hexdigest(),
    ):
        found.append("the source's size or hash is wrong")
    for name, file in summary["outputs"].items():
        written = (output / NAMES[name]).read_bytes()
        if (file["bytes"], file["sha256"]) != (len(written), hashlib.sha256(written).hexdigest()):
            found.append(f"size or hash of {name} is wrong")
    if any(path.name.startswith(".staging") for path in output.iterdir()):
        found.append("staged files were left behind")
    return found


def _of_bytes(
    plain: bytes, target: bytes, rejected: bytes, summary: dict[str, Any], *, columns: int
) -> list[str]:
    """Target and rejected share a preamble; what follows must be the source's lines, each once, in order."""
    if summary["lines"] != len(LINE.findall(plain)):
        return [f"{summary['lines']} lines told, {len(LINE.findall(plain))} found"]
    found = ["target and rejected do not start with the source's own preamble"]
    for preamble, rest in _preambles(plain):
        if target.startswith(preamble) and rejected.startswith(preamble):
            bodies = (target[len(preamble) :], rejected[len(preamble) :])
            found = _of_bodies(rest, bodies, summary["blank_lines"], columns)
            if not found:
                return []
    return found


def _preambles(plain: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give what the preamble may be, and what is left of the source then: nothing, a mark, header lines."""
    mark = BOM if plain.startswith(BOM) else b""
    for start in dict.fromkeys((b"", mark)):
        yield start, plain[len(start) :]
    lines = LINE.findall(plain[len(mark) :])
    first = next((number for number, line in enumerate(lines) if line not in BLANK), len(lines))
    for count in range(1, min(HEADER_LINES, len(lines) - first) + 1):
        head = b"".join(lines[first : first + count])
        yield mark + head, b"".join(lines[:first] + lines[first + count :])


def _of_bodies(rest: bytes, bodies: tuple[bytes, bytes], blank: int, columns: int) -> list[str]:
    if columns == 1 and b"\r" in rest.replace(b"\r\n", b""):
        # A record that ends in CR, before one that is nothing but LF, reads as one line: only bytes can be counted.
        lost, extra = (
            Counter(rest) - Counter(bodies[0] + bodies[1]),
            Counter(bodies[0] + bodies[1]) - Counter(rest),
        )
        return ["bytes are lost or doubled"] if extra or not set(lost) <= {10, 13} else []
    lines = LINE.findall(rest)
    written = [LINE.findall(body) for body in bodies]
    lost_lines = Counter(lines) - Counter(written[0] + written[1])
    extra_lines = Counter(written[0] + written[1]) - Counter(lines)
    if extra_lines or any(line not in BLANK for line in lost_lines):
        return [f"lines lost {list(lost_lines)[:3]!r}, lines too many {list(extra_lines)[:3]!r}"]
    if sum(lost_lines.values()) != blank:
        return [f"{blank} blank lines told, {sum(lost_lines.values())} found"]
    names = ("target", "rejected")
    return [
        f"{name} is not in source order"
        for name, part in zip(names, written, strict=True)
        if not _is_subsequence(part, lines)
    ]


def _is_subsequence(part: list[bytes], whole: list[bytes]) -> bool:
    rest = iter(whole)
    return all(line in rest for line in part)


def _rows(path: Path) -> int:
    csv.field_size_limit(FIELD_LIMIT)
    text = path.read_bytes().decode("utf-8")
    return sum(1 for _ in csv.reader(io.StringIO(text, newline=""), strict=True))


def decompressed(source: Path) -> bytes:
    """Give a source's plain bytes by the suffix of its name."""
    data = source.read_bytes()
    if source.suffix == ".gz":
        return gzip.decompress(data)
    if source.suffix == ".bz2":
        return bz2.decompress(data)
    if source.suffix == ".xz":
        return lzma.decompress(data)
    if source.suffix == ".zst":
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as stream:
            return stream.read()
    return data
