"""Typed targets on S3: whole, labelled, and with a manifest that never names half of a run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import OutputError, load_contract, validate
from callcenter_etl.store.s3_uploads import Bucket
from tests.storage.buckets import Drops
from tests.tables.outputs import contract_of, listing_of, listing_sha256, records_in, write_source

BY_DAY = {"partition_by": ["day"]}


def replacing(**more: Any) -> Any:
    return load_contract(contract_of(layout=BY_DAY, write="replace_partitions", **more))


def manifest_of(drops: Drops) -> dict[str, str]:
    files = json.loads(drops.get("out/target/_manifest.json"))["files"]
    return {file["path"]: file["sha256"] for file in files}


def downloaded(drops: Drops, folder: Path) -> Path:
    """Fetch what the manifest names, holding each object to its hash."""
    for path, sha256 in manifest_of(drops).items():
        body = drops.get(f"out/target/{path}")
        assert hashlib.sha256(body).hexdigest() == sha256
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    return folder


def test_a_single_file_goes_up_with_what_it_is_of(drops: Drops, tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(50), bad=1)
    result = validate(source, load_contract(contract_of()), output=drops.uri("out"))
    assert drops.keys() == [
        "out/exceptions.csv",
        "out/rejected.csv",
        "out/summary.json",
        "out/target.parquet",
    ]
    body, head = drops.get("out/target.parquet"), drops.head("out/target.parquet")
    told = result.summary["outputs"]["target"]
    assert told == {
        "uri": drops.uri("out/target.parquet"),
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "format": "parquet",
        "unconverted": 10,
    }
    assert head["Metadata"]["sha256"] == told["sha256"]
    assert head["Metadata"]["run-id"] == result.record.run_id
    assert head["ContentType"] == "application/vnd.apache.parquet"
    local = validate(source, load_contract(contract_of()), output=tmp_path / "local")
    assert local.summary["outputs"]["target"]["sha256"] == told["sha256"]
    assert validate(source, load_contract(contract_of()), output=drops.uri("out")).already_done
    assert drops.uploads() == []


def test_a_folder_goes_up_and_only_what_changed_is_uploaded_again(drops: Drops, tmp_path: Path) -> None:
    first = write_source(tmp_path / "a.csv", range(500))
    result = validate(first, replacing(), output=drops.uri("out"))
    assert result.summary["outputs"]["target"]["sha256"] == listing_sha256(
        downloaded(drops, tmp_path / "one")
    )
    assert validate(first, replacing(), output=drops.uri("out")).already_done
    dates = {key: drops.head(key)["LastModified"] for key in drops.keys("out/target/day")}
    runs = {key: drops.head(key)["Metadata"]["run-id"] for key in dates}
    second = write_source(tmp_path / "b.csv", range(1000, 1100), days=1)
    result = validate(second, replacing(), output=drops.uri("out"))
    after = drops.keys("out/target/day")
    kept = [key for key in dates if "2025-01-01" not in key]
    assert [key for key in after if "2025-01-01" not in key] == kept
    for key in kept:
        assert drops.head(key)["Metadata"]["run-id"] == runs[key]
        assert drops.head(key)["LastModified"] == dates[key]
    (changed,) = set(after) - set(kept)
    assert drops.head(changed)["Metadata"]["run-id"] == result.record.run_id
    assert records_in(downloaded(drops, tmp_path / "two")) == 500
    assert result.summary["outputs"]["target"]["sha256"] == listing_sha256(tmp_path / "two")
    assert drops.uploads() == []


def test_a_target_of_another_form_is_replaced(moto_drops: Drops, tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(50))
    parted, single = load_contract(contract_of(layout=BY_DAY)), load_contract(contract_of())
    for contract, form, names in (
        (parted, "parquet", 6),
        (single, "parquet", 1),
        (parted, "parquet", 6),
        (single, "csv", 1),
        (single, "parquet", 1),
    ):
        chosen: Any = form
        validate(source, contract, output=moto_drops.uri("out"), target_format=chosen)
        assert len(moto_drops.keys("out/target")) == names
        assert len(moto_drops.keys()) == names + 3


@pytest.mark.parametrize("dies_at", ["complete", "put", "keys"])
def test_a_run_that_dies_while_it_publishes_leaves_the_manifest_of_one_run(
    moto_drops: Drops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    first = write_source(tmp_path / "a.csv", range(500))
    validate(first, replacing(), output=moto_drops.uri("out"))
    before = manifest_of(moto_drops)
    second = write_source(tmp_path / "b.csv", range(1000, 1100), days=2)
    calls = []
    (tmp_path / "ledger").mkdir()

    def dying(self: Bucket, *words: Any, **more: Any) -> Any:
        calls.append(words)
        # keys are listed once before anything is published
        if len(calls) > (dies_at in ("complete", "keys")):
            raise OutputError("the store is gone")
        return real(self, *words, **more)

    with monkeypatch.context() as patch:
        real = getattr(Bucket, dies_at)
        patch.setattr(Bucket, dies_at, dying)
        with pytest.raises(OutputError, match="the store is gone"):
            validate(second, replacing(), output=moto_drops.uri("out"), root=tmp_path / "ledger")
    now = manifest_of(moto_drops)
    assert now == before if dies_at != "keys" else set(now) != set(before)
    downloaded(moto_drops, tmp_path / "between")
    assert moto_drops.keys("out/summary.json") == []
    validate(second, replacing(), output=moto_drops.uri("out"), root=tmp_path / "ledger")
    assert records_in(downloaded(moto_drops, tmp_path / "after")) == 300 + 100
    assert {key.removeprefix("out/target/") for key in moto_drops.keys("out/target/day")} == set(
        manifest_of(moto_drops)
    )


def test_copies_of_a_folder_are_the_same_folder(moto_drops: Drops, tmp_path: Path) -> None:
    for name, numbers, days in (("a.csv", range(500), 5), ("b.csv", range(1000, 1100), 1)):
        source = write_source(tmp_path / name, numbers, days=days)
        validate(source, replacing(), output=tmp_path / "out", publish_to=moto_drops.uri("out"))
        local = listing_of(tmp_path / "out" / "target")
        there = moto_drops.keys("out/target/")
        assert {key.removeprefix("out/target/") for key in there} == set(local)
        for key in there:
            body = moto_drops.get(key)
            assert hashlib.sha256(body).hexdigest() == local[key.removeprefix("out/target/")]
    assert validate(
        source, replacing(), output=tmp_path / "out", publish_to=moto_drops.uri("out")
    ).already_done


def test_a_run_that_publishes_no_target_leaves_other_sources_objects(
    moto_drops: Drops, tmp_path: Path
) -> None:
    validate(write_source(tmp_path / "a.csv", range(50)), replacing(), output=moto_drops.uri("out"))
    before = moto_drops.keys("out/target/")
    source = write_source(tmp_path / "b.csv", range(9), bad=3)
    failed = validate(source, replacing(), output=moto_drops.uri("out"), max_rejected=1)
    assert failed.summary["status"] == "failed"
    assert moto_drops.keys("out/target/") == before


def test_objects_of_others_in_its_place_are_refused_and_stay(moto_drops: Drops, tmp_path: Path) -> None:
    moto_drops.put("out/target/sub/precious.parquet", b"theirs")
    source = write_source(tmp_path / "s.csv", range(5))
    layout = load_contract(contract_of(layout=BY_DAY))
    for options in (
        {"output": moto_drops.uri("out")},
        {"output": tmp_path / "local", "publish_to": moto_drops.uri("out")},
    ):
        with pytest.raises(OutputError, match=r"precious.parquet: is not an object of this program"):
            validate(source, layout, **options)
    assert moto_drops.keys() == ["out/target/sub/precious.parquet"]
    single = validate(source, load_contract(contract_of()), output=moto_drops.uri("out"))
    assert single.passed
    assert moto_drops.get("out/target/sub/precious.parquet") == b"theirs"


def test_copies_do_not_take_the_place_of_a_table(moto_drops: Drops, tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(5))
    table = load_contract({**contract_of(), "run": {"target_format": "delta"}})
    validate(source, table, output=moto_drops.uri("lake"))
    before = moto_drops.keys("lake/target")
    for contract in (load_contract(contract_of(layout=BY_DAY)), load_contract(contract_of())):
        with pytest.raises(OutputError, match="lake/target: is a Delta table"):
            validate(source, contract, output=tmp_path / "local", publish_to=moto_drops.uri("lake"))
    with pytest.raises(OutputError, match="lake/target: is a Delta table"):
        validate(source, load_contract(contract_of()), output=moto_drops.uri("lake"), target_format="csv")
    assert moto_drops.keys("lake/target") == before


def test_an_object_that_went_missing_is_put_again(moto_drops: Drops, tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(100))
    layout = load_contract(contract_of(layout=BY_DAY))
    validate(source, layout, output=moto_drops.uri("out"))
    before = moto_drops.keys("out/target")
    moto_drops.delete(before[1])
    assert not validate(source, layout, output=moto_drops.uri("out")).already_done
    assert moto_drops.keys("out/target") == before
    downloaded(moto_drops, tmp_path / "down")


def test_a_partition_that_went_missing_is_missed(moto_drops: Drops, tmp_path: Path) -> None:
    first, second = (
        write_source(tmp_path / name, range(start, start + 40), days=days)
        for name, start, days in (("a.csv", 0, 20), ("b.csv", 0, 1))
    )
    for output in (moto_drops.uri("out"), str(tmp_path / "out")):
        validate(first, replacing(), output=output)
        validate(second, replacing(), output=output)
        if output.startswith("s3"):
            lost = moto_drops.keys("out/target/day")[-1]
            moto_drops.delete(lost)
        else:
            (tmp_path / lost).unlink()
        with pytest.raises(
            OutputError, match=r"parquet: is missing, although the target's _manifest.json lists it"
        ):
            validate(second, replacing(), output=output, force=True)
