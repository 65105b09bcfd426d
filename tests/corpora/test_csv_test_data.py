"""csv-test-data: small RFC 4180 files, sound and broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.corpora.support import numbered, read
from tests.shared_folder import shared, shared_or_skip

FOLDER = ("data", "corpora", "csv_test_data")
SOUND = sorted(path.stem for path in shared(*FOLDER, "json").glob("*.json")) or ["absent"]
BROKEN: dict[str, list[object]] = {
    "bad-header-less-fields": ["record.fields"],
    "bad-header-more-fields": ["record.fields"],
    "bad-missing-quote": [["foo", "bar", "baz"], "record.quote"],
    "bad-quotes-with-unescaped-quote": [["foo", "bar", "baz"], "record.quote"],
    # Different by intent: the corpus forbids a quote inside an unquoted field, the specification calls it text.
    "bad-unescaped-quote": [["foo", "bar", "baz"], ["1", 'This "quotes" must be escaped', "3"]],
}
REFUSED = {
    "bad-header-no-header": {"file.empty"},
    "bad-header-wrong-header": {"header.missing", "header.unexpected"},
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_is_read_as_its_json_says(name: str, tmp_path: Path) -> None:
    expected = json.loads(shared_or_skip(*FOLDER, "json", f"{name}.json").read_text(encoding="utf-8"))
    data = shared_or_skip(*FOLDER, "csv", f"{name}.csv").read_bytes()
    if name.startswith("header-"):
        columns = ["foo", "bar", "baz"]
        reading = read(tmp_path, data, columns, multiline=True)
        expected = [[record[column] for column in columns] for record in expected]
    else:
        reading = read(tmp_path, data, numbered(len(expected[0])), header="none", multiline=True)
    assert reading.values == expected


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_record_alone_is_malformed(name: str, tmp_path: Path) -> None:
    data = shared_or_skip(*FOLDER, "csv", f"{name}.csv").read_bytes()
    if name.startswith("bad-header-"):
        reading = read(tmp_path, data, ["foo", "bar", "baz"], multiline=True)
    else:
        reading = read(tmp_path, data, numbered(3), header="none", multiline=True)
    assert reading.values == BROKEN[name]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_file_without_its_header_is_refused(name: str, tmp_path: Path) -> None:
    data = shared_or_skip(*FOLDER, "csv", f"{name}.csv").read_bytes()
    summary = read(tmp_path, data, ["foo", "bar", "baz"]).summary
    assert summary["status"] == "refused"
    assert {problem["rule"] for problem in summary["problems"]} == REFUSED[name]


def test_every_file_of_the_corpus_is_asked() -> None:
    folder = shared_or_skip(*FOLDER, "csv")
    assert {path.stem for path in folder.glob("*.csv")} == {*SOUND, *BROKEN, *REFUSED}
