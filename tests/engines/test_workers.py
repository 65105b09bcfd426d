"""Worker threads: the same bytes for any number of them, and no way to hang."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.engines import local_engine
from callcenter_etl.engines.sequencer import Sequencer
from callcenter_etl.sources.blocks import LineBlock
from callcenter_etl.sources.source import ParsedBlock

ROOT = Path(__file__).parents[2]
FILES = ("target.csv", "exceptions.csv", "rejected.csv")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "call_center_raw_202503.csv"
    subprocess.run(
        [sys.executable, ROOT / "tools" / "make_samples.py", "--records", "20000", "--out", path], check=True
    )
    return path


def outcome(sample: Path, output: Path, **options: Any) -> tuple[object, ...]:
    contract = load_contract(ROOT / "contracts" / "call_center.yaml")
    summary = validate(sample, contract, output=output, **options).summary
    counts = [summary[key] for key in ("status", "records", "rules", "blank_lines", "lines")]
    return (*((output / name).read_bytes() for name in FILES), counts)


@pytest.mark.parametrize("workers", [2, 3, 8])
@pytest.mark.parametrize("block_bytes", [10_007, 200_000, 4_000_000])
def test_workers_and_blocks_change_no_byte(
    sample: Path, tmp_path: Path, workers: int, block_bytes: int
) -> None:
    alone = outcome(sample, tmp_path / "alone", workers=1, chunk_rows=997)
    assert outcome(sample, tmp_path / "several", workers=workers, block_bytes=block_bytes) == alone


def test_the_contract_says_how_many_workers_where_nobody_else_does(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: list[int] = []
    made = local_engine.LocalEngine.__init__

    def noted(self: local_engine.LocalEngine, *given: Any, workers: int, **named: Any) -> None:
        engines.append(workers)
        made(self, *given, workers=workers, **named)

    monkeypatch.setattr(local_engine.LocalEngine, "__init__", noted)
    columns = [{"name": name} for name in sample.read_text(encoding="latin-1").split("\n")[0].split(",")]
    contract = load_contract({"contract": "c", "columns": columns, "run": {"workers": 3}})
    validate(sample, contract)
    validate(sample, contract, workers=1)
    assert engines == [3, 1]


def test_a_failing_block_ends_the_run(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = LineBlock.parse
    calls: list[int] = []

    def fails_at_the_third(block: LineBlock) -> ParsedBlock:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("broken")
        return parse(block)

    monkeypatch.setattr(LineBlock, "parse", fails_at_the_third)
    with pytest.raises(RuntimeError, match="broken"):
        outcome(sample, tmp_path / "o", workers=3, block_bytes=10_007)
    assert not (tmp_path / "o" / "summary.json").exists()


def test_turns_are_taken_in_the_order_of_their_numbers() -> None:
    turns, taken = Sequencer(), []

    def take(number: int) -> None:
        with turns.turn(number):
            taken.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in (3, 1, 2, 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert taken == [0, 1, 2, 3]


@pytest.mark.parametrize("value", [b"x", b'x"x', b"x,x", b'"x'])
def test_a_record_over_the_limit_is_told_alike_whether_it_comes_whole_or_in_pieces(
    value: bytes, tmp_path: Path
) -> None:
    source = tmp_path / "s.csv"
    source.write_bytes(b"a,b\n1,2\n" + value * (18 * 2**20 // len(value)) + b"\n3,4\n")
    contract = load_contract({"contract": "c", "columns": [{"name": "a"}, {"name": "b"}]})
    told = []
    for block_bytes in (2**20, 40 * 2**20):
        output = tmp_path / str(block_bytes)
        validate(source, contract, output=output, block_bytes=block_bytes)
        told.append([(output / name).read_bytes() for name in FILES])
    assert told[0] == told[1]
    assert b"record.too_long" in told[0][1]
