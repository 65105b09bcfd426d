"""The generated cases as a Hypothesis strategy."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from tests.oracle.contracts import Contract
from tests.oracle.dirt import make_case

MAX_SEED = 2**32 - 1


def case_of(seed: int, groups: tuple[str, ...] = ()) -> tuple[bytes, Contract]:
    """Return the same case for the same seed and groups, everywhere."""
    return make_case(random.Random(seed), groups)


def cases(groups: tuple[str, ...] = ()) -> st.SearchStrategy[tuple[bytes, Contract]]:
    """Return (file, contract) pairs."""
    return st.integers(min_value=0, max_value=MAX_SEED).map(lambda seed: case_of(seed, groups))
