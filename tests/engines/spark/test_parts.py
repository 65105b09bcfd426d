"""Part files: together they are the single files, each is a sound source, and they stand or go as one."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.diagnostics.findings import report_of
from callcenter_etl.diagnostics.html.collect_data import Finished, gather
from callcenter_etl.diagnostics.text_report import render_text
from callcenter_etl.engines.part_files import PartsPlan
from callcenter_etl.errors import OutputError, SourceError, UsageError
from callcenter_etl.run.exceptions_file import ExceptionsFile
from callcenter_etl.run.ledger.equivalent_run import published_summary
from callcenter_etl.run.result import RunResult
from callcenter_etl.run.summary import Summary
from callcenter_etl.tools.explain.run_causes import causes_of_run
from tests.case_folders import CASES
from tests.engines.spark.test_parity import KEYED, keyed_records

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
    assert set(parts["outputs"]) == set(single.summary["outputs"])
    for name in single.summary["outputs"]:  # without the target, where a limit is exceeded
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
    result = RunResult(Summary.from_dict(summary), str(tmp_path / "s.csv"), str(tmp_path / "o"))
    render_text(report_of([result], load_contract(KEYED), most=0), text)
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
    samples = [
        {rule: count.samples for rule, count in each.record.rules.items()} for each in (result, single)
    ]
    assert samples[0] == samples[1]


def test_parts_and_single_files_replace_each_other_whole(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(200))
    run(tmp_path / "s.csv", tmp_path / "o", range_bytes=1000)
    many = sorted(path.name for path in (tmp_path / "o" / "target").iterdir())
    again = validate(
        *(tmp_path / "s.csv", load_contract(KEYED)), output=tmp_path / "o", engine="spark", parts=True
    )
    assert again.already_done
    run(tmp_path / "s.csv", tmp_path / "o", force=True)
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
            assert "part files were published" in str(
                gather([finished], contract.loaded, root=None).sources[0].gap
            )
    assert reports["parts"].gap is None
    assert reports["parts"].rule_sections == reports["single"].rule_sections
    assert reports["parts"].strip == reports["single"].strip


def test_a_large_source_has_larger_parts_and_not_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter_etl.engines.spark.spark_engine.MAX_PARTS", 3)
    (tmp_path / "s.csv").write_bytes(keyed_records(500))
    summary = run(tmp_path / "s.csv", tmp_path / "o", range_bytes=100)
    assert summary["outputs"]["target"]["parts"] == 3
    assert summary["records"]["read"] == 500


def test_one_task_that_fails_ends_the_run_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(PartsPlan):  # in the test, so that it goes to the workers by value
        def attempt(self, part: int) -> Any:
            if part == 1:
                raise OutputError("/disk: no space left on device")
            return PartsPlan.attempt(self, part)

    monkeypatch.setattr("callcenter_etl.engines.spark.spark_engine.PartsPlan", Full)
    (tmp_path / "s.csv").write_bytes(keyed_records(200))
    with pytest.raises(OutputError, match=r"^/disk: no space left on device$"):
        run(tmp_path / "s.csv", tmp_path / "o", range_bytes=500)
    assert not (tmp_path / "o" / "summary.json").exists()


def test_a_commit_that_fails_is_told_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(PartsPlan):
        def commit(self, told: Any) -> None:
            raise OutputError(f"/gone: {len(told)} parts")

    monkeypatch.setattr("callcenter_etl.engines.spark.spark_engine.PartsPlan", Gone)
    (tmp_path / "s.csv").write_bytes(keyed_records(200))
    with pytest.raises(OutputError, match=r"^/gone: [0-9]+ parts$"):
        run(tmp_path / "s.csv", tmp_path / "o", range_bytes=500)


def test_parts_that_went_missing_are_missed(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(500))
    contract = load_contract(KEYED)
    result = validate(
        *(tmp_path / "s.csv", contract), output=tmp_path / "o", engine="spark", parts=True, range_bytes=3000
    )
    gone = tmp_path / "o" / "exceptions" / "part-00001.csv"
    there = result.summary["outputs"]["exceptions"]["parts"]
    gone.unlink()
    said = f"{there} part files were published, {there - 1} are there"
    for read in (
        lambda: result.exceptions,
        lambda: list(ExceptionsFile(result.exceptions_uris(), contract.document).blocks()),
        lambda: causes_of_run(str(tmp_path / "o"), contract.loaded),
    ):
        with pytest.raises(SourceError, match=said):
            read()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["file", "folder", "link", "more"])
def test_what_is_no_folder_of_parts_is_refused_before_anything_is_read(
    tmp_path: Path, name: str, form: str
) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(20))
    output = tmp_path / "o"
    validate(tmp_path / "s.csv", load_contract(KEYED), output=output)
    before = (output / "summary.json").read_bytes()
    if form == "file":
        (output / name).write_text("mine")
    elif form == "link":
        (tmp_path / "there").mkdir()
        (output / name).symlink_to(tmp_path / "there")
    else:
        (output / name).mkdir()
        (output / name / "mine.txt").write_text("mine")
        if form == "more":
            (output / name / "_SUCCESS").touch()
            (output / name / "part-00000.csv").touch()
    with pytest.raises(OutputError, match=f"{name}: is (not an output of this program|a symbolic link)"):
        run(tmp_path / "s.csv", output, force=True)
    assert (output / "summary.json").read_bytes() == before
    assert os.path.lexists(output / name)


def test_a_folder_of_sparks_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(20))
    theirs = tmp_path / "o" / "target"
    theirs.mkdir(parents=True)
    (theirs / "_SUCCESS").touch()
    (theirs / "part-00000-3b2a6b1e-c000.csv").write_text("theirs")
    validate(tmp_path / "s.csv", load_contract(KEYED), output=tmp_path / "o")
    assert len(list(theirs.iterdir())) == 2


def test_what_somebody_put_beside_parts_stays_when_they_go(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(20))
    run(tmp_path / "s.csv", tmp_path / "o")
    (tmp_path / "o" / "target" / "mine.txt").write_text("mine")
    validate(tmp_path / "s.csv", load_contract(KEYED), output=tmp_path / "o", force=True)
    assert [path.name for path in (tmp_path / "o" / "target").iterdir()] == ["mine.txt"]


def test_a_parquet_folder_and_parts_replace_each_other(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(200))
    layout = {**KEYED, "run": {"layout": {"partition_by": ["day"]}}}
    output = tmp_path / "o"
    for _ in range(2):
        run(tmp_path / "s.csv", output)
        assert (output / "target" / "part-00000.csv").exists()
        assert not (output / "target" / "_manifest.json").exists()
        validate(tmp_path / "s.csv", load_contract(layout), output=output, target_format="parquet")
        assert (output / "target" / "_manifest.json").exists()
        assert not (output / "target" / "part-00000.csv").exists()


def test_a_delta_table_and_parts_do_not_take_each_others_place(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(200))
    parts, table = tmp_path / "parts", tmp_path / "table"
    run(tmp_path / "s.csv", parts)
    before = sorted(path.name for path in (parts / "target").iterdir())
    with pytest.raises(OutputError, match="target: is a folder of part files"):
        validate(tmp_path / "s.csv", load_contract(KEYED), output=parts, target_format="delta")
    assert sorted(path.name for path in (parts / "target").iterdir()) == before
    assert (parts / "summary.json").exists()
    validate(tmp_path / "s.csv", load_contract(KEYED), output=table, target_format="delta")
    with pytest.raises(OutputError, match="target: is a Delta table"):
        run(tmp_path / "s.csv", table)


def test_a_table_elsewhere_takes_the_place_of_parts(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(200))
    run(tmp_path / "s.csv", tmp_path / "o")
    elsewhere = {**KEYED, "run": {"target_format": "delta", "table": {"uri": str(tmp_path / "t")}}}
    validate(tmp_path / "s.csv", load_contract(elsewhere), output=tmp_path / "o")
    assert (tmp_path / "t" / "_delta_log").is_dir()
    assert not (tmp_path / "o" / "target").exists()
