"""Writes a source and its contract for each of the shapes that cripple readers and validators.

    python -m benchmarks.shapes_data wide FOLDER --records 100000

One record in a hundred has one bad value. The contract is JSON, so that the peers read the very same rules.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BYTES_A_BLOCK = 32 << 20
BAD_SHARE = 0.01
Columns = list[pa.StringArray]
Rules = dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Shape:
    """What its records are, by a function of a seeded source, the first record's number and a count."""

    rules: Rules
    block: Callable[[np.random.Generator, int, int], Columns]
    # What spoils a value, and the columns that may be spoiled.
    bad_value: str = "!"
    spoiled: tuple[int, ...] = (0,)


def _digits(generator: np.random.Generator, count: int, width: int = 8) -> pa.StringArray:
    return pc.cast(pa.array(generator.integers(10 ** (width - 1), 10**width, count)), pa.string())


def _numbered(prefix: str, first: int, count: int) -> pa.StringArray:
    numbers = pc.cast(pa.array(np.arange(10**9 + first, 10**9 + first + count)), pa.string())
    return pc.binary_join_element_wise(prefix, numbers, "")


def _wide(generator: np.random.Generator, _first: int, count: int) -> Columns:
    return [_digits(generator, count) for _ in range(200)]


def _narrow(generator: np.random.Generator, _first: int, count: int) -> Columns:
    return [_digits(generator, count, 10)]


def _long(generator: np.random.Generator, first: int, count: int) -> Columns:
    letters = generator.integers(97, 123, count * 10_240, dtype=np.uint8)
    offsets = np.arange(0, (count + 1) * 10_240, 10_240, dtype=np.int32)
    text = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(letters))
    return [_numbered("", first, count), text, _digits(generator, count)]


def _unique(generator: np.random.Generator, first: int, count: int) -> Columns:
    # Multiplied by a number without a common divisor: all different, and in no order.
    keys = np.arange(first, first + count, dtype=np.int64) * 7_368_787 % 10_000_000_019
    return [pc.cast(pa.array(10**10 + keys), pa.string()), _digits(generator, count)]


def _patterns(generator: np.random.Generator, _first: int, count: int) -> Columns:
    return [pc.binary_join_element_wise("AB", _digits(generator, count), "X", "-") for _ in range(10)]


def _different(generator: np.random.Generator, first: int, count: int) -> Columns:
    seconds = np.datetime64("2000-01-01T00:00:00") + np.arange(first, first + count).astype("timedelta64[s]")
    times = pc.replace_substring(
        pa.array(np.datetime_as_string(seconds).astype(object), pa.string()), "T", " "
    )
    decimals = pc.binary_join_element_wise(_numbered("", first, count), _digits(generator, count, 4), ".")
    texts = [_numbered(prefix, first, count) for prefix in ("customer ", "ticket ", "street ")]
    return [_numbered("", first, count), times, decimals, *texts]


def _named(count: int, rule: dict[str, object]) -> Rules:
    return {f"column_{number}": rule for number in range(1, count + 1)}


SHAPES = {
    "wide": Shape(_named(200, {"type": "digits"}), _wide, spoiled=tuple(range(200))),
    "one_column": Shape(_named(1, {"type": "digits"}), _narrow),
    "long_values": Shape(
        {
            "id": {"type": "digits"},
            "text": {"max_length": 10_240, "pattern": "[a-z]+"},
            "number": {"type": "digits"},
        },
        _long,
        spoiled=(0, 1, 2),
    ),
    "unique_keys": Shape(
        {"key": {"type": "digits", "unique": True}, "number": {"type": "digits"}}, _unique, spoiled=(1,)
    ),
    "patterns": Shape(
        _named(10, {"pattern": "[A-Z]{2}-[0-9]{6,10}-(X|Y|Z{2,3})"}), _patterns, spoiled=tuple(range(10))
    ),
    "all_different": Shape(
        {
            "id": {"type": "digits"},
            "at": {"type": "datetime"},
            "amount": {"type": "decimal"},
            "customer": {"max_length": 40},
            "ticket": {"max_length": 40},
            "street": {"max_length": 40},
        },
        _different,
        spoiled=(0, 1, 2),
    ),
}


def contract_of(name: str) -> dict[str, object]:
    """Give the shape's contract."""
    columns = [{"name": column, **rule} for column, rule in SHAPES[name].rules.items()]
    return {"contract": f"shape_{name}", "version": "1.0.0", "columns": columns}


def write_source(name: str, records: int, path: Path) -> None:
    """Write the shape's records, block by block."""
    shape = SHAPES[name]
    block = 1_000
    with path.open("wb") as file:
        file.write((",".join(shape.rules) + "\n").encode())
        first = 0
        while first < records:
            count = min(block, records - first)
            generator = np.random.default_rng([len(name), first])
            written = _lines(generator, shape, first, count)
            file.write(written)
            first += count
            block = max(1_000, BYTES_A_BLOCK * count // len(written))


def _lines(generator: np.random.Generator, shape: Shape, first: int, count: int) -> bytes:
    columns = shape.block(generator, first, count)
    place = np.where(generator.random(count) < BAD_SHARE, generator.choice(shape.spoiled, count), -1)
    for number in np.unique(place[place >= 0]):
        columns[number] = pc.if_else(pa.array(place == number), shape.bad_value, columns[number])
    lines = pc.binary_join_element_wise(*columns, ",")
    whole = pa.ListArray.from_arrays(pa.array([0, count], type=pa.int32()), lines)
    return bytes(pc.binary_join(whole, "\n")[0].as_buffer()) + b"\n"


def main() -> None:
    """Write one shape's source and contract."""
    parser = argparse.ArgumentParser(description="write the source and the contract of a shape")
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    write_source(options.shape, options.records, options.folder / "source.csv")
    # Written last: a folder with a contract is whole.
    (options.folder / "contract.json").write_text(json.dumps(contract_of(options.shape), indent=1) + "\n")


if __name__ == "__main__":
    main()
