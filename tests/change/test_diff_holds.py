"""What a diff claims, held to generated contracts and files, and the flips of a back-test to the oracle's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.change.pairs import Tally, examine
from tests.oracle.groups import named

PAIRS = 120


@pytest.mark.parametrize("groups", ["", "all"], ids=["plain files", "files as vendors write them"])
def test_where_nothing_breaks_no_accepted_record_is_rejected_and_the_reverse(
    tmp_path: Path, groups: str
) -> None:
    tally = Tally()
    for seed in range(PAIRS):
        folder = tmp_path / str(seed)
        examine(seed, folder, tally, named(groups))
    assert tally.wrong == []
    for claim in ("nothing breaks", "nothing loosens", "flips"):  # each was put to the test, and often
        assert tally.claims[claim] >= PAIRS / 8, tally.claims
    assert tally.claims["as the oracle says"] >= PAIRS / 2
