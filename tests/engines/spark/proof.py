"""`python -m tests.engines.spark.proof --cases N --seed S`: both engines on N generated files."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from callcenter_etl import load_contract
from tests.engines.spark.support import both, differing
from tests.oracle.compare import write_case
from tests.oracle.groups import ENABLED, named
from tests.oracle.strategies import case_of


def main() -> int:
    """Give 0 if both engines agree on every case, else 1."""
    parser = argparse.ArgumentParser(description="compare the engines on generated files")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="the first case's seed; the others follow")
    parser.add_argument(
        "--groups", type=named, default=ENABLED, help="groups or areas of keys; `all`, `` for none"
    )
    options = parser.parse_args()
    wrong = 0
    for seed in range(options.seed, options.seed + options.cases):
        found = disagreements(seed, options.groups)
        wrong += bool(found)
        for sentence in found:
            print(f"seed {seed}: {sentence}", flush=True)
        if (seed - options.seed + 1) % 50 == 0:
            print(f"{seed - options.seed + 1} cases, {wrong} differ", file=sys.stderr, flush=True)
    print(f"spark-proof: {options.cases} cases from seed {options.seed}: {wrong} differ")
    return min(wrong, 1)


def disagreements(seed: int, groups: tuple[str, ...]) -> list[str]:
    """Give the differences of one case, cut into ranges of a few bytes up to a few lines."""
    data, declared = case_of(seed, groups)
    # few enough ranges that a case takes a second or two
    least = max(1, len(data) // 24)
    size = random.Random(seed).choice((least, 2 * least, 7 * least))
    with tempfile.TemporaryDirectory() as scratch:
        source, document = write_case(data, declared, Path(scratch))
        return differing(*both(source, load_contract(document), Path(scratch), range_bytes=size))


if __name__ == "__main__":
    sys.exit(main())
