"""The ledger of runs into S3, and what is not done again there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callcenter_etl import UsageError, validate
from callcenter_etl.run.ledger import RunFilter, find_run, list_runs
from tests.storage.buckets import CONTRACT, Drops, cli, records


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "good.csv").write_bytes(records(20))


def test_runs_into_s3_are_recorded_there_and_not_done_twice(drops: Drops) -> None:
    source, output = drops.put("calls.csv", records(20)), drops.uri("out")
    first = validate(source, "c.yaml", output=output)
    second = validate(source, "c.yaml", output=output)
    assert not first.already_done
    assert second.already_done
    assert second.summary == first.summary
    assert drops.everything("out/runs") == [f"out/runs/{first.record.run_id}.json"]
    record = find_run(output, first.record.run_id[:20])
    assert (record.status, record.output, record.source.uri) == ("passed", ".", source)
    drops.delete("out/target.csv")
    third = validate(source, "c.yaml", output=output)
    assert not third.already_done
    # Newest first, to the second that is in their ids: both may have begun in the same one.
    listed = list_runs(output, RunFilter())
    seconds = [each.run_id.split("-")[0] for each in listed]
    assert seconds == sorted(seconds, reverse=True)
    assert {each.run_id for each in listed} == {third.record.run_id, first.record.run_id}
    drops.put("calls.csv", records(21))
    assert not validate(source, "c.yaml", output=output).already_done


def test_a_run_into_s3_that_could_not_be_finished_is_recorded(drops: Drops) -> None:
    done = cli("validate", drops.uri("none.csv"), "-c", "c.yaml", "-o", drops.uri("out"), "-q")
    assert done.returncode == 3
    listed = cli("runs", "list", "--output", drops.uri("out"), "--format", "json")
    assert listed.returncode == 0, listed.stderr
    (run,) = json.loads(listed.stdout)
    assert (run["status"], run["exit_code"]) == ("error", 3)
    assert "no such object" in run["cause"]


def test_runs_are_listed_with_the_storage_options_of_a_contract(
    moto_drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = f"storage_options: {{endpoint_url: '{moto_drops.server.endpoint}'}}, output: '{moto_drops.uri('out')}'"
    Path("c.yaml").write_text(CONTRACT.replace("run: {", f"run: {{{options}, "), encoding="utf-8")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert cli("validate", "good.csv", "-c", "c.yaml", "-q").returncode == 0
    listed = cli("runs", "list", "-c", "c.yaml", "--format", "json")
    (run,) = json.loads(listed.stdout)
    shown = cli("runs", "show", run["run_id"], "-c", "c.yaml", "--format", "json")
    assert json.loads(shown.stdout) == {**run, "problems": []}


def test_a_prefix_without_runs_has_no_ledger(moto_drops: Drops) -> None:
    with pytest.raises(UsageError, match="no ledger here"):
        list_runs(moto_drops.uri("out"), RunFilter())


def test_a_run_is_done_only_if_its_copies_are(moto_drops: Drops) -> None:
    copies = moto_drops.uri("copies")
    assert not validate("good.csv", "c.yaml", output="here").already_done
    assert not validate("good.csv", "c.yaml", output="here", publish_to=copies).already_done
    assert validate("good.csv", "c.yaml", output="here", publish_to=copies).already_done
    moto_drops.delete("copies/target.csv")
    assert not validate("good.csv", "c.yaml", output="here", publish_to=copies).already_done
    moto_drops.delete("copies/summary.json")
    assert not validate("good.csv", "c.yaml", output="here", publish_to=copies).already_done
