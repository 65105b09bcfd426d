"""The footer is withheld until the end of the source is known, however the source comes and is cut."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import SourceError, load_contract, validate
from callcenter_etl.engines.ranges import records_stop
from callcenter_etl.sources.footer import FooterFilter, FooterReader
from callcenter_etl.sources.source_formats import open_source

FOOTER = {"match": "Total,(?P<n>[0-9]+)", "fields": {"n": "integer"}}
COLUMNS = [{"name": "id", "type": "digits"}, {"name": "note"}]
MIB = 2**20


def contract(**source: Any) -> Any:
    return load_contract({"contract": "c", "columns": COLUMNS, "source": {"footer": FOOTER} | source})


def run(tmp_path: Path, data: bytes, name: str = "s.csv", **source: Any) -> dict[str, Any]:
    (tmp_path / name).write_bytes(data)
    result = validate(tmp_path / name, contract(**source), output=tmp_path / "o", force=True)
    return dict(result.summary)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "shift_jis"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_footer_is_read_in_every_encoding_line_end_and_compression(
    tmp_path: Path, end: str, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    text = end.join(["id,note", "1,a", "", "2,b", "Total,2", ""])
    name = "s.csv" if pack is bytes else "s.csv.gz"
    summary = run(tmp_path, pack(text.encode(encoding)), name, encoding=encoding)
    assert (summary["status"], summary["records"]["read"]) == ("passed", 2)
    assert summary["surroundings"]["footer"]["lines"] == 1
    assert summary["surroundings"]["values"] == {"footer": {"n": "2"}}


def test_a_footer_ends_the_records_of_a_source_with_an_open_quote(tmp_path: Path) -> None:
    summary = run(tmp_path, b'id,note\n1,a\n2,"open\nTotal,2\n', multiline=True)
    assert summary["surroundings"]["footer"] == {"lines": 1, "bytes": 8}
    assert summary["records"] == {"read": 2, "accepted": 1, "rejected": 1, "malformed": 1, "warned": 0}


def test_a_footer_is_read_from_standard_input(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(
        json.dumps({"contract": "c", "columns": COLUMNS, "source": {"footer": FOOTER}})
    )
    command = [
        sys.executable,
        "-m",
        "callcenter_etl",
        "validate",
        "-",
        "--contract",
        "c.json",
        "--output",
        "o",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, input=b"id,note\n1,a\nTotal,1\n", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "o" / "target.csv").read_bytes() == b"id,note\n1,a\n"


def test_a_value_of_another_type_fails_the_run_and_the_line_stays_the_footer(tmp_path: Path) -> None:
    loose = {"match": "Total,(?P<n>.*)", "fields": {"n": "integer"}}
    summary = run(tmp_path, b"id,note\n1,a\nTotal,one\n", footer=loose)
    assert (summary["status"], summary["records"]["read"]) == ("failed", 1)
    assert summary["problems"] == [
        {"rule": "file.footer", "message": "n is 'one', which is no integer (declared as source.footer)"}
    ]
    assert set(summary["outputs"]) == {"exceptions", "rejected"}


def test_a_source_of_header_and_footer_is_sound(tmp_path: Path) -> None:
    summary = run(tmp_path, b"id,note\nTotal,0\n")
    assert (summary["status"], summary["records"]["read"]) == ("passed", 0)


def test_a_classified_column_keeps_the_text_of_a_line_from_the_message(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(b"id,note\n1,Ann Smith\n")
    columns = [COLUMNS[0], {"name": "note", "classification": "personal"}]
    classified = load_contract({"contract": "c", "columns": columns, "source": {"footer": FOOTER}})
    result = validate(tmp_path / "s.csv", classified, output=tmp_path / "o")
    assert "Ann" not in json.dumps(dict(result.summary))
    assert result.summary["problems"][0]["rule"] == "file.footer"


def test_a_long_line_is_no_footer_and_is_not_kept(tmp_path: Path) -> None:
    anything = {"lines": 2, "match": "(?s).*"}
    for lines, footer in (
        ([b"1," + b"x" * 70_000, b"2,b", b"3,c"], 2),
        ([b"2,b", b"3,c", b"1," + b"x" * 70_000], 0),
        ([b"2,b", b"1," + b"x" * (20 * MIB), b"3,c"], 0),
    ):
        summary = run(tmp_path, b"id,note\n" + b"\n".join(lines) + b"\n", footer=anything)
        assert summary["surroundings"]["footer"]["lines"] == footer
        assert summary["records"]["read"] == 3 - footer


@pytest.mark.parametrize("block_bytes", [MIB, 4 * MIB, 12 * MIB])
def test_only_a_gap_over_the_limit_behind_a_footer_line_ends_the_run(
    tmp_path: Path, block_bytes: int
) -> None:
    def validate_with_gap(gap: int, tail: bytes) -> None:
        (tmp_path / "s.csv").write_bytes(b"id,note\n1,a\nTotal,1\n" + b"#" + b"x" * (gap - 2) + b"\n" + tail)
        validate(
            tmp_path / "s.csv",
            contract(comment="#"),
            output=tmp_path / "o",
            block_bytes=block_bytes,
            force=True,
        )

    validate_with_gap(16 * MIB, b"")
    for tail in (b"", b"2,b\nTotal,2\n"):
        with pytest.raises(SourceError, match="over 16,777,216 bytes of blank lines and comments"):
            validate_with_gap(16 * MIB + 1, tail)


def test_a_comment_of_many_blocks_between_records_is_counted(tmp_path: Path) -> None:
    comment = b"#" + b"x" * (20 * MIB) + b"\n"
    (tmp_path / "s.csv").write_bytes(comment + b"id,note\n" + comment + b"1,a\n" + comment + b"2,b\n")
    plain = load_contract({"contract": "c", "columns": COLUMNS, "source": {"comment": "#"}})
    summary = validate(tmp_path / "s.csv", plain, output=tmp_path / "o").summary
    assert summary["surroundings"]["comments"] == {"lines": 3, "bytes": 3 * len(comment)}
    assert summary["records"]["accepted"] == 2


def _random_end(rng: random.Random) -> bytes:
    lines = rng.choices(
        [b"1,a", b"Total,1", b"", b"# c", b"#", b"x" * 70_000], weights=[4, 4, 2, 2, 1, 1], k=8
    )
    end = rng.choice([b"\n", b"\r\n", b"\r"])
    return end.join(lines) + rng.choice([b"", end])


@pytest.mark.parametrize("seed", range(40))
def test_the_tail_that_a_driver_reads_ends_where_the_stream_does(seed: int) -> None:
    rng = random.Random(seed)
    data = _random_end(rng)
    document = contract(comment="#", footer=FOOTER | {"lines": rng.randint(1, 2)}).document
    reader = FooterReader(document.source.footer, document)
    found = []
    for size in (1, 7, 64, 100_000) if len(data) < 10_000 else (4096, 100_000):
        records = FooterFilter(reader, "s").records(
            iter([data[at : at + size] for at in range(0, len(data), size)])
        )
        found.append(len(b"".join(records)))
    found.append(records_stop(lambda start, stop: data[start:stop], reader, start=0, stop=len(data)))
    assert found == found[:1] * len(found)


@pytest.mark.parametrize("block_bytes", [1, 7, 64])
def test_a_resumed_reader_finds_the_same_records_and_footer(tmp_path: Path, block_bytes: int) -> None:
    body = b"".join(b"%d,a\n#c\n" % at for at in range(30))
    (tmp_path / "s.csv").write_bytes(b"# first\nid,note\n" + body + b"Total,30\n\n")
    document, uri = contract(comment="#").document, str(tmp_path / "s.csv")
    with open_source(uri, document, block_bytes=block_bytes) as source:
        source.open()
        found = [(bytes(block.data), source.position) for block in source.blocks()]
        footer = source.footer
    assert footer.surroundings.footer.lines == 1
    for at in range(0, len(found), max(1, len(found) // 5)):
        passed = found[at][1]
        with open_source(uri, document, block_bytes=block_bytes, passed=passed) as again:
            again.open()
            again.skip_to(passed, after_each=lambda: None)
            rest = [bytes(block.data) for block in again.blocks()]
            again.check_unchanged()
            assert b"".join(rest) == b"".join(data for data, _ in found[at + 1 :])
            assert again.footer == footer
