"""`warnings` counts the rules that reject no record, of all records that were read now, as the summary of a run does."""

from __future__ import annotations

import json
from pathlib import Path

from callcenter_etl import load_contract, validate
from callcenter_etl.tools.reprocess.reprocess_result import Reprocessed
from tests.reprocess.support import again, rows_of, text_of

CONTRACT = {
    "contract": "c",
    "source": {"short_records": "empty"},
    "columns": [
        {"name": "id", "type": "digits"},
        {"name": "status", "case": "upper", "allowed": ["OK"]},
        {"name": "note", "max_length": 1, "severity": "warn"},
    ],
}
COUNTED = {"note.max_length": 1, "record.short": 1, "status.normalized": 2}


def rejected(folder: Path) -> Path:
    (folder / "s.csv").write_text("id,status,note\n1,OK\nx,OK\nx,ok,ab\nx,ok,a\n", encoding="utf-8")
    result = validate(folder / "s.csv", load_contract(CONTRACT), output=folder / "out")
    assert result.summary["records"]["rejected"] == 3
    return folder / "out"


def test_of_rejected_csv(tmp_path: Path) -> None:
    file = rejected(tmp_path) / "rejected.csv"
    file.write_text(file.read_text().replace("x,ok,ab", "3,ok,ab").replace("x,OK", "2,OK"))
    done = again(file, CONTRACT)
    assert (done.rows.recovered, dict(done.rules)) == (2, {"id.type": 1})
    assert dict(done.warnings) == COUNTED
    written = json.loads((Path(done.outputs["target"].uri).parent / "summary.json").read_bytes())
    assert written["warnings"] == COUNTED
    assert Reprocessed.from_dict(written) == Reprocessed.from_dict(done.to_dict())
    # A record that was recovered before is not read again.
    same = again(file, CONTRACT)
    assert dict(same.warnings) == {"status.normalized": 1}
    del written["warnings"]
    assert Reprocessed.from_dict(written).warnings == {}


def test_a_corrected_row_of_exceptions_csv_has_all_its_fields(tmp_path: Path) -> None:
    file = rejected(tmp_path) / "exceptions.csv"
    header, *rows = rows_of(file)
    file.with_name("sheet.csv").write_bytes(text_of([header, *(["2", *row[1:]] for row in rows)]))
    done = again(file.with_name("sheet.csv"), CONTRACT)
    assert dict(done.warnings) == {"note.max_length": 1, "status.normalized": 2}


def test_a_raw_text_of_exceptions_csv_may_be_short(tmp_path: Path) -> None:
    file = rejected(tmp_path) / "exceptions.csv"
    header, first, *_ = rows_of(file)
    raw = ["", "", "", first[3], "record.fields", "", "2,OK"]
    file.with_name("sheet.csv").write_bytes(text_of([header, raw]))
    done = again(file.with_name("sheet.csv"), CONTRACT)
    assert (done.rows.recovered, dict(done.warnings)) == (1, {"record.short": 1})
