"""The big list of naughty strings: every one comes through byte for byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from callcenter_etl import load_contract, validate
from tests.corpora.support import read
from tests.shared_folder import shared_or_skip

FOLDER = ("data", "corpora", "blns")
COLUMNS = ["call_id", "agent_id", "call_start_time", "call_status", "note"]
CONTRACT = {
    "contract": "blns",
    "version": "1.0.0",
    "columns": [
        {"name": "call_id", "type": "digits", "required": True, "unique": True},
        {"name": "agent_id", "type": "digits", "required": True},
        {"name": "call_start_time", "type": "time", "required": True},
        {"name": "call_status", "required": True, "allowed": ["COMPLETED", "DROPPED", "FAILED"]},
        {"name": "note"},
    ],
}


def test_no_naughty_string_is_rejected_or_changed(tmp_path: Path) -> None:
    source = shared_or_skip(*FOLDER, "blns_calls.csv")
    expected = json.loads(shared_or_skip(*FOLDER, "expected.json").read_text())
    contract = tmp_path / "blns.json"
    contract.write_text(json.dumps(CONTRACT))
    records = validate(source, load_contract(contract), output=tmp_path / "output").summary["records"]
    assert (records["read"], records["accepted"]) == (expected["records"], expected["records"])
    assert (tmp_path / "output" / "target.csv").read_bytes() == source.read_bytes()


def test_every_naughty_string_is_read_as_it_is(tmp_path: Path) -> None:
    data = shared_or_skip(*FOLDER, "blns_calls.csv").read_bytes()
    expected = json.loads(shared_or_skip(*FOLDER, "expected.json").read_text())
    reading = read(tmp_path, data, COLUMNS)
    notes = [values[-1] for values in reading.values if isinstance(values, list)]
    digest = hashlib.sha256("\x1f".join(notes).encode()).hexdigest()
    assert (len(notes), digest) == (expected["records"], expected["sha256_of_notes_joined_by_US"])
