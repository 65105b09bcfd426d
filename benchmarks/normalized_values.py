"""Compare runs with a decimal comma and trimmed texts to runs of the same records in plain notation.

    python -m benchmarks.normalized_values [--records 300000] [--rounds 7]

Runs alternate, and the ratio is the median of the ratios of each pair, so that other work on the machine counts for both.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

from callcenter_etl import load_contract, validate

PLAIN = """\
contract: plain
source: {delimiter: ";"}
columns:
  - {name: call_id, type: digits, required: true}
  - {name: started, type: datetime, required: true}
  - {name: status, allowed: [COMPLETED, DROPPED, FAILED]}
  - {name: agent, max_length: 12}
  - {name: amount, type: decimal, min: 0, max: 100000}
  - {name: seconds, type: integer, min: 0}
"""
NOTATED = (
    PLAIN.replace("contract: plain", "contract: notated")
    .replace("name: status,", "name: status, trim: true,")
    .replace("name: agent,", "name: agent, trim: true,")
    .replace("type: decimal,", 'type: decimal, decimal: ",",')
)


def write_sources(folder: Path, records: int, seed: int = 1) -> tuple[Path, Path]:
    """Write the same records in both notations; every tenth text has white space at an end."""
    rng = random.Random(seed)  # noqa: S311  sample data
    plain, notated = [], []
    for number in range(records):
        pad = " " if number % 10 == 0 else ""
        stamp = f"2025-01-{rng.randint(1, 28):02} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00"
        status, agent = rng.choice(("COMPLETED", "DROPPED", "FAILED")), f"agent{rng.randint(0, 999)}"
        amount, seconds = f"{rng.randint(0, 9999)}.{rng.randint(0, 99):02}", rng.randint(0, 3600)
        plain.append(f"{number};{stamp};{status};{agent};{amount};{seconds}\n")
        notated.append(f"{number};{stamp};{status}{pad};{agent}{pad};{amount.replace('.', ',')};{seconds}\n")
    paths = folder / "plain.csv", folder / "notated.csv"
    for path, lines in zip(paths, (plain, notated), strict=True):
        path.write_text("call_id;started;status;agent;amount;seconds\n" + "".join(lines), encoding="utf-8")
    return paths


def timed(source: Path, contract: str, folder: Path) -> float:
    """Return the processor time of one run in seconds, over all threads."""
    (folder / "c.yaml").write_text(contract, encoding="utf-8")
    loaded = load_contract(folder / "c.yaml")
    start = time.process_time()
    result = validate(source, loaded, output=folder / "o", force=True, workers=1)
    seconds = time.process_time() - start
    if not result.passed:
        raise RuntimeError(f"{source}: {result.summary['status']}")
    return seconds


def main() -> None:
    """Print the seconds of both notations and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, notated = write_sources(folder, options.records)
        for warm_up in ((plain, PLAIN), (notated, NOTATED)):
            timed(*warm_up, folder)
        pairs = [
            (timed(plain, PLAIN, folder), timed(notated, NOTATED, folder)) for _ in range(options.rounds)
        ]
    ratio = statistics.median(second / first for first, second in pairs)
    medians = [statistics.median(each) for each in zip(*pairs, strict=True)]
    print(f"plain {medians[0]:.2f} s, notated {medians[1]:.2f} s of processor time; ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
