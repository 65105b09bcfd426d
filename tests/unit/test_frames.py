"""A contract in a notebook: its pandera schema, and the split of a DataFrame."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pytest

from callcenter_etl import UsageError, load_contract
from callcenter_etl.api_contract import Contract

CALLS = pd.DataFrame(
    {
        "id": ["1", "2", "x", "2", None],
        "secret": ["a", "bb", "ccc", "d", "e"],
        "start": ["10:00:00", "9:00:00", "11:00:00", "12:00:00", "12:00:00"],
    },
    index=[10, 11, 12, 12, 14],
)


@pytest.fixture
def contract() -> Contract:
    return load_contract(
        {
            "contract": "calls",
            "columns": [
                {"name": "id", "type": "digits", "required": True, "unique": True},
                {"name": "secret", "max_length": 2, "classification": "secret"},
                {"name": "start", "type": "time"},
            ],
            "rules": [{"name": "late", "check": "start >= '10:30:00'"}],
        }
    )


def test_the_schema_is_a_pandera_schema_that_names_every_broken_rule(contract: Contract) -> None:
    schema = contract.schema
    assert isinstance(schema, pandera.DataFrameSchema)
    with pytest.raises(pandera.errors.SchemaErrors) as caught:
        schema.validate(CALLS.reset_index(drop=True), lazy=True)
    cases = caught.value.failure_cases
    broken = {
        (str(row.check), int(row.index)) for row in cases.itertuples(index=False) if pd.notna(row.index)
    }
    assert {
        ("id.type", 2),
        ("id.unique", 3),
        ("id.required", 4),
        ("start.type", 1),
        ("secret.max_length", 2),
    } <= broken
    assert ("late", 0) in broken
    assert ("late", 1) not in broken


def test_a_sound_frame_passes_the_schema(contract: Contract) -> None:
    sound = CALLS.iloc[[3]].reset_index(drop=True)
    assert contract.schema.validate(sound, lazy=True).equals(sound)


@pytest.mark.parametrize("dtype", [object, pd.StringDtype(), pd.ArrowDtype(pa.string())], ids=str)
def test_split_keeps_index_and_columns_and_gives_reasons(contract: Contract, dtype: Any) -> None:
    accepted, rejected = contract.split(CALLS.astype(dtype))
    assert list(accepted.columns) == list(CALLS.columns)
    assert accepted.empty
    assert rejected.index.tolist() == [10, 11, 12, 12, 14]
    assert rejected["reject_rules"].tolist() == [
        "late", "start.type", "id.type; secret.max_length", "id.unique", "id.required",
    ]  # fmt: skip
    assert "ccc" not in rejected["reject_reasons"].iloc[2]
    assert "(secret)" in rejected["reject_reasons"].iloc[2]


def test_split_says_what_is_missing_or_no_text(contract: Contract) -> None:
    with pytest.raises(UsageError, match="lacks the columns 'start'"):
        contract.split(CALLS[["id", "secret"]])
    with pytest.raises(TypeError, match="column 'id' is int64, not text"):
        contract.split(CALLS.assign(id=1))
