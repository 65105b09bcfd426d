"""The accounting adds up from the summary alone, whatever is around the records and however the source is cut."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter_etl import load_contract, validate
from tests.surroundings.reference import KINDS, Declared, Reading, read

BLOCKS = (1, 7, 64, 4 * 2**20)
RECORDS = [b"1,a", b"22,b", b"x,c", b"3", b'4,"d"', b'5,"', b"6,\xff", b"Total,1", b"7,#"]
ONE_COLUMN_RECORDS = [b"1", b"x", b"", b"3,", b'"4"', b'5"', b"6\xff", b"Total,1", b"7#"]
COLUMNS = {2: [{"name": "id", "type": "digits"}, {"name": "note"}], 1: [{"name": "id", "type": "digits"}]}
HEADERS = {(2, 1): [b"id,note"], (2, 2): [b"id,", b",note"], (1, 1): [b"id"], (1, 2): [b"id", b"id"]}


@dataclass(frozen=True)
class Example:
    """A source, its contract, and the same contract for the reference."""

    data: bytes
    source: dict[str, Any]
    declared: Declared


@st.composite
def examples(draw: st.DrawFn) -> Example:
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    comment = draw(st.sampled_from([None, "#", "//"]))
    between = [b"", *([] if comment is None else [comment.encode() + b' "\xff,'])]

    def spread(lines: list[bytes], *, blanks: bool = True) -> list[bytes]:
        extra = between if blanks else between[1:]
        if not extra:
            return lines
        some = st.lists(st.sampled_from(extra), max_size=2)
        return [each for line in lines for each in (*draw(some), line)]

    above = draw(st.integers(0, 3))
    until = draw(st.booleans()) and above > 0
    head_lines = draw(st.integers(1, 2))
    after = draw(st.integers(0, 2))
    foot = draw(st.integers(0, 2))
    present = draw(st.booleans())
    columns = draw(st.integers(1, 2))
    texts = RECORDS if columns == 2 else ONE_COLUMN_RECORDS
    lines = [
        *spread([b"Report %d" % at for at in range(above)], blanks=False),
        *spread(HEADERS[columns, head_lines]),
        *spread([b"INTEGER,TEXT"] * after),
        *spread(draw(st.lists(st.sampled_from(texts), max_size=8))),
        *spread([b"Total,%d" % at for at in range(foot)] if present else []),
        *draw(st.lists(st.sampled_from(between), max_size=2)),
    ]
    data = b"".join(line + end for line in lines)
    if lines[-1] and draw(st.booleans()):
        data = data.removesuffix(end)
    source: dict[str, Any] = {"header_lines": head_lines}
    if above:
        source["preamble"] = {"until": "id(,.*)?"} if until else {"lines": above, "match": "Report (?P<no>.)"}
    if after:
        source["after_header"] = {"lines": after, "match": "(INTEGER|TEXT)(,.*)?"}
    if comment is not None:
        source["comment"] = comment
    optional = draw(st.booleans())
    if foot:
        source["footer"] = {"lines": foot, "match": r"Total,(?P<n>[0-9]+)", "optional": optional}
    declared = Declared(
        preamble=above,
        until=re.compile(b"id(,.*)?") if until else None,
        header_lines=head_lines,
        after_header=after,
        comment=None if comment is None else comment.encode(),
        footer=foot,
        footer_match=re.compile(rb"Total,[0-9]+"),
        footer_optional=optional,
        columns=columns,
    )
    return Example(data, source, declared)


def run(example: Example, folder: Path, block_bytes: int, **source: Any) -> dict[str, Any]:
    names = {"header": "id id"} if example.declared.columns == 1 < example.declared.header_lines else {}
    columns = [each | names for each in COLUMNS[example.declared.columns]]
    contract = load_contract({"contract": "c", "columns": columns, "source": example.source | source})
    (folder / "s.csv").write_bytes(example.data)
    validate(folder / "s.csv", contract, output=folder / "o", block_bytes=block_bytes, force=True)
    found: dict[str, Any] = json.loads((folder / "o" / "summary.json").read_text(encoding="utf-8"))
    return found


def assert_adds_up(summary: dict[str, Any], source: bytes) -> None:
    """Add up from the summary alone; a target that was not published is what is left of the records."""
    kinds, outputs = summary["surroundings"], summary["outputs"]
    header = kinds["header"]["bytes"]
    around = sum(kinds[kind]["bytes"] for kind in KINDS) + summary["blank_bytes"]
    rejected = outputs["rejected"]["bytes"] - header
    if "target" in outputs:
        assert around + rejected + outputs["target"]["bytes"] - header == len(source)
    assert around + rejected <= len(source)
    lines = sum(kinds[kind]["lines"] for kind in KINDS) + summary["blank_lines"]
    assert lines + summary["records"]["read"] <= summary["lines"]


def assert_as_read(summary: dict[str, Any], expected: Reading, folder: Path) -> None:
    for kind in KINDS:
        lines = getattr(expected, kind)
        found = summary["surroundings"][kind]
        assert (kind, found["lines"], found["bytes"]) == (kind, len(lines), len(b"".join(lines)))
    blank = (summary["blank_lines"], summary["blank_bytes"])
    assert blank == (len(expected.blank), len(b"".join(expected.blank)))
    assert summary["records"]["read"] == len(expected.records)
    assert [each["rule"] for each in summary["problems"]] == ["file.footer"] * expected.cut
    assert (summary["status"] == "failed") == expected.cut
    header, records = b"".join(expected.header), list(expected.records)
    files = [folder / "o" / name for name in ("target.csv", "rejected.csv")]
    for file in files[expected.cut :]:
        data = file.read_bytes()
        assert data.startswith(header)
        for line in data[len(header) :].splitlines(keepends=True):
            records.remove(line)
    assert expected.cut or not records


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(example=examples(), block_bytes=st.sampled_from(BLOCKS))
def test_every_line_is_counted_where_the_reference_puts_it(example: Example, block_bytes: int) -> None:
    with TemporaryDirectory() as name:
        summary = run(example, Path(name), block_bytes)
        assert_as_read(summary, read(example.data, example.declared), Path(name))
        assert_adds_up(summary, example.data)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(example=examples())
def test_blocks_change_nothing_where_values_may_have_lines(example: Example) -> None:
    """Quotes of several lines decide which lines are comments, so that the reference does not apply."""
    with TemporaryDirectory() as name:
        found = []
        for block_bytes in BLOCKS:
            summary = run(example, Path(name), block_bytes, multiline=True)
            assert_adds_up(summary, example.data)
            found.append(
                {key: summary[key] for key in ("surroundings", "records", "problems", "blank_bytes")}
            )
        assert found[1:] == found[:-1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    records=st.lists(st.sampled_from([b"1,a", b"2,", b'3,"c"', b"4,Total"]), min_size=1, max_size=6),
    end=st.sampled_from([b"\n", b"\r\n"]),
    share=st.floats(0, 1, exclude_max=True),
    block_bytes=st.sampled_from(BLOCKS),
)
def test_a_source_that_is_cut_short_never_passes(
    records: list[bytes], end: bytes, share: float, block_bytes: int
) -> None:
    whole = b"".join(line + end for line in (b"id,note", *records, b"Total;%d;" % len(records)))
    footer = {"match": "Total;(?P<n>[0-9]+);", "fields": {"n": "integer"}}
    least = len(whole) - len(end)
    example = Example(whole[: int(share * least)], {"footer": footer}, Declared())
    with TemporaryDirectory() as name:
        summary = run(example, Path(name), block_bytes)
        assert summary["status"] in ("failed", "refused")
        assert "target" not in summary["outputs"]
        complete = Example(whole, example.source, Declared())
        assert run(complete, Path(name), block_bytes)["status"] == "passed"
