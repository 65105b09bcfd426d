"""The sample sources: what the generator writes, and what the sample contract makes of it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

import contracts
from callcenter_etl import validate
from tests.shared_folder import REPOSITORY
from tools.make_samples import SMALL, expected_broken, expected_rejected, lines

SOURCES = REPOSITORY / "src_files"
STRUCTURAL = {"record.fields", "record.quote", "record.encoding"}


def test_src_files_are_what_the_generator_writes() -> None:
    assert (SOURCES / "call_center_raw_202501.csv").read_bytes() == SMALL
    assert (SOURCES / "call_center_raw_202502.csv").read_bytes() == b"".join(lines(10_000, seed=202_502))


def test_the_generated_sample_has_the_rejects_that_it_promises(tmp_path: Path) -> None:
    summary = validate(SOURCES / "call_center_raw_202502.csv", contracts.call_center, output=tmp_path).summary
    expected = expected_broken(10_000)
    broken = {rule: count["broken"] for rule, count in summary["rules"].items() if count["broken"]}
    assert {rule: count for rule, count in broken.items() if rule not in STRUCTURAL} == {
        rule: count for rule, count in expected.items() if rule not in STRUCTURAL
    }
    assert summary["records"] == {
        "read": 10_000,
        "accepted": 10_000 - expected_rejected(10_000),
        "rejected": expected_rejected(10_000),
        "malformed": sum(expected[rule] for rule in STRUCTURAL),
        "warned": expected["talk_seconds.min"],
    }
    assert summary["blank_lines"] == 10


def test_the_small_sample_breaks_every_rule_that_matters(tmp_path: Path) -> None:
    summary = validate(SOURCES / "call_center_raw_202501.csv", contracts.call_center, output=tmp_path).summary
    unbroken = {rule for rule, count in summary["rules"].items() if not count["broken"]}
    # Rules that no one record of a readable size breaks, or that another rule of the column stands for.
    assert unbroken <= {"caller_id.type", "caller_id.max_length", "agent_id.type", "call_start_time.required",
                        "call_status.required", "talk_seconds.max", "note.max_length"} | STRUCTURAL  # fmt: skip
    assert summary["records"]["malformed"] == 5
    assert summary["blank_lines"] == 1


def test_a_block_that_is_not_full_is_clean() -> None:
    assert expected_rejected(999) == 0
    assert len(list(itertools.islice(lines(2, seed=1), 5))) == 3


def test_every_contract_of_the_folder_can_be_imported_by_name() -> None:
    from contracts import call_center

    assert dir(contracts) == sorted(path.stem for path in (REPOSITORY / "contracts").glob("*.yaml"))
    assert call_center is contracts.call_center
    assert call_center.schema.columns.keys() >= {"call_id", "note"}


def test_a_misspelt_contract_name_is_answered_with_the_right_one() -> None:
    with pytest.raises(AttributeError, match=r"no contract 'call_centre' \(did you mean 'call_center'\?\)"):
        _ = contracts.call_centre
