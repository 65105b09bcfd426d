"""Sources at the edge: compressed, huge, refused, changing, in encodings that are no superset of ASCII."""

from __future__ import annotations

import base64
import bz2
import csv
import gzip
import json
import lzma
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from callcenter_etl import SourceError, UsageError, load_contract, validate
from callcenter_etl.api_contract import Contract
from callcenter_etl.run.result import RunResult
from tests.published import names_in

CONTRACT: dict[str, Any] = {"contract": "c", "columns": [{"name": "id", "type": "digits"}, {"name": "note"}]}
GOOD = b"id,note\n1,a\n2,b\n"


def contract(**source: Any) -> Contract:
    return load_contract({**CONTRACT, "source": source})


def run(tmp_path: Path, name: str, data: bytes, **source: Any) -> RunResult:
    (tmp_path / name).write_bytes(data)
    return validate(tmp_path / name, contract(**source), output=tmp_path / "o")


def problems(result: RunResult) -> list[str]:
    assert result.summary["status"] == "refused"
    assert names_in(Path(result.output)) == ["summary.json"]
    return [problem["rule"] for problem in result.summary["problems"]]


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_compressed_sources_are_read(tmp_path: Path, suffix: str) -> None:
    data = COMPRESSED[suffix](GOOD) + COMPRESSED[suffix](b"x,c\n")
    result = run(tmp_path, f"s.csv{suffix}", data)
    assert result.summary["records"] == {"read": 3, "accepted": 2, "rejected": 1, "malformed": 0, "warned": 0}
    assert (tmp_path / "o" / "target.csv").read_bytes() == GOOD


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_truncated_compressed_source_is_no_short_success(tmp_path: Path, suffix: str) -> None:
    data = COMPRESSED[suffix](GOOD * 500)
    with pytest.raises(SourceError, match=r"truncated|corrupt"):
        run(tmp_path, f"s.csv{suffix}", data[:-5])
    assert not any((tmp_path / "o").glob("*.csv"))


def test_a_decompression_bomb_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="decompression bomb"):
        run(tmp_path, "s.csv.bz2", bz2.compress(b"id,note\n" + b"1" * 100_000_000))


def test_max_bytes_bounds_what_a_source_may_grow_to(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"over 5,000 bytes when decompressed"):
        run(tmp_path, "s.csv.gz", gzip.compress(GOOD * 1000), max_bytes=5000)


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("s.csv", b"", "file.empty"),
        ("s.csv", b"\r\n", "file.empty"),
        ("s.csv", b"PK\x03\x04rest", "file.not_delimited"),
        ("s.csv", gzip.compress(GOOD, mtime=0), "file.not_delimited"),
        ("s.csv.gz", GOOD, "file.not_delimited"),
        ("s.csv", b"<!DOCTYPE html><html>", "file.not_delimited"),
        ("s.csv", b"id,n\xfdote\n", "header.encoding"),
        ("s.csv", b"note,id\n", "header.order"),
        ("s.csv", b"id\n", "header.missing"),
        ("s.csv", b"id,note,more\n", "header.unexpected"),
        ("s.csv", b"id,id\n", "header.duplicate"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, name: str, data: bytes, rule: str) -> None:
    assert rule in problems(run(tmp_path, name, data))


def test_file_name_rules_are_told_together(tmp_path: Path) -> None:
    rules = {"pattern": r"c_[0-9]{2}\.csv", "length": 8, "extensions": [".csv"]}
    assert problems(run(tmp_path, "wrong.txt", GOOD, filename=rules)) == [
        "file.name",
        "file.name",
        "file.extension",
    ]
    assert run(tmp_path, "c_01.csv.gz", gzip.compress(GOOD, mtime=0), filename=rules).passed


def test_a_renamed_header_gets_a_suggestion(tmp_path: Path) -> None:
    result = run(tmp_path, "s.csv", b"id,notes\n")
    assert "renamed to 'notes', found at position 2?" in result.summary["problems"][0]["message"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037", "shift_jis", "gb18030"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    delimiter = "|"
    text = (
        "id|note\r\n1|a\r\n2|\u5341\u8868\r\nx|b\r\n"
        if encoding != "cp037"
        else "id|note\r\n1|a\r\n2|bc\r\nx|b\r\n"
    )
    result = run(tmp_path, "s.csv", text.encode(encoding), encoding=encoding, delimiter=delimiter)
    assert result.summary["records"]["accepted"] == 2
    kept = text.rsplit("x|", 1)[0]
    expected = kept.encode(encoding) if encoding in ("shift_jis", "gb18030") else kept.encode("utf-8")
    assert (tmp_path / "o" / "target.csv").read_bytes() == expected


def test_an_undecodable_utf16_record_costs_one_record(tmp_path: Path) -> None:
    data = "id,note\n1,a\n2,".encode("utf-16-le") + b"\x00\xdc" + "\n3,c\n".encode("utf-16-le")
    result = run(tmp_path, "s.csv", data, encoding="utf-16-le")
    assert result.summary["rules"]["record.encoding"]["broken"] == 1
    assert result.summary["records"]["accepted"] == 2
    assert result.exceptions["reject_raw"].tolist() == ["2,\\x00\\xdc"]


def test_a_huge_record_is_rejected_at_constant_memory(tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    with source.open("wb") as file:
        file.write(b"id,note\n1,a\n2,")
        for _ in range(60):
            file.write(b"x" * 2**20)
        file.write(b'"\r\n3,c\n')
    script = (
        "import sys, resource\nfrom callcenter_etl import load_contract, validate\n"
        f"c = load_contract({CONTRACT!r})\nbase = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "r = validate(sys.argv[1], c, output=sys.argv[2])\n"
        "import json\nprint(json.dumps([r.summary, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base]))"
    )
    command = [sys.executable, "-c", script, str(source), str(tmp_path / "o")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    summary, grown = json.loads(done.stdout)
    assert summary["records"] == {"read": 3, "accepted": 2, "rejected": 1, "malformed": 1, "warned": 0}
    assert (tmp_path / "o" / "rejected.csv").stat().st_size == len(b'id,note\n2,"\r\n') + 60 * 2**20
    raw = (tmp_path / "o" / "exceptions.csv").read_bytes()
    assert raw.endswith(b'x"""\r\n')
    assert b",3,record.too_long," in raw[:200]
    assert grown * 1024 < 250 * 2**20, resource.getpagesize()


def test_a_source_that_changes_while_it_is_read_publishes_nothing(tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    source.write_bytes(b"id,note\n" + b"1,a\n" * 50_000)

    def grow(_: object) -> None:
        with source.open("ab") as file:
            file.write(b"9,z\n")

    with pytest.raises(SourceError, match="changed while it was read"):
        validate(source, contract(), output=tmp_path / "o", block_bytes=50_000, on_progress=grow)
    assert names_in(tmp_path / "o") == []


def test_a_run_never_replaces_its_own_source(tmp_path: Path) -> None:
    (tmp_path / "target.csv").write_bytes(GOOD)
    with pytest.raises(UsageError, match="would replace its own source"):
        validate(tmp_path / "target.csv", contract(), output=tmp_path)


def test_an_earlier_run_is_replaced_as_a_whole(tmp_path: Path) -> None:
    run(tmp_path, "s.csv", GOOD)
    assert set(names_in(tmp_path / "o")) == {
        "target.csv", "exceptions.csv", "rejected.csv", "summary.json",
    }  # fmt: skip
    problems(run(tmp_path, "s.csv", b""))


@pytest.mark.parametrize(
    ("limits", "status", "code"),
    [
        ({}, "rejects", 1),
        ({"max_rejected": 1}, "passed", 0),
        ({"max_rejected": "34%"}, "passed", 0),
        ({"max_rejected": "33%"}, "failed", 1),
        ({"min_records": 4}, "failed", 1),
    ],
)
def test_limits_decide(tmp_path: Path, limits: dict[str, Any], status: str, code: int) -> None:
    (tmp_path / "s.csv").write_bytes(GOOD + b"x,c\n")
    result = validate(
        tmp_path / "s.csv", load_contract({**CONTRACT, "limits": limits}), output=tmp_path / "o"
    )
    assert (result.summary["status"], result.exit_code) == (status, code)
    assert (tmp_path / "o" / "target.csv").exists() == (status != "failed")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("header", ["exact", "none"])
def test_a_source_without_the_mark_that_its_encoding_needs_is_refused(
    tmp_path: Path, encoding: str, header: str
) -> None:
    result = run(tmp_path, "s.csv", GOOD, encoding=encoding, header=header)
    assert problems(result) == ["header.encoding"]
    assert "its bytes are UTF-8" in result.summary["problems"][0]["message"]


@pytest.mark.parametrize("half", ["d800", "df40", "dc41"])
def test_half_a_pair_in_utf7_costs_one_record(tmp_path: Path, half: str) -> None:
    code = base64.b64encode(bytes.fromhex(half)).decode().rstrip("=")
    data = f"id,note\n1,a\n2,+{code}-\n3,c\n".encode("ascii")
    result = run(tmp_path, "s.csv", data, encoding="utf-7")
    assert list(result.exceptions["reject_rules"]) == ["record.encoding"]
    assert result.summary["records"]["accepted"] == 2


def test_a_delimiter_of_several_bytes_finds_a_stand_in_beside_every_control_character(tmp_path: Path) -> None:
    controls = "".join(chr(code) for code in range(1, 32) if chr(code) not in "\r\n")
    data = ("idénote\n" + "3éwords\n" * 500 + f'1é{controls}\n2é"x{controls}éy"\n').encode()
    result = run(tmp_path, "s.csv", data, delimiter="é")
    assert (tmp_path / "o" / "target.csv").read_bytes() == data
    assert result.passed


def test_a_block_that_holds_all_of_ascii_still_has_a_stand_in(tmp_path: Path) -> None:
    everything = bytes(code for code in range(1, 128) if code not in b'\r\n"').decode()
    data = ("idénote\n" + "3éwords\n" * 500 + f'1é"{everything}é"\nxé{everything}\n').encode()
    result = run(tmp_path, "s.csv", data, delimiter="é")
    assert result.summary["records"] == {
        "read": 502,
        "accepted": 501,
        "rejected": 1,
        "malformed": 0,
        "warned": 0,
    }
    with (tmp_path / "o" / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        assert [row["note"] for row in csv.DictReader(file)] == [everything]
