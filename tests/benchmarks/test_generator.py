"""The generator of the benchmarks: what it promises of its bytes and counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.generate import HEADER, Shares, blocks
from callcenter_etl import load_contract, validate
from tests.shared_folder import REPOSITORY

CONTRACTS = REPOSITORY / "benchmarks"


def written(records: int, shares: Shares, *, seed: int = 7) -> bytes:
    return b"".join(blocks(records, shares, seed=seed))


def summary(source: bytes, contract: str, folder: Path) -> dict[str, dict[str, int]]:
    path = folder / "calls.csv"
    path.write_bytes(source)
    found: dict[str, dict[str, int]] = validate(
        path, load_contract(CONTRACTS / contract), output=folder / "out"
    ).summary
    return found


def test_the_same_options_give_the_same_bytes() -> None:
    shares = Shares(rejects=30, damage=2, duplicates=5)
    first = written(3_000, shares)
    assert first == written(3_000, shares)
    assert first != written(3_000, shares, seed=8)


def test_it_gives_as_many_records_as_asked_for_across_blocks() -> None:
    source = written(100_001, Shares())
    assert source.startswith(HEADER)
    assert source.count(b"\n") == 100_002


def test_a_file_without_rejects_has_none_and_one_of_rejects_has_nothing_else(tmp_path: Path) -> None:
    for percent, rejected in ((0, 0), (100, 1_000)):
        counts = summary(written(1_000, Shares(rejects=percent)), "calls.yaml", tmp_path)["records"]
        assert counts["rejected"] == rejected
        assert counts["malformed"] == 0


def test_every_rule_of_the_contract_is_broken_by_some_record(tmp_path: Path) -> None:
    shares = Shares(rejects=30, damage=5, duplicates=5)
    rules = summary(written(2_000, shares), "calls_unique.yaml", tmp_path)["rules"]
    assert [rule for rule, count in rules.items() if not count["broken"]] == []  # type: ignore[index]


@pytest.mark.parametrize("percent", [1, 20])
def test_shares_are_about_what_was_asked_for(percent: float, tmp_path: Path) -> None:
    about = pytest.approx(20_000 * percent / 100, rel=0.2)
    for shares in (Shares(rejects=percent), Shares(damage=percent), Shares(duplicates=percent)):
        counts = summary(written(20_000, shares), "calls_unique.yaml", tmp_path)["records"]
        assert counts["rejected"] == about
        assert counts["malformed"] == (counts["rejected"] if shares.damage else 0)


def test_duplicates_change_nothing_but_the_id() -> None:
    plain = written(2_000, Shares(rejects=10)).splitlines()
    repeated = written(2_000, Shares(rejects=10, duplicates=50)).splitlines()
    assert [line.partition(b",")[2] for line in plain] == [line.partition(b",")[2] for line in repeated]
    assert plain != repeated
