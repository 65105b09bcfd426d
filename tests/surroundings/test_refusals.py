"""A source that has other lines around its header than declared is refused, with every problem at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import SourceError, load_contract, validate

COLUMNS = [{"name": "id", "type": "digits"}, {"name": "note"}]
PERIOD = {
    "lines": 2,
    "match": ["Report", "From (?P<from>.*)"],
    "fields": {"from": {"type": "date", "format": "%d.%m.%Y"}},
}
TYPES = {"match": "(INTEGER|TEXT)(,.*)?"}


def summary_of(tmp_path: Path, data: bytes, block_bytes: int = 7, **source: Any) -> dict[str, Any]:
    (tmp_path / "s.csv").write_bytes(data)
    contract = load_contract({"contract": "c", "columns": COLUMNS, "source": source})
    return dict(
        validate(tmp_path / "s.csv", contract, output=tmp_path / "o", block_bytes=block_bytes).summary
    )


def problems(tmp_path: Path, data: bytes, **source: Any) -> list[tuple[str, str]]:
    summary = summary_of(tmp_path, data, **source)
    assert summary["status"] == "refused"
    return [(each["rule"], each["message"]) for each in summary["problems"]]


def test_all_problems_of_the_head_are_named_together(tmp_path: Path) -> None:
    data = b"Rep\x07rt\nFrom 31.02.2025\nid,nota\n1,a\n"
    found = problems(tmp_path, data, preamble=PERIOD, after_header=TYPES)
    assert found[:2] == [
        (
            "file.preamble",
            "line 1 does not match the pattern 'Report': 'Rep\\x07rt' (declared as source.preamble)",
        ),
        (
            "file.preamble",
            "from is '31.02.2025', which is no date as %d.%m.%Y (declared as source.preamble)",
        ),
    ]
    assert [rule for rule, _ in found[2:]] == ["header.missing", "header.unexpected", "file.after_header"]
    assert found[-1][1].startswith("line 4 does not match the pattern '(INTEGER|TEXT)(,.*)?': '1,a'")


@pytest.mark.parametrize(
    ("data", "source", "rule", "part"),
    [
        (b"", {"preamble": PERIOD}, "file.empty", "no bytes"),
        (b"Report\n", {"preamble": PERIOD}, "file.preamble", "line 2 is missing"),
        (b"Report\nFrom 01.01.2025\n\n", {"preamble": PERIOD}, "file.empty", "ends before its header"),
        (
            b"a\nb\n",
            {"preamble": {"until": "id,.*"}},
            "file.preamble",
            "no line within the first 1,000 lines",
        ),
        (b"\n" * 1001 + b"id,note\n", {"preamble": {"until": "id,.*"}}, "file.preamble", "no line within"),
        (b"id,note\n", {"after_header": TYPES}, "file.after_header", "line 2 is missing"),
        (b"id,note\n", {"header_lines": 2}, "file.empty", "ends before its header"),
        (b"# a\n# b\n", {"comment": "#"}, "file.empty", "ends before its header"),
        (
            b"\xff\nid,note\n",
            {"preamble": {"lines": 1, "match": ".*"}},
            "file.preamble",
            "line 1 does not match",
        ),
    ],
)
def test_a_missing_line_refuses_the_source(
    data: bytes, source: dict[str, Any], rule: str, part: str, tmp_path: Path
) -> None:
    ((found, message),) = problems(tmp_path, data, **source)
    assert found == rule
    assert part in message


def test_a_thousand_lines_above_the_header_are_read(tmp_path: Path) -> None:
    data = b"\n" * 1000 + b"id,note\n1,a\n"
    summary = summary_of(tmp_path, data, preamble={"until": "id,.*"})
    assert (summary["status"], summary["surroundings"]["preamble"]["lines"]) == ("passed", 1000)


@pytest.mark.parametrize(
    ("data", "preamble", "after"),
    [
        (b"Report\nid,note\nTEXT,\n1,a\n", 1, 1),
        (b"id,note\n1,a\n", 0, 0),
        (b"Report\nid,note\n1,a\n", 1, 0),
        (b"\xef\xbb\xbfid,note\nTEXT,\n1,a\n", 0, 1),
    ],
)
@pytest.mark.parametrize("declared", [{"until": "id,.*"}, {"lines": 1}])
def test_optional_lines_may_be_absent(
    data: bytes, preamble: int, after: int, declared: dict[str, Any], tmp_path: Path
) -> None:
    summary = summary_of(
        tmp_path,
        data,
        preamble={"match": "Report", "optional": True} | declared,
        after_header=TYPES | {"optional": True},
    )
    found = summary["surroundings"]
    assert (summary["status"], summary["records"]["read"]) == ("passed", 1)
    assert (found["preamble"]["lines"], found["after_header"]["lines"]) == (preamble, after)


def test_a_source_without_header_has_its_records_below_the_preamble(tmp_path: Path) -> None:
    source: dict[str, Any] = {"header": "none", "preamble": {"until": "[0-9]+,.*"}, "comment": "//"}
    summary = summary_of(tmp_path, b"\xef\xbb\xbf// c\nReport\n\n1,a\n// c\n2,b\n", **source)
    assert summary["surroundings"]["preamble"] == {"lines": 2, "bytes": 8}
    assert summary["surroundings"]["header"] == {"lines": 0, "bytes": 3}
    assert (tmp_path / "o" / "target.csv").read_bytes() == b"\xef\xbb\xbf1,a\n2,b\n"


def test_a_pattern_for_every_line_gives_the_first_value_that_is_not_empty(tmp_path: Path) -> None:
    match = "Report|From (?P<from>[0-9]+)|To (?P<to>[0-9]+)|"
    data = b"Report\nFrom 1\n\nTo 2\nFrom 3\nid,note\n"
    summary = summary_of(tmp_path, data, preamble={"until": "id,note", "match": match})
    assert summary["surroundings"]["values"] == {"preamble": {"from": "1", "to": "2"}}


def test_names_of_several_header_lines_are_joined(tmp_path: Path) -> None:
    columns = [{"name": "Call id"}, {"name": "Call note"}, {"name": "x"}, {"name": "y"}]
    contract = load_contract({"contract": "c", "columns": columns, "source": {"header_lines": 2}})
    (tmp_path / "s.csv").write_bytes(b'Call,"Call",,\nid,note,x,y\n1,2,3,4\n')
    result = validate(tmp_path / "s.csv", contract, output=tmp_path / "o")
    assert result.summary["records"]["accepted"] == 1
    assert (tmp_path / "o" / "target.csv").read_bytes() == (tmp_path / "s.csv").read_bytes()
    with (tmp_path / "o" / "exceptions.csv").open(encoding="utf-8") as file:
        assert file.readline().startswith("Call id,Call note,x,y,reject_line")


def test_a_header_below_other_lines_advises_the_preamble(tmp_path: Path) -> None:
    ((rule, message),) = problems(tmp_path, b"Report\n\nid,note\n1,a\n")
    assert rule == "header.missing"
    assert "the header is on line 3, not on line 1" in message
    assert "declare source.preamble: {lines: 2}" in message
    assert summary_of(tmp_path, b"Report\n\nid,note\n1,a\n", preamble={"lines": 2})["status"] == "passed"


def test_a_line_without_end_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="over 16,777,216 bytes long"):
        summary_of(tmp_path, b"x" * (17 * 2**20), 2**20, preamble={"lines": 1})
