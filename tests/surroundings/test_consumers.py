"""Every command that reads a source with other lines around its records takes them for the same lines as a run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.sources.source_formats import open_source
from tests.reliability.resume_support import HEADER, dirty, outcome, words, write_contract, write_source
from tests.reliability.resume_support import run as run_killed

SOURCE: dict[str, Any] = {
    "preamble": {"lines": 2, "match": ["Report", "From (?P<from>.*)"]},
    "after_header": {"match": "INTEGER,.*"},
    "comment": "#",
    "footer": {"match": "Total,(?P<n>[0-9]+)", "fields": {"n": "integer"}},
}
CONTRACT: dict[str, Any] = {
    "contract": "c",
    "source": SOURCE,
    "columns": [{"name": "id", "type": "digits", "unique": True}, {"name": "note"}],
}
LINES = [
    "Report",
    "From May",
    "",
    "id,note",
    "INTEGER,TEXT",
    "1,a",
    "#c",
    "",
    "x,b",
    "2,#",
    "Total,3",
    "# end",
    "",
]
WRITTEN = "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:after:3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "c.json").write_text(json.dumps(CONTRACT), encoding="utf-8")
    (tmp_path / "s.csv").write_text("\n".join(LINES), encoding="utf-8")
    return tmp_path


def command(folder: Path, *line: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "callcenter_etl", *line]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (2, "is the preamble, records start on line 6"),
        (3, "is blank"),
        (4, "is the header"),
        (5, "is the after_header line, records start on line 6"),
        (7, "is a comment: it holds no record"),
        (8, "is blank: it holds no record"),
        (11, "is the footer: it holds no record"),
        (12, "is a comment: it holds no record"),
        (13, "is beyond the end: the source has 12 lines"),
    ],
)
def test_explain_names_the_kind_of_a_line_that_is_no_record(folder: Path, line: int, kind: str) -> None:
    done = command(folder, "explain", "s.csv", "--line", str(line), "--contract", "c.json")
    assert done.returncode == 2
    assert f"line {line} {kind}" in done.stderr


def test_explain_finds_a_record_between_them(folder: Path) -> None:
    done = command(folder, "explain", "s.csv", "--line", "9", "--contract", "c.json", "--format", "json")
    found = json.loads(done.stdout)
    assert (found["line"], found["offset"]) == (9, len("\n".join(LINES[:8])) + 1)


def test_a_corrected_record_is_recovered_without_the_lines_around(folder: Path) -> None:
    assert command(folder, "validate", "s.csv", "--contract", "c.json", "--output", "o").returncode == 1
    assert (folder / "o" / "rejected.csv").read_text() == "id,note\nx,b\n"
    # A corrected record may begin as a comment does: no output has comments.
    (folder / "o" / "rejected.csv").write_text("id,note\n3,b\n")
    done = command(folder, "reprocess", "o/rejected.csv", "--contract", "c.json", "--output", "again")
    assert done.returncode == 0, done.stderr
    written = [file.read_text() for file in (folder / "again").rglob("target.csv")]
    assert written == ["id,note\n3,b\n"]


def test_a_back_test_reports_the_footer(folder: Path) -> None:
    cut = {**CONTRACT, "source": {**SOURCE, "footer": {"match": "Sum,.*"}}}
    (folder / "new.json").write_text(json.dumps(cut), encoding="utf-8")
    line = ("contract", "diff", "c.json", "new.json", "--against", "s.csv", "--format", "json")
    found = json.loads(command(folder, *line).stdout)
    (against,) = found["against"] if isinstance(found["against"], list) else [found["against"]]
    assert against["old"]["problems"] == []
    assert [each["rule"] for each in against["new"]["problems"]] == ["file.footer"]
    assert against["new"]["status"] == "failed"


def test_a_problem_of_a_line_is_located_there(folder: Path) -> None:
    (folder / "s.csv").write_text("\n".join(["Report", "To May", *LINES[2:]]), encoding="utf-8")
    done = command(folder, "validate", "s.csv", "--contract", "c.json", "--output", "o", "--format", "github")
    assert "::error file=s.csv,line=2,title=file.preamble::line 2 does not match" in done.stdout


@pytest.mark.parametrize("form", ["text", "json", "github", "junit", "sarif"])
def test_every_report_shows_a_missing_footer_and_the_lines_around(folder: Path, form: str) -> None:
    (folder / "s.csv").write_text("\n".join(LINES[:-3]), encoding="utf-8")
    line = (
        "validate",
        "s.csv",
        "--contract",
        "c.json",
        "--output",
        "o",
        "--report",
        "r.html",
        "--format",
        form,
    )
    done = command(folder, *line)
    assert done.returncode == 1
    page = (folder / "r.html").read_text(encoding="utf-8")
    for text in (done.stdout, page):
        assert "file.footer" in text
    assert "2 preamble lines, 1 header line, 1 after_header line, 1 comment" in page
    assert "preamble.from" in page
    assert "target.csv" not in [file.name for file in (folder / "o").iterdir()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("end", ["", "Total,1\n"], ids=["no footer", "footer"])
def test_the_disk_space_for_the_records_is_known_before_they_are_read(
    tmp_path: Path, encoding: str, end: str
) -> None:
    around: dict[str, Any] = {"preamble": {"lines": 1}, "after_header": {"lines": 1}, "encoding": encoding}
    around |= {"footer": {"match": "Total,.*"}} if end else {}
    contract = load_contract({**CONTRACT, "source": around})
    text = f"{'é' * 9000}\nid,note\nINTEGER,TEXT\n" + "".join(f"{at},é\n" for at in range(30_000)) + end
    (tmp_path / "s.csv").write_bytes(text.encode(encoding))
    with open_source(str(tmp_path / "s.csv"), contract.document) as source:
        assert source.open().problems == ()
        found = source.min_output_bytes
    validate(tmp_path / "s.csv", contract, output=tmp_path / "o")
    written = sum((tmp_path / "o" / name).stat().st_size for name in ("target.csv", "rejected.csv"))
    assert found is not None
    assert written * 0.5 < found <= written


def test_the_disk_space_is_unknown_where_lines_may_be_comments(folder: Path) -> None:
    with open_source(str(folder / "s.csv"), load_contract(CONTRACT).document) as source:
        assert source.open().problems == ()
        assert source.min_output_bytes is None


def test_a_source_of_which_a_run_was_killed_is_accounted_for_by_the_next_run(tmp_path: Path) -> None:
    head, body = b"Report\r\n" + HEADER.encode(), dirty(3000).removeprefix(HEADER.encode())
    data = head + body.replace(b"\r\n3", b"\r\n# a comment\r\n3") + b"Total,1\n\n# end\n"
    source = write_source(tmp_path, data)
    around: dict[str, Any] = {"preamble": {"lines": 1}, "comment": "#", "footer": {"match": "Total,.*"}}
    contract = write_contract(tmp_path, source=around)
    code, said = run_killed(words(source, contract, tmp_path / "out"), tmp_path, kill=WRITTEN)
    assert code == -signal.SIGKILL, said
    resumed = validate(source, load_contract(contract), output=tmp_path / "out")
    assert resumed.record is not None
    assert resumed.record.resumed is not None
    validate(source, load_contract(contract), output=tmp_path / "clean", checkpoint_seconds=0)
    assert outcome(tmp_path / "out") == outcome(tmp_path / "clean")
    assert outcome(tmp_path / "out")["summary"]["surroundings"]["comments"]["lines"] > 10
