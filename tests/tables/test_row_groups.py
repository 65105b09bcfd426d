"""Row groups, sorting and folders hang on the records, never on how they were batched."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.contract.table_layout import Buckets, PartitionKey, TableLayout
from callcenter_etl.errors import OutputError
from callcenter_etl.writers.tables import external_sort
from callcenter_etl.writers.tables.partition_folders import folders_of, partition_of
from callcenter_etl.writers.tables.row_groups import row_groups, sizes_of

TEXTS = pa.map_(pa.string(), pa.string())
SCHEMA = pa.schema([("n", pa.int64()), ("t", pa.string()), ("m", TEXTS)])
Record = dict[str, Any]
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.one_of(st.none(), st.integers(-3, 3)),
            "t": st.one_of(st.none(), st.text(max_size=9)),
            "m": st.one_of(
                st.none(), st.lists(st.tuples(st.text("k", max_size=2), st.text(max_size=5)), max_size=2)
            ),
        }
    ),
    max_size=60,
)


def batches_of(records: list[Record], size: int) -> list[pa.RecordBatch]:
    whole = pa.RecordBatch.from_pylist(records, schema=SCHEMA)
    return [whole.slice(start, size) for start in range(0, len(records), size)]


def size_of(record: Record) -> int:
    mapped = sum(len(value.encode()) for _, value in record["m"] or ())
    return 24 + len((record["t"] or "").encode()) + mapped


@settings(deadline=None)
@given(RECORDS, st.integers(1, 9), st.integers(1, 20), st.integers(1, 200))
def test_row_groups_end_at_the_same_records_however_they_are_batched(
    records: list[Record], size: int, rows: int, most: int
) -> None:
    batches = batches_of(records, size)
    assert [each for batch in batches for each in sizes_of(batch)] == [size_of(record) for record in records]
    groups = [group.to_pylist() for group in row_groups(batches, SCHEMA, rows=rows, size=most)]
    assert [record for group in groups for record in group] == records
    for group in groups[:-1]:
        assert len(group) == rows or sum(map(size_of, group)) >= most
    for group in groups:
        assert 0 < len(group) <= rows
        assert sum(map(size_of, group[:-1])) < most


@settings(deadline=None)
@given(
    RECORDS, st.integers(1, 9), st.integers(1, 12), st.lists(st.sampled_from("nt"), max_size=2, unique=True)
)
def test_sorting_in_runs_on_disk_sorts_as_in_memory(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record], size: int, rows: int, names: list[str]
) -> None:
    scratch = tmp_path_factory.mktemp("sort")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            external_sort, "row_groups", lambda batches, schema: row_groups(batches, schema, rows=rows)
        )
        patch.setattr(external_sort, "_MIN_ROWS", 2)
        patch.setattr(external_sort, "_MAX_RUNS", 3)
        patch.setattr(external_sort, "_MERGE_ROWS", 4)
        found = list(external_sort.sort_records(batches_of(records, size), SCHEMA, names, scratch))
    expected = sorted(records, key=lambda record: [_key(record[name]) for name in names])
    assert [record for batch in found for record in batch.to_pylist()] == expected
    assert list(scratch.iterdir()) == []


def _key(value: Any) -> tuple[bool, Any]:
    return value is None, b"" if value is None else value.encode() if isinstance(value, str) else value


def one(kind: pa.DataType, values: list[Any]) -> pa.RecordBatch:
    return pa.record_batch({"v": pa.array(values, type=kind)})


def by(part: str = "value") -> TableLayout:
    return TableLayout.model_validate({"partition_by": [{"column": "v", "by": part}]})


def test_folders_are_named_as_hive_names_them() -> None:
    texts = ["a", None, "x/y", "50%", "a=b", "é ü", "..", "tab\t", "nul\x00", "__HIVE_DEFAULT_PARTITION__"]
    assert folders_of(one(pa.string(), texts), by()).to_pylist() == [
        "v=a",
        "v=__HIVE_DEFAULT_PARTITION__",
        "v=x%2Fy",
        "v=50%25",
        "v=a%3Db",
        "v=é ü",
        "v=..",
        "v=tab%09",
        "v=nul%00",
        "v=%5F_HIVE_DEFAULT_PARTITION__",
    ]
    assert folders_of(one(pa.bool_(), [True, False]), by()).to_pylist() == ["v=true", "v=false"]
    assert folders_of(one(pa.int64(), [-7]), by()).to_pylist() == ["v=-7"]


def test_moments_make_folders_by_day_month_and_year_in_utc() -> None:
    datetimes = [datetime(1969, 12, 31, 23, 59, tzinfo=UTC), datetime(2025, 1, 3, tzinfo=UTC), None]
    batch = one(pa.timestamp("us", "UTC"), datetimes)
    none = "__HIVE_DEFAULT_PARTITION__"
    assert folders_of(batch, by("day")).to_pylist() == [
        "v_day=1969-12-31",
        "v_day=2025-01-03",
        f"v_day={none}",
    ]
    assert folders_of(batch, by("month")).to_pylist() == [
        "v_month=1969-12",
        "v_month=2025-01",
        f"v_month={none}",
    ]
    early = one(pa.date32(), [date(1, 2, 3), date(9999, 12, 31)])
    assert folders_of(early, by("year")).to_pylist() == ["v_year=0001", "v_year=9999"]


def test_buckets_are_the_last_level_and_belong_to_their_partition() -> None:
    layout = TableLayout(partition_by=(PartitionKey(column="v"),), buckets=Buckets(column="v", count=100))
    batch = one(pa.string(), ["iceberg", None])
    assert folders_of(batch, layout).to_pylist() == [
        "v=iceberg/bucket=89",
        "v=__HIVE_DEFAULT_PARTITION__/bucket=__HIVE_DEFAULT_PARTITION__",
    ]
    assert partition_of("v=iceberg/bucket=89", layout) == "v=iceberg"
    assert partition_of("bucket=7", TableLayout(buckets=Buckets(column="v", count=9))) == "bucket=7"


def test_a_value_too_long_for_a_folder_ends_the_run_and_is_not_shown() -> None:
    with pytest.raises(OutputError, match="a value of 'v' has 300 characters") as told:
        folders_of(one(pa.string(), ["q" * 300]), by())
    assert "qq" not in str(told.value)


@pytest.mark.parametrize("scratch", [Path("/proc/none")])
def test_one_run_needs_no_disk(scratch: Path) -> None:
    batches = batches_of([{"n": 2, "t": "b", "m": None}, {"n": 1, "t": "a", "m": None}], 1)
    found = list(external_sort.sort_records(batches, SCHEMA, ["n"], scratch))
    assert [batch.column("n").to_pylist() for batch in found] == [[1, 2]]
