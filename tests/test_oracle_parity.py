"""Product and oracle say the same of every generated file, whatever the chunk and block size."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.oracle.compare import disagreements
from tests.oracle.contracts import Contract
from tests.oracle.groups import ENABLED
from tests.oracle.strategies import cases

CASES = int(os.environ.get("CALLCENTER_ETL_CASES", "150"))


SLOW = settings(
    max_examples=CASES,
    deadline=None,
    derandomize="CALLCENTER_ETL_CASES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SLOW
@given(case=cases())
def test_product_and_oracle_agree_on_every_record(case: tuple[bytes, Contract]) -> None:
    data, contract = case
    with tempfile.TemporaryDirectory() as scratch:
        assert disagreements(data, contract, Path(scratch)) == []


@SLOW
@given(case=cases(ENABLED))
def test_product_and_oracle_agree_on_files_as_vendors_write_them(case: tuple[bytes, Contract]) -> None:
    data, contract = case
    with tempfile.TemporaryDirectory() as scratch:
        assert disagreements(data, contract, Path(scratch)) == []
