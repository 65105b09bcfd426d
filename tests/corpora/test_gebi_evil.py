"""gebi's evil files: a space before a quote is text, so the comma behind it splits and the record is malformed."""

from __future__ import annotations

from pathlib import Path

from tests.corpora.support import numbered, read
from tests.shared_folder import shared_or_skip

FOLDER = ("data", "corpora", "gebi_evil")
EVIL: dict[int, list[str] | str] = {
    2: ["Inigo", "You killed my father\nDarth, I am your father"],
    4: ["Buddha", ""],
    5: ["Dada", "'dodo'"],
    6: ["Evil Guy", '";drop table'],
    7: "record.fields",
    8: ["Balmer", '"Developers, Developers"'],
    9: "record.fields",
    10: ["Me", "＂Do not"],
    11: ["quote me", " please＂"],
}


def test_the_silently_corrupted_record_is_malformed_and_no_other(tmp_path: Path) -> None:
    data = shared_or_skip(*FOLDER, "evil.csv").read_bytes()
    reading = read(tmp_path, data, ["character", "quote"], multiline=True)
    assert reading.records == EVIL
    assert reading.summary["blank_lines"] == 1


def test_so_it_is_without_a_header(tmp_path: Path) -> None:
    data = shared_or_skip(*FOLDER, "evil1.csv").read_bytes()
    reading = read(tmp_path, data, numbered(2), header="none")
    assert reading.records == {1: "record.fields", 2: ["Balmer", '"Developers, Developers"']}


def test_an_empty_first_field_is_a_field(tmp_path: Path) -> None:
    data = shared_or_skip(*FOLDER, "evil2.csv").read_bytes()
    assert read(tmp_path, data, numbered(2), header="none").records == {1: ["", "foo"]}
