"""`python -m tests.oracle.fuzz --cases N --seed S`: product against oracle on N generated files."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.oracle.compare import SIZES, disagreements
from tests.oracle.groups import ENABLED, named
from tests.oracle.strategies import case_of

EVERY = 500
Sizes = tuple[tuple[int, int, int], ...]
# (chunk_rows, block_bytes, workers), as in SIZES.
SMALL = ((1, 64, 2), (2, 1, 1), (7, 97, 3), (3, 7, 2), (100_000, 64, 1))


def main() -> int:
    """Return 0 if product and oracle agree on every case, else 1."""
    parser = argparse.ArgumentParser(description="compare the product with the oracle on generated files")
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="the first case's seed; the others follow")
    parser.add_argument("--keep", type=Path, default=None, help="a folder that keeps the cases that differ")
    parser.add_argument(
        "--groups", type=named, default=ENABLED, help="groups or areas of keys; `all`, `` for none"
    )
    parser.add_argument("--sizes", type=sizes_of, default=(), help="ROWS/BYTES/WORKERS, parted by commas")
    options = parser.parse_args()
    differing = 0
    for seed in range(options.seed, options.seed + options.cases):
        found = run_case(seed, options.groups, options.sizes or sizes_for(seed), options.keep)
        differing += bool(found)
        for sentence in found:
            print(f"seed {seed}: {sentence}", flush=True)
        if (seed - options.seed + 1) % EVERY == 0:
            print(f"{seed - options.seed + 1} cases, {differing} differ", file=sys.stderr, flush=True)
    print(f"{options.cases} cases from seed {options.seed}: {differing} differ")
    return min(differing, 1)


def sizes_for(seed: int) -> Sizes:
    """Return one small size, another one from seed to seed, and all at once."""
    return (SMALL[seed % len(SMALL)], SIZES[-1])


def sizes_of(text: str) -> Sizes:
    """Return the sizes of `1/64/2,100/7/1`."""
    sizes: list[tuple[int, int, int]] = []
    for part in text.split(","):
        rows, block, workers = part.split("/")
        sizes.append((int(rows), int(block), int(workers)))
    return tuple(sizes)


def run_case(seed: int, groups: tuple[str, ...], sizes: Sizes, keep: Path | None) -> list[str]:
    """Return the disagreements of one case; a crash of either side is one."""
    data, contract = case_of(seed, groups)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) if keep is None else keep / str(seed)
        try:
            return disagreements(data, contract, folder, sizes)
        except Exception as error:  # noqa: BLE001 - the fuzzer goes on and reports any crash with its seed
            return [f"{type(error).__name__}: {error}"]


if __name__ == "__main__":
    sys.exit(main())
