"""The one reader of exceptions reads every row that a run writes, and says where a file is none of the run's."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter_etl import SourceError, load_contract, validate
from callcenter_etl.cli.output_formats import FORMATS
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.renderers import RENDERERS
from callcenter_etl.run.exceptions_file import ExceptionsFile
from callcenter_etl.run.reject_diagnostics import first_rejects
from callcenter_etl.run.result import RunResult
from callcenter_etl.sources.dialect import MAX_JOINED_BYTES, MAX_RECORD_BYTES

CONTRACT = {
    "contract": "rows",
    "source": {"multiline": True, "quote": "'"},
    "columns": [{"name": "a", "max_length": 5, "reason": "a is\ntoo long"}, {"name": "b"}],
}


def run(folder: Path, body: bytes) -> tuple[RunResult, ExceptionsFile]:
    (folder / "s.csv").write_bytes(b"a,b\n" + body)
    contract = load_contract(CONTRACT)
    result = validate(folder / "s.csv", contract, output=folder / "o")
    return result, ExceptionsFile(result.exceptions_uris(), contract.document)


def test_every_format_of_the_command_line_has_a_renderer() -> None:
    assert tuple(RENDERERS) == FORMATS


def test_a_row_that_grew_beyond_what_a_source_may_join_is_one_row(tmp_path: Path) -> None:
    quotes = b"\n".join([b'"' * 999] * 900)  # 0.9 MB, and twice as much where quotes are doubled
    lines = b"\n" * 998
    body = b"'" + quotes + b"',1\n'" + lines + b"y',2\nabcdef,3\n"
    result, exceptions = run(tmp_path, body)
    assert Path(exceptions.uris[0]).stat().st_size > 1.5 * MAX_JOINED_BYTES
    blocks = list(exceptions.blocks())
    assert [line for block in blocks for line in block.lines.tolist()] == [2, 902, 1901]
    assert [value for block in blocks for value in block.values[1].to_pylist()] == ["1", "2", "3"]
    assert sum(block.passed_over for block in blocks) == 0
    assert result.exceptions["reject_line"].tolist() == [2, 902, 1901]


def test_a_record_over_the_limit_is_known_by_line_and_reason(tmp_path: Path) -> None:
    body = b"x,1\n" + b"y" * (MAX_RECORD_BYTES + 99) + b",2\nabcdef,3\n"
    result, exceptions = run(tmp_path, body)
    found: dict[str, list[Diagnostic]] = {}
    first_rejects(exceptions, {"record.too_long": 1, "a.max_length": 1}, found)
    kept = {rule: count.samples[0] for rule, count in result.record.rules.items() if count.broken}
    assert set(found) == set(kept)
    for rule, (read,) in found.items():
        assert (read.location.line, read.message) == (kept[rule].location.line, kept[rule].message)
    assert [block.passed_over for block in exceptions.blocks() if block.passed_over] == [1]


def test_another_file_in_its_place_is_noticed(tmp_path: Path) -> None:
    result, exceptions = run(tmp_path, b"abcdef,3\nghijkl,4\n")
    sha256 = result.record.outputs["exceptions"].sha256
    assert sum(len(block) for block in exceptions.checked_blocks(sha256, parts=None)) == 2
    path = Path(exceptions.uris[0])
    path.write_bytes(path.read_bytes().replace(b"ghijkl", b"GHIJKL"))
    with pytest.raises(SourceError, match="replaced since this run"):
        list(exceptions.checked_blocks(sha256, parts=None))
    with pytest.raises(SourceError, match="replaced since this run"):
        list(exceptions.checked_blocks(sha256, parts=2))
    path.write_bytes(path.read_bytes().replace(b",2,", b",two,"))
    with pytest.raises(SourceError, match="reject_line holds no line numbers"):
        list(exceptions.blocks())
    with pytest.raises(SourceError, match="replaced since this run"):
        list(exceptions.checked_blocks(sha256, parts=None))
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(SourceError, match="is no exceptions file"):
        list(exceptions.blocks())
