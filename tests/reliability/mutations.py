"""Makes hostile cases: a source and the text of a contract, each mutated from a sound one."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from tests.oracle.dirt import make_case
from tests.shared_folder import REPOSITORY, shared

MAX_BYTES = 60_000
TOKENS = (
    b'"', b'""', b'","', b"\n", b"\r", b"\r\n", b"\n\n", b",", b";", b"\t", b"|", b"\x00", b"\xff", b"\xfe\xff",
    b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\x1a", b"\x85", b"\xe2\x80\xa8", b"'", b"\\", b"=1+1", b" ", b"<html>",
    b"\x1f\x8b", b"a" * 3000, b'"' * 501, b"," * 300, b"\n" * 50, b"1e999999999", b"9" * 400, b"\xf0\x9f\x98\x80",
)  # fmt: skip
WORDS = (
    "0", "-1", "1e999999999", "9" * 400, "0x7fffffffffffffff", ".inf", ".nan", "null", "~", "true", "NO", "[]", "{}",
    "[[[[[[]]]]]]", "[" * 200, "{a: " * 200, "&a [*a]", "*a", "!!python/object:os.system x", "!!binary aGk=", "<<: *a",
    "'(a+)+$'", "'(?:(?:(?:a{1000}){1000}){1000})'", "'(?=x)'", "'" + "(" * 2000 + "'", "'a{99999}'", "'[\\x00-\\U0010FFFF]*'",
    "../../etc/passwd", "/dev/zero", '"\\ud800"', "'\u202e'", "---", "...", "%YAML 9.9", "? x", "- - - -", "|", ">",
    "utf-7", "utf-32", "idna", "rot13", "hex", "zlib", "cp1252", "utf-16", "'\\t'", "100%", "5%", "-5%", "1e3%",
    "12:30:45", "2025-02-30", "0o17", "007", "\t", "#", ": :", "{value}", "{value.__class__}", "%Q", "%-d%-d%-d",
    "9" * 100 + "**" + "9" * 100, "not " * 500 + "a", "(" * 500 + "1", "1" + "+1" * 3000, "matches(a, '(a+)+')",
)  # fmt: skip
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


@dataclass(frozen=True, slots=True)
class Case:
    """A source under a file name, and the text of a contract."""

    name: str
    data: bytes
    contract: bytes


def corpus_files() -> list[Path]:
    """Give the files of the corpora, whatever they were meant for; none where the shared folder is absent."""
    return sorted(path for path in shared("data", "corpora").rglob("*") if path.is_file())


def contract_files() -> list[Path]:
    """Give the contracts of this repository."""
    folders = (REPOSITORY / "contracts", REPOSITORY / "tests")
    return sorted(path for folder in folders for path in folder.rglob("*.yaml"))


def whole_case(data: bytes) -> Case:
    """Give a corpus file as it is, under a contract that its first line suggests."""
    return Case("source.csv", data, json.dumps(_plain_contract(random.Random(0), data)).encode())


def mutated_case(seed: int, corpus: list[Path], contracts: list[Path]) -> Case:
    """Give the same case for the same seed and files."""
    rng = random.Random(seed)
    kind = rng.random()
    if kind < 0.25 or not corpus:
        data, declared = make_case(rng)
    else:
        data = rng.choice(corpus).read_bytes()[:MAX_BYTES]
        declared = _plain_contract(rng, data)
    contract = json.dumps(declared, ensure_ascii=False, indent=1).encode()
    if kind > 0.7:
        contract = rng.choice([contract, rng.choice(contracts).read_bytes()])
        contract = _mutated_text(rng, contract)
    if kind < 0.8:
        data = _mutated_bytes(rng, data, rng.randint(0, 6))
    suffix = rng.choice(list(PACKERS)) if rng.random() < 0.15 else ""
    if suffix:
        data = PACKERS[suffix](data)
        data = _mutated_bytes(rng, data, rng.choice([0, 0, 1]))
    return Case(f"source.csv{suffix}", data, contract)


def _plain_contract(rng: random.Random, data: bytes) -> dict[str, Any]:
    first = data.lstrip(b"\xef\xbb\xbf\r\n").splitlines()[:1] or [b""]
    delimiter = max(",;|\t", key=lambda mark: first[0].count(mark.encode()))
    names = [name.strip('"') for name in first[0][:500].decode("utf-8", "replace").split(delimiter)]
    names = list(dict.fromkeys(name or f"c{number}" for number, name in enumerate(names)))[:30]
    kinds = (
        "text",
        "text",
        "digits",
        "integer",
        "decimal",
        "boolean",
        "date",
        "time",
        "datetime",
        "duration",
    )
    columns: list[dict[str, Any]] = [{"name": name, "type": rng.choice(kinds)} for name in names]
    for column in columns:
        for key, value in (("required", True), ("unique", True), ("severity", "warn"), ("max_length", 5)):
            if rng.random() < 0.2:
                column[key] = value
    source = {
        "delimiter": rng.choice([delimiter] * 6 + [";", "\t", "é"]),
        "quote": rng.choice(['"'] * 6 + ["'", None]),
        "encoding": rng.choice(["utf-8"] * 6 + ["cp1252", "utf-16", "shift_jis", "gb18030", "utf-7"]),
        "header": rng.choice(["exact", "exact", "by_name", "any_order", "none", "none"]),
        "quoting": rng.choice(["strict", "lenient"]),
        "multiline": rng.random() < 0.5,
        "empty_values": rng.choice([[""], ["", "NULL"], ["x"]]),
    }
    run = {"exceptions": {"excel_safe": rng.random() < 0.3}}
    limits = rng.choice([{}, {}, {"max_rejected": "50%"}, {"min_records": 3}])
    return {"contract": "fuzzed", "source": source, "columns": columns, "limits": limits, "run": run}


def _mutated_bytes(rng: random.Random, data: bytes, times: int) -> bytes:
    changed = bytearray(data)
    for _ in range(times):
        at = rng.randint(0, len(changed))
        stop = min(len(changed), at + rng.choice([1, 1, 3, 20, 400]))
        match rng.randint(0, 5):
            case 0:
                del changed[at:stop]
            case 1:
                changed[at:at] = rng.choice(TOKENS)
            case 2:
                changed[at:stop] = rng.randbytes(stop - at)
            case 3:
                changed[at:at] = changed[at:stop] * rng.randint(1, 20)
            case 4:
                del changed[at:]
            case _:
                other = rng.randint(0, len(changed))
                changed[at:at] = changed[other : other + rng.randint(1, 200)]
    return bytes(changed)


def _mutated_text(rng: random.Random, text: bytes) -> bytes:
    words = text.decode("utf-8", "replace").splitlines(keepends=True) or [""]
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(words))
        match rng.randint(0, 5):
            case 0:
                words.pop(at)
                words = words or [""]
            case 1:
                words.insert(at, rng.choice(words))
            case 2:
                head, mark, _ = words[at].partition(":")
                words[at] = f"{head}{mark} {rng.choice(WORDS)}\n"
            case 3:
                line = words[at]
                spot = rng.randint(0, len(line))
                words[at] = line[:spot] + rng.choice(WORDS) + line[spot:]
            case 4:
                words[at] = " " * rng.randint(0, 9) + words[at].lstrip()
            case _:
                return _mutated_bytes(rng, "".join(words).encode(), 3)
    return "".join(words).encode("utf-8", "surrogatepass")
