"""Reports of runs into S3, and reports that are put there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.pages import read
from tests.storage.buckets import CONTRACT, Drops, cli, records


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")


def test_a_report_is_put_beside_what_it_tells_of(moto_drops: Drops) -> None:
    source = moto_drops.put("calls.csv", records(20) + b"x,y\n")
    output, uri = moto_drops.uri("out"), moto_drops.uri("reports/calls.html")
    done = cli("validate", source, "-c", "c.yaml", "-o", output, "-q", "--report", uri)
    assert done.returncode == 1, done.stderr
    assert moto_drops.head("reports/calls.html")["ContentType"].startswith("text/html")
    Path("here.html").write_bytes(moto_drops.get("reports/calls.html"))
    page = read(Path("here.html"))
    assert (page.counts["rejected"], sum(page.strip().values()), page.places) == (1, 1, [("A22", "•")])
    assert "(this page)" in page.text


def test_a_bucket_that_takes_no_report_leaves_the_run_standing(moto_drops: Drops) -> None:
    source = moto_drops.put("calls.csv", records(20))
    words = ("validate", source, "-c", "c.yaml", "-o", moto_drops.uri("out"), "-q")
    done = cli(*words, "--report", "s3://no-such-bucket-here/report.html")
    assert done.returncode == 3
    assert "the run is complete, only its report is not written" in done.stderr
    assert "out/summary.json" in moto_drops.everything("out")
