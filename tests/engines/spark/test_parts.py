"""Part files: together they are the single files, each is a sound source, and they stand or go as one."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.errors import UsageError
from callcenter_etl.explain.run import causes_of_run
from callcenter_etl.ledger.done import published_summary
from callcenter_etl.reports.html.gather import Finished, gather
from callcenter_etl.reports.text import render_text
from callcenter_etl.summary import Summary
from tests.engines.spark.test_parity import CASES, KEYED, keyed_records

pytestmark = pytest.mark.usefixtures("needs_spark")
NAMES = ("target", "exceptions", "rejected")


def run(source: Path, output: Path, contract: Any = KEYED, **options: Any) -> dict[str, Any]:
    return validate(
        source, load_contract(contract), output=output, workers=2, engine="spark", parts=True, **options
    ).summary


def joined(folder: Path, head: bytes) -> bytes:
    parts = [path.read_bytes() for path in sorted(folder.glob("part-*.csv"))]
    assert all(part.startswith(head) for part in parts)
    return head + b"".join(part.removeprefix(head) for part in parts)


@pytest.mark.parametrize("case", CASES[3:5], ids=lambda path: path.name)
def test_the_parts_together_are_the_single_files(case: Path, tmp_path: Path) -> None:
    parts = run(case / "source.csv", tmp_path / "parts", case / "contract.yaml", range_bytes=24)
    single = validate(case / "source.csv", load_contract(case / "contract.yaml"), output=tmp_path / "single")
    for name in NAMES:
        data = (tmp_path / "single" / f"{name}.csv").read_bytes()
        head = data.splitlines(keepends=True)[0]
        assert joined(tmp_path / "parts" / name, head) == data
        assert (tmp_path / "parts" / name / "_SUCCESS").exists()
    for key in ("status", "records", "rules", "lines", "blank_lines", "source"):
        assert parts[key] == single.summary[key]


def test_the_summary_accounts_for_the_parts(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(1000))
    summary = run(tmp_path / "s.csv", tmp_path / "o", range_bytes=5000)
    for name in NAMES:
        files = sorted((tmp_path / "o" / name).glob("part-*.csv"))
        told = summary["outputs"][name]
        lines = "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files)
        assert told == {
            "uri": str(tmp_path / "o" / name),
            "bytes": sum(file.stat().st_size for file in files),
            "sha256": hashlib.sha256(lines.encode()).hexdigest(),
            "parts": len(files),
        }
    parts = summary["outputs"]["target"]["parts"]
    assert parts > 1
    text = io.StringIO()
    render_text([Summary.from_dict(summary)], text)
    assert (
        f"{tmp_path / 'o' / 'target'}  {summary['outputs']['target']['bytes']:,} bytes, parts: {parts}\n"
        in text.getvalue()
    )


def test_exceptions_are_read_from_all_parts(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(500))
    contract = load_contract(KEYED)
    result = validate(
        *(tmp_path / "s.csv", contract), output=tmp_path / "o", engine="spark", parts=True, range_bytes=3000
    )
    single = validate(tmp_path / "s.csv", contract, output=tmp_path / "single")
    pd.testing.assert_frame_equal(result.exceptions, single.exceptions)
    assert list(result.rejections()) == list(single.rejections())


def test_parts_and_single_files_replace_each_other_whole(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(200))
    run(tmp_path / "s.csv", tmp_path / "o", range_bytes=1000)
    many = sorted(path.name for path in (tmp_path / "o" / "target").iterdir())
    again = validate(
        *(tmp_path / "s.csv", load_contract(KEYED)), output=tmp_path / "o", engine="spark", parts=True
    )
    assert again.already_done
    run(tmp_path / "s.csv", tmp_path / "o", again=True)
    assert len(many) > len(list((tmp_path / "o" / "target").iterdir()))
    validate(tmp_path / "s.csv", load_contract(KEYED), output=tmp_path / "o")
    visible = {path.name for path in (tmp_path / "o").iterdir() if not path.name.startswith(".")}
    assert visible == {"target.csv", "exceptions.csv", "rejected.csv", "summary.json", "ledger.sqlite"}


def test_over_a_limit_the_target_is_not_published(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(200))
    summary = run(tmp_path / "s.csv", tmp_path / "o", range_bytes=500, max_rejected=1)
    assert summary["status"] == "failed"
    assert not (tmp_path / "o" / "target").exists()
    assert (tmp_path / "o" / "rejected" / "_SUCCESS").exists()


def test_a_source_without_records_gives_one_part_with_the_header(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(b"id,day,n\n")
    run(tmp_path / "s.csv", tmp_path / "o")
    assert (tmp_path / "o" / "target" / "part-00000.csv").read_bytes() == b"id,day,n\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "local"}, "only tasks of Spark"),
        ({"engine": "spark", "publish_to": "s3://bucket/x"}, "are not copied"),
    ],
)
def test_what_parts_cannot_do_is_said_before_anything_is_read(
    options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        validate(
            tmp_path / "none.csv", load_contract(KEYED), **{"output": tmp_path / "o", **options}, parts=True
        )


def test_a_part_of_an_output_cannot_be_its_source(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(20))
    run(tmp_path / "s.csv", tmp_path / "o")
    with pytest.raises(UsageError, match="replace its own source"):
        run(tmp_path / "o" / "target" / "part-00000.csv", tmp_path / "o")


def test_part_files_are_explained_and_reported_as_the_single_files_are(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(2000))
    contract = load_contract(KEYED)
    run(tmp_path / "s.csv", tmp_path / "parts", range_bytes=3000)
    validate(tmp_path / "s.csv", contract, output=tmp_path / "single")
    (_, of_parts), (_, of_single) = (
        causes_of_run(str(tmp_path / name), contract.loaded) for name in ("parts", "single")
    )
    assert of_parts == of_single
    assert of_parts is not None
    assert of_parts.causes
    reports = {}
    for name in ("parts", "single"):
        summary = published_summary(str(tmp_path / name))
        assert summary is not None
        finished = Finished(summary, str(tmp_path / name))
        reports[name] = gather([finished], contract.loaded, root=None).sources[0]
        if name == "parts":
            (tmp_path / name / "exceptions" / "part-00001.csv").unlink()
            assert "replaced" in str(gather([finished], contract.loaded, root=None).sources[0].gap)
    assert reports["parts"].gap is None
    assert reports["parts"].grounds == reports["single"].grounds
    assert reports["parts"].strip == reports["single"].strip


def test_a_large_source_has_larger_parts_and_not_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter_etl.engines.spark.engine.MOST_PARTS", 3)
    (tmp_path / "s.csv").write_bytes(keyed_records(500))
    summary = run(tmp_path / "s.csv", tmp_path / "o", range_bytes=100)
    assert summary["outputs"]["target"]["parts"] == 3
    assert summary["records"]["read"] == 500
