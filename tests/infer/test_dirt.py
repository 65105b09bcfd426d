"""A little dirt in a sample does not change what the contract says of its columns, and is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.tools.infer import Inference, InferOptions, infer_contract

RECORDS = 1_187
HEADER = "call_id,agent_id,queue,started,talk,acw,score,status"
KEYS = ("type", "required", "allowed", "min", "max", "min_length", "max_length", "pattern", "unique")


def record(i: int) -> str:
    queue = ("Retention", "Inbound", "Sales")[i % 3]
    status = ("COMPLETED", "DROPPED")[i % 2]
    return f"{i + 1000},{500 + i % 9},{queue},{8 + i % 9:02}:00:{i % 60:02},0:0{i % 9}:{i % 60:02},0:00:{i % 50:02},{1 + i % 5},{status}"


def infer(tmp_path: Path, lines: list[str], header: str = HEADER) -> Inference:
    source = tmp_path / "sample.csv"
    source.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    inference = infer_contract(InferOptions((str(source),)))
    contract = tmp_path / "contract.yaml"
    contract.write_text(inference.text, encoding="utf-8")
    summary = validate(source, load_contract(contract), output=tmp_path / "out", force=True).summary
    assert summary["records"]["accepted"] == inference.outcome.accepted
    broken = {rule: counts["broken"] for rule, counts in summary["rules"].items() if counts["broken"]}
    for rule in broken:  # what is rejected is listed
        column = rule.rpartition(".")[0]
        assert f"of {column} " in inference.text or column == "record"
    return inference


def said(document: ContractDocument) -> list[dict[str, object]]:
    return [{key: getattr(column, key) for key in ("name", *KEYS)} for column in document.columns]


CLEAN = [record(i) for i in range(RECORDS)]


@pytest.mark.parametrize(
    ("last", "count"),
    [
        (["Total,,,,98:12:33,12:00:01,,"], 1),
        (["Grand Total:,,,,98:12:33,12:00:01,,1188"], 1),
        (["Summe,,,,98:12:33,12:00:01,,"], 1),
        (["Total général,,,,98:12:33,12:00:01,,"], 1),
        ([",Insgesamt,,,98:12:33,12:00:01,,"], 1),
        (["Total,,,,98:12:33,12:00:01,3561,", "Average,,,,0:04:01,0:00:24,3.0,"], 2),
    ],
)
@pytest.mark.parametrize("records", [30, RECORDS])
def test_lines_of_totals_are_a_footer(tmp_path: Path, last: list[str], count: int, records: int) -> None:
    clean = infer(tmp_path, CLEAN[:records])
    dirty = infer(tmp_path, CLEAN[:records] + last)
    assert said(dirty.contract.document) == said(clean.contract.document)
    assert all(column.required for column in dirty.contract.document.columns)
    assert clean.outcome.accepted == dirty.outcome.accepted == records
    footer = dirty.contract.document.source.footer
    assert footer is not None
    assert footer.lines == count
    assert clean.contract.document.source.footer is None


def test_a_line_of_totals_before_the_last_record_is_no_evidence(tmp_path: Path) -> None:
    clean = infer(tmp_path, CLEAN[:31])
    dirty = infer(tmp_path, [*CLEAN[:30], "Total,,,,98:12:33,12:00:01,,", CLEAN[30]])
    assert said(dirty.contract.document) == said(clean.contract.document)
    assert clean.outcome.accepted == dirty.outcome.accepted == 31
    assert "# totals: 1 record" in dirty.text
    assert "(line 32)" in dirty.text
    assert "# totals" not in clean.text


def test_a_last_record_that_says_total_as_others_do_is_a_record(tmp_path: Path) -> None:
    lines = [f"{i},{('Total', 'Partial')[i % 2]},{'' if i % 3 == 0 else 'x'}" for i in range(61)]
    inference = infer(tmp_path, lines, "claim_id,loss,mark")
    assert "# totals" not in inference.text
    assert inference.outcome.accepted == 61


def test_records_with_next_to_no_value_do_not_make_columns_optional(tmp_path: Path) -> None:
    lines = [*CLEAN[:500], ",,,,98:12:33,12:00:01,,", *CLEAN[500:], "2999,,,,,,,"]
    document = infer(tmp_path, lines).contract.document
    assert [column.name for column in document.columns if not column.required] == []


def test_a_column_that_is_empty_at_times_stays_optional(tmp_path: Path) -> None:
    lines = [f"{line}," if i == 9 else f"{line},x" for i, line in enumerate(CLEAN)]
    document = infer(tmp_path, lines, f"{HEADER},mark").contract.document
    assert not document.columns[-1].required


@pytest.mark.parametrize(
    "variant", ["Retention ", " Retention", "retention", "RETENTION", "Reten\u200btion", "Retention\u00a0"]
)
def test_a_rare_spelling_of_a_frequent_value_is_an_outlier(tmp_path: Path, variant: str) -> None:
    lines = [line.replace("Retention", variant) if i in (3, 300) else line for i, line in enumerate(CLEAN)]
    inference = infer(tmp_path, lines)
    assert sorted(inference.contract.document.columns[2].allowed or ()) == ["Inbound", "Retention", "Sales"]
    assert "2 values of queue are none of these (lines 5, 302)" in inference.text
    assert "not allowed, another spelling: '" in inference.text
    assert " 2 for 'Retention'" in inference.text


def test_frequent_spellings_are_allowed_with_a_remark(tmp_path: Path) -> None:
    lines = [line.replace("Inbound", "inbound") if i % 5 == 0 else line for i, line in enumerate(CLEAN)]
    inference = infer(tmp_path, lines)
    assert set(inference.contract.document.columns[2].allowed or ()) == {
        "Inbound",
        "Retention",
        "Sales",
        "inbound",
    }
    assert "check, allowed in two spellings: 'inbound' 79 for 'Inbound'" in inference.text
    assert inference.outcome.accepted == RECORDS


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("acw", "duration"),
        ("Aux 1", "duration"),
        ("Outbound", "duration"),
        ("Lunch Time", "duration"),
        ("call_start", "time"),
        ("Ended", "time"),
    ],
)
def test_a_column_of_the_shape_of_durations_is_one_unless_its_name_says_an_instant(
    tmp_path: Path, header: str, kind: str
) -> None:
    document = infer(tmp_path, CLEAN, HEADER.replace("acw", header)).contract.document
    assert {"talk": "duration", header: kind, "started": "time"} == {
        column.name: column.type for column in document.columns if column.name in ("talk", header, "started")
    }


def test_a_clock_beside_durations_stays_a_time(tmp_path: Path) -> None:
    for header in ("Time", "login", "at", "Vru"):
        document = infer(tmp_path, CLEAN, HEADER.replace("started", header)).contract.document
        assert document.columns[3].type == "time"


def test_times_without_durations_stay_times(tmp_path: Path) -> None:
    document = infer(tmp_path, [f"{i},0:00:{i % 60:02}" for i in range(60)], "id,mark").contract.document
    assert document.columns[1].type == "time"
