"""A corrected record that begins as a comment does stays a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from tests.reprocess.support import again, rows_of, text_of

COLUMNS = [{"name": "id", "required": True}, {"name": "n", "type": "digits"}]


def corrected(folder: Path, source: dict[str, Any], rows: list[str]) -> tuple[dict[str, Any], Path]:
    """Reject each record of `rows`, and correct the value of `n`, and `id` to one that begins as a comment does."""
    contract = {"contract": "c", "source": {"comment": "#"} | source, "columns": COLUMNS}
    (folder / "s.csv").write_text("\n".join(["id,n", *rows, ""]), encoding="utf-8")
    validate(folder / "s.csv", load_contract(contract), output=folder / "out")
    header, *rejects = rows_of(folder / "out" / "exceptions.csv")
    assert len(rejects) == len(rows)
    fixed = [["#" + row[0], "7", *row[2:]] for row in rejects]
    sheet = folder / "out" / "sheet.csv"
    sheet.write_bytes(text_of([header, *fixed]))
    return contract, sheet


@pytest.mark.parametrize(
    ("source", "written"),
    [({}, '"#a",7\n"#b",7\n'), ({"quote": None, "escape": "^"}, "^#a,7\n^#b,7\n")],
    ids=["quotes", "escape"],
)
def test_it_is_written_so_that_it_is_read_as_a_record(
    tmp_path: Path, source: dict[str, Any], written: str
) -> None:
    contract, sheet = corrected(tmp_path, source, ["a,x", "b,x"])
    done = again(sheet, contract)
    assert (done.rows.recovered, done.rows.rejected) == (2, 0)
    target = Path(done.outputs["target"].uri)
    assert target.read_text(encoding="utf-8") == "id,n\n" + written
    assert (
        validate(target, load_contract(contract), output=tmp_path / "o").summary["records"]["accepted"] == 2
    )


def test_where_nothing_can_protect_it_it_stays_rejected_with_the_reason(tmp_path: Path) -> None:
    contract, sheet = corrected(tmp_path, {"quote": None}, ["a,x", "b,x"])
    done = again(sheet, contract)
    assert (done.rows.recovered, done.rows.rejected) == (0, 2)
    [_, row, _] = rows_of(Path(done.outputs["exceptions"].uri))
    assert row[-4:] == [
        "2",
        "record.fields",
        "the record begins with '#' and would be a comment (source.comment)",
        "#a,7",
    ]


def test_a_raw_text_that_became_a_comment_costs_no_other_record(tmp_path: Path) -> None:
    contract, sheet = corrected(tmp_path, {}, ["a,1,2", "b,1,2"])
    header, one, other = rows_of(sheet)
    sheet.write_bytes(text_of([header, ["", "", *one[2:-1], "#a,1"], ["", "", *other[2:-1], "b,1"]]))
    done = again(sheet, contract)
    assert (done.rows.recovered, done.rows.rejected) == (1, 1)
