"""Time grows in proportion to the width of a file: records of 0.2 to 1.6 MB, with a rule and rejects in every column."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import explain, load_contract, validate

RECORDS, VALUE = 30, 400
SMALL, LARGE = 500, 4000
# Time in proportion to the width is a ratio of 8, time in proportion to its square 64: in between lies what a
# busy machine adds. The seconds are generous too: under 5 on an idle machine.
MAX_RATIO, MAX_SECONDS = 32, 24


def wide(folder: Path, columns: int) -> tuple[Path, dict[str, Any]]:
    """Write a file with a third of its values wrong, and return it with its contract."""
    names = [f"c{number}" for number in range(columns)]
    source = folder / f"s{columns}.csv"
    with source.open("w") as file:
        file.write(",".join(names) + "\n")
        for record in range(RECORDS):
            values = (("x" if (column + record) % 3 == 0 else "7") * VALUE for column in range(columns))
            file.write(",".join(values) + "\n")
    declared = [{"name": name, "type": "digits"} for name in names]
    return source, {"contract": "wide", "version": "1.0.0", "columns": declared}


def seconds_of_run(folder: Path, columns: int) -> float:
    """Return the processor seconds of the quicker one of two runs."""
    source, document = wide(folder, columns)
    contract = load_contract(document)
    found = []
    for number in range(2):
        start = time.process_time()
        result = validate(source, contract, output=folder / f"out{columns}-{number}", workers=1)
        found.append(time.process_time() - start)
        assert result.summary["records"]["rejected"] == RECORDS
        assert result.summary["rules"]["c0.type"]["broken"] == RECORDS / 3
    return min(found)


def test_time_grows_in_proportion_to_the_columns(tmp_path: Path) -> None:
    small, large = seconds_of_run(tmp_path, SMALL), seconds_of_run(tmp_path, LARGE)
    assert large <= MAX_RATIO * small, (small, large)
    assert large < MAX_SECONDS


def test_one_record_is_explained_in_seconds(tmp_path: Path) -> None:
    source, document = wide(tmp_path, 2000)
    start = time.process_time()
    explanation = explain(source, document, line=20)
    assert time.process_time() - start < MAX_SECONDS / 4
    assert len([rule for rule in explanation.rules if rule.rule.startswith("c")]) == 2000


@pytest.mark.parametrize("block_bytes", [100_000, 4 * 2**20])
def test_larger_blocks_change_nothing(tmp_path: Path, block_bytes: int) -> None:
    source, document = wide(tmp_path, 600)
    outputs = []
    for number, size in enumerate((block_bytes, 7_000)):
        output = tmp_path / f"out{number}"
        validate(source, load_contract(document), output=output, block_bytes=size)
        outputs.append(
            [(output / name).read_bytes() for name in ("target.csv", "exceptions.csv", "rejected.csv")]
        )
    assert outputs[0] == outputs[1]
