"""Reports of runs on S3 show the records of the exceptions there, and addresses as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callcenter_etl import validate
from tests.storage.buckets import CONTRACT, Drops, cli, records


@pytest.mark.xdist_group("moto")
def test_findings_are_read_from_the_bucket_and_a_source_there_keeps_its_address(moto_drops: Drops) -> None:
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    moto_drops.put("in/bad #1.csv", records(20) + b"x,bad\ny,worse\n")
    source, output = moto_drops.uri("in/bad #1.csv"), moto_drops.uri("out")
    done = cli(
        "validate",
        source,
        "-c",
        "c.yaml",
        "-o",
        output,
        "-q",
        "--format",
        "sarif",
        "--format",
        "github=g.txt",
    )
    assert done.returncode == 1, done.stderr
    run = json.loads(done.stdout)["runs"][0]
    address = f"s3://{moto_drops.bucket}/in/bad%20%231.csv"
    assert run["artifacts"][0]["location"] == {"uri": address}
    places = [each["locations"][0]["physicalLocation"]["region"]["startLine"] for each in run["results"]]
    assert places == [22, 23]
    assert f"::error title=id.type::{source}:22: " in Path("g.txt").read_text(encoding="utf-8")
    rejected = validate(source, "c.yaml", output=output).exceptions
    assert rejected["reject_line"].tolist() == [22, 23]
