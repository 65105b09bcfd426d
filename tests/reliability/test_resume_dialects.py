"""A killed run of a source with another dialect, or with local times, is resumed and publishes what an unbroken run does."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from tests.reliability.resume_support import HEADER, outcome, run, words, write_contract, write_source

WRITTEN = "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:after:3"
COLUMNS = [{"name": "id", "type": "digits"}, {"name": "site"}, {"name": "start"}, {"name": "note"}]
LOCAL = {"name": "start", "type": "datetime", "timezone": "America/Chicago", "min": "2024-06-01T00:00:00"}
ESCAPED = r'%d,"a\"%d\\\\",08:00:00,x\,y'
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "escape": ({"source": {"escape": "\\", "multiline": True}}, ESCAPED + "\\\nz"),
    "short_records": ({"source": {"short_records": "empty", "multiline": False}}, "%d,%d"),
    "timezone": ({"columns": [*COLUMNS[:2], LOCAL, COLUMNS[3]]}, "%d,%d,2024-03-10 02:30:00,"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_resumed_run_publishes_what_an_unbroken_one_does(tmp_path: Path, case: str) -> None:
    keys, damaged = CASES[case]
    plain = "%d,%d,2024-07-01 10:00:00,n"
    lines = [(damaged if at % 5 == 0 else plain) % (at, at % 7) for at in range(4000)]
    source = write_source(tmp_path, (HEADER.replace("\r\n", "\n") + "\n".join(lines) + "\n").encode())
    contract = write_contract(tmp_path, **({"columns": COLUMNS, "rules": []} | keys))
    code, said = run(words(source, contract, tmp_path / "out"), tmp_path, kill=WRITTEN)
    assert code == -signal.SIGKILL, said
    resumed = validate(source, load_contract(contract), output=tmp_path / "out")
    assert resumed.record is not None
    assert resumed.record.resumed is not None
    validate(source, load_contract(contract), output=tmp_path / "clean", checkpoint_seconds=0)
    found = outcome(tmp_path / "out")
    assert found == outcome(tmp_path / "clean")
    # The key that is tried decides something: 800 records need it.
    assert (found["summary"]["records"]["rejected"], found["summary"]["records"]["warned"]) == {
        "escape": (0, 0),
        "short_records": (0, 800),
        "timezone": (800, 0),
    }[case]
