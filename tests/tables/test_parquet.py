"""A Parquet target holds what the CSV target holds, in the contract's types, and is replaced like it."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from callcenter_etl import OutputError, UsageError, load_contract, validate
from tests.case_folders import CASES, source_of
from tests.oracle.compare import SIZES, write_case
from tests.oracle.dirt import make_case
from tests.published import names_in
from tests.tables.outputs import cli, contract_of, records_in, rows_of, write_source


def test_duckdb_reads_the_contracts_types(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(10), bad=1)
    result = validate(source, load_contract(contract_of()), output=tmp_path / "out")
    assert names_in(tmp_path / "out") == ["exceptions.csv", "rejected.csv", "summary.json", "target.parquet"]
    rows = rows_of(tmp_path / "out" / "target.parquet")
    assert [row["call_id"] for row in rows] == list(range(10))
    assert rows[0] == {
        "call_id": 0,
        "day": date(2025, 1, 1),
        "at": datetime(2025, 1, 1, 0, 0),  # noqa: DTZ001  no zone is declared
        "amount": Decimal("1.5"),
        "ok": True,
        "note": "n0",
        "_unconverted": None,
    }
    assert (rows[2]["amount"], rows[2]["ok"], rows[2]["_unconverted"]) == (None, None, None)
    assert (rows[3]["amount"], rows[3]["_unconverted"]) == (None, {"amount": "1e30"})
    assert rows[4]["amount"] == Decimal("12345678901234567.123456789")
    target = (tmp_path / "out" / "target.parquet").read_bytes()
    assert result.summary["outputs"]["target"] == {
        "uri": str(tmp_path / "out" / "target.parquet"),
        "bytes": len(target),
        "sha256": hashlib.sha256(target).hexdigest(),
        "format": "parquet",
        "unconverted": 2,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_case_has_the_same_records_in_both_formats(case: Path, tmp_path: Path) -> None:
    contract = load_contract(case / "contract.yaml")
    plain = validate(source_of(case), contract, output=tmp_path / "csv")
    typed = validate(
        source_of(case),
        contract,
        output=tmp_path / "typed",
        target_format="parquet",
        chunk_rows=2,
        block_bytes=7,
    )
    for name in ("records", "rules", "lines", "blank_lines", "status"):
        assert typed.summary[name] == plain.summary[name]
    for name in ("exceptions.csv", "rejected.csv"):
        assert (tmp_path / "typed" / name).read_bytes() == (tmp_path / "csv" / name).read_bytes()
    assert set(typed.summary["outputs"]) == set(plain.summary["outputs"])
    if "target" not in plain.summary["outputs"]:  # a limit is exceeded
        assert not (tmp_path / "typed" / "target.parquet").exists()
        return
    table = pq.read_table(tmp_path / "typed" / "target.parquet")
    assert table.num_rows == plain.summary["records"]["accepted"]
    source = contract.document.source
    # the csv module does not normalise values
    texts = [
        column.name
        for column in contract.document.columns
        if column.type in ("text", "digits") and not column.trim and column.case is None
    ]
    # the csv module passes over blank lines, which are records where there is one column
    if (
        len(contract.document.columns) > 1
        and not source.multiline
        and source.encoding == "utf-8"
        and source.header != "none"
        and source.quote
        # the csv module knows neither long delimiters nor headers of several lines, and reads escapes otherwise
        and len(source.delimiter) == 1
        and source.escape is None
        and source.header_lines == 1
    ):
        text = (tmp_path / "csv" / "target.csv").read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(text.splitlines(), delimiter=source.delimiter, quotechar=source.quote))
        assert len(rows) == table.num_rows
        for name in texts:
            for row, value in zip(rows, table[name].to_pylist(), strict=True):
                blank = (
                    row.get(name, value) in source.empty_values or not (row.get(name, value) or "").strip()
                )
                assert value is None if blank else value == row.get(name, value)


@pytest.mark.parametrize("seed", range(30))
def test_any_source_is_cast_whole_and_chunks_and_workers_change_nothing(seed: int, tmp_path: Path) -> None:
    data, contract = make_case(random.Random(f"typed {seed}"))
    source, document = write_case(data, contract, tmp_path)
    loaded = load_contract(document)
    targets = []
    for chunk_rows, block_bytes, workers in SIZES:
        result = validate(
            source,
            loaded,
            output=tmp_path / f"out-{chunk_rows}",
            target_format="parquet",
            chunk_rows=chunk_rows,
            block_bytes=block_bytes,
            workers=workers,
            max_rejected="100%",
        )
        summary = result.summary
        if "target" in summary["outputs"]:
            assert (
                records_in(tmp_path / f"out-{chunk_rows}" / "target.parquet")
                == summary["records"]["accepted"]
            )
            targets.append(summary["outputs"]["target"]["sha256"])
    assert len(set(targets)) <= 1


def test_the_command_line_writes_it_and_the_variable_and_the_contract_say_so_too(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(9))
    plain = {**contract_of(), "run": {}}
    (tmp_path / "plain.json").write_text(json.dumps(plain), encoding="utf-8")
    (tmp_path / "typed.json").write_text(json.dumps(contract_of()), encoding="utf-8")
    hashes = set()
    for number, (contract, words, environ) in enumerate(
        [
            ("plain.json", ["--target-format", "parquet"], {}),
            ("plain.json", [], {"CALLCENTER_ETL_TARGET_FORMAT": "parquet"}),
            ("typed.json", [], {}),
        ]
    ):
        output = tmp_path / str(number)
        code, summary, said = cli(source, "-c", tmp_path / contract, "-o", output, *words, environ=environ)
        assert (code, said) == (0, "")
        hashes.add(summary["outputs"]["target"]["sha256"])
    assert len(hashes) == 1
    code, summary, _ = cli(
        source, "-c", tmp_path / "typed.json", "-o", tmp_path / "3", "--target-format", "csv"
    )
    assert (code, summary["outputs"]["target"]["uri"]) == (0, str(tmp_path / "3" / "target.csv"))


def test_an_unknown_format_is_refused_with_what_is_known(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(9))
    (tmp_path / "c.json").write_text(json.dumps(contract_of()), encoding="utf-8")
    words = (source, "-c", tmp_path / "c.json", "-o", tmp_path / "out")
    code, _, said = cli(*words, environ={"CALLCENTER_ETL_TARGET_FORMAT": "orc"})
    assert code == 2
    assert "CALLCENTER_ETL_TARGET_FORMAT: 'orc' is none of csv, parquet, delta" in said
    wrong: Any = "orc"
    with pytest.raises(UsageError, match="'orc' is none of csv, parquet"):
        validate(source, load_contract(contract_of()), output=tmp_path / "out", target_format=wrong)


def test_a_target_of_another_form_is_replaced_and_never_left_beside(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(50))
    parted = contract_of(layout={"partition_by": ["day"]})
    forms = {
        "target.csv": (contract_of(), "csv"),
        "target.parquet": (contract_of(), "parquet"),
        "target": (parted, "parquet"),
    }
    names = list(forms)
    for name in (*names, names[0], names[2], names[1], names[0]):
        contract, form = forms[name]
        chosen: Any = form
        validate(source, load_contract(contract), output=tmp_path / "out", target_format=chosen)
        assert names_in(tmp_path / "out") == sorted(["exceptions.csv", "rejected.csv", "summary.json", name])


def test_the_same_run_is_not_done_again_and_another_format_is_another_run(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(50))
    for layout in ({}, {"layout": {"partition_by": ["day"]}}):
        contract = load_contract(contract_of(**layout))
        assert not validate(source, contract, output=tmp_path / "out").already_done
        assert validate(source, contract, output=tmp_path / "out").already_done
        lost = next((tmp_path / "out").rglob("*.parquet"))
        lost.unlink()
        assert not validate(source, contract, output=tmp_path / "out").already_done
        assert not validate(source, contract, output=tmp_path / "out", target_format="csv").already_done


def test_a_run_over_its_limit_publishes_no_target(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(9), bad=2)
    good = write_source(tmp_path / "good.csv", range(9))
    contract = load_contract(contract_of())
    validate(good, contract, output=tmp_path / "out")
    result = validate(source, contract, output=tmp_path / "out", max_rejected=1, force=True)
    assert result.summary["status"] == "failed"
    assert names_in(tmp_path / "out") == ["exceptions.csv", "rejected.csv", "summary.json"]


def test_a_source_without_records_gives_a_table_without_rows(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(0))
    validate(source, load_contract(contract_of()), output=tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "target.parquet")
    assert (table.num_rows, table.column_names[:2]) == (0, ["call_id", "day"])
    parted = load_contract(contract_of(layout={"partition_by": ["day"]}))
    result = validate(source, parted, output=tmp_path / "parted")
    assert names_in(tmp_path / "parted" / "target") == ["_manifest.json"]
    assert result.summary["outputs"]["target"]["files"] == 0


def test_a_folder_of_somebody_elses_is_never_replaced(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(9))
    (tmp_path / "out" / "target").mkdir(parents=True)
    (tmp_path / "out" / "target" / "mine.txt").touch()
    parted = load_contract(contract_of(layout={"partition_by": ["day"]}))
    with pytest.raises(OutputError, match="is not a target of this program"):
        validate(source, parted, output=tmp_path / "out")
    validate(source, parted, output=tmp_path / "out", target_format="csv")
    assert (tmp_path / "out" / "target" / "mine.txt").exists()


def test_column_metadata_reaches_the_file(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(9))
    validate(source, load_contract(contract_of()), output=tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out" / "target.parquet")
    assert schema.metadata[b"contract"] == b"calls"
    assert schema.field("note").metadata[b"classification"] == b"personal"
    assert schema.field("note").metadata[b"contract_version"] == b"1.0.0"
    frame = pd.read_parquet(tmp_path / "out" / "target.parquet")
    assert frame["call_id"].dtype == "int64"


def test_reprocess_refuses_to_compare_keys_with_typed_records(tmp_path: Path) -> None:
    columns = [{"name": "id", "type": "digits", "unique": True}, {"name": "who"}]
    contract = {"contract": "c", "columns": columns}
    (tmp_path / "c.json").write_text(json.dumps(contract), encoding="utf-8")
    (tmp_path / "s.csv").write_text("id,who\n1,ann\nx,bob\n", encoding="utf-8")
    validate(tmp_path / "s.csv", tmp_path / "c.json", output=tmp_path / "out", target_format="parquet")
    from callcenter_etl.tools.reprocess import ReprocessPlan, reprocess

    rejected = tmp_path / "out" / "rejected.csv"
    rejected.write_text("id,who\n1,bob\n", encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"the target is parquet, but unique values are compared .* --target-format csv"
    ):
        reprocess(ReprocessPlan(str(rejected)), load_contract(contract).loaded)
