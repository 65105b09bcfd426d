"""An explained record: the run's own verdict, where it stands, and why each rule says what it says."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from callcenter_etl import UsageError, load_contract, validate
from callcenter_etl.api_contract import Contract
from callcenter_etl.tools.explain import Explanation, explain_line
from callcenter_etl.tools.explain.find_record import letters
from tests.case_folders import CASES, source_of
from tests.oracle.compare import write_case
from tests.oracle.strategies import cases
from tests.reliability.support import command


def explained(source: Path, contract: Contract, lines: int, **options: Any) -> dict[int, str]:
    """Give what every line's record breaks, by the record's line."""
    found: dict[int, str] = {}
    for line in range(1, lines + 1):
        try:
            told = explain_line(str(source), contract.loaded, line, **options)
        except UsageError:
            continue
        assert told.line is not None
        assert told.line <= line < told.line + (told.lines or 0)
        assert found.setdefault(told.line, "; ".join(told.broken)) == "; ".join(told.broken)
        assert (told.status == "rejected") == bool(told.broken)
    return found


def assert_judged_as_by_a_run(source: Path, contract: Contract, output: Path, **options: Any) -> None:
    """Every record is explained as the run judges it."""
    result = validate(source, contract, output=output)
    if result.record.status == "refused":
        assert explain_line(str(source), contract.loaded, 1, **options).status == "refused"
        return
    told = explained(source, contract, result.record.lines, **options)
    with (output / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        rejected = {int(row[-4]): row[-3] for row in list(csv.reader(file))[1:]}
    assert {line: rules for line, rules in told.items() if rules} == rejected
    assert len(told) == result.record.records.read


@pytest.mark.parametrize("block_bytes", [7, 1 << 20])
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_record_of_every_case_is_explained_as_the_run_judges_it(
    case: Path, tmp_path: Path, block_bytes: int
) -> None:
    assert_judged_as_by_a_run(
        source_of(case), load_contract(case / "contract.yaml"), tmp_path, block_bytes=block_bytes
    )


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(case=cases())
def test_generated_records_are_explained_as_the_run_judges_them(case: tuple[bytes, dict[str, Any]]) -> None:
    data, contract = case
    if data.count(b"\n") + data.count(b"\r") > 60:
        data = b"".join(data.splitlines(keepends=True)[:60])
    with tempfile.TemporaryDirectory() as scratch:
        source, document = write_case(data, contract, Path(scratch))
        assert_judged_as_by_a_run(source, load_contract(document), Path(scratch) / "out")


CONTRACT: dict[str, Any] = {
    "contract": "c",
    "columns": [
        {"name": "id", "type": "digits", "required": True, "unique": True},
        {"name": "start", "type": "time"},
        {"name": "end", "type": "time"},
        {"name": "n", "type": "integer", "max": 10, "severity": "warn"},
        {"name": "phone", "min_length": 5, "classification": "personal"},
    ],
    "rules": [
        {"name": "order", "check": "end >= start and seconds(end - start) < 3600", "reason": "ends too soon"},
        {"name": "share", "when": "not empty(n)", "check": "10 / n > 1"},
        {"name": "called", "check": "length(phone) > 4"},
    ],
}
DATA = (
    b"id,start,end,n,phone\n"
    b"1,08:00:00,08:30:00,5,12345\n"
    b"\n"
    b"2,8:00,08:30:00,0,999\n"
    b"1,09:00:00,08:30:00,20,12345\n"
    b"4,09:00:00\n"
    b'5,"09:00:00,,,\n'
    b",,,,\n"
)


def told(tmp_path: Path, line: int, **options: Any) -> Explanation:
    (tmp_path / "s.csv").write_bytes(DATA)
    return explain_line(str(tmp_path / "s.csv"), load_contract(CONTRACT).loaded, line, **options)


def verdicts(explanation: Explanation) -> dict[str, tuple[str, str]]:
    return {rule.rule: (rule.verdict, rule.why) for rule in explanation.rules}


def test_what_is_unknown_is_said_with_its_cause(tmp_path: Path) -> None:
    found = verdicts(told(tmp_path, 4))
    assert found["start.type"] == ("broken", "start must be a time as HH:MM:SS, got '8:00'")
    verdict, why = found["order"]
    assert (verdict, why.endswith(": start broke its type (start.type)")) == ("unknown", True)
    assert found["share"] == (
        "unknown",
        "10 / n > 1: 10 / n has no result, as nothing can be divided by zero",
    )
    assert found["phone.min_length"][0] == "broken"
    assert "999" not in str(told(tmp_path, 4).to_dict())


def test_the_parts_of_a_check_are_shown_with_their_values(tmp_path: Path) -> None:
    explanation = told(tmp_path, 5)
    order = next(rule for rule in explanation.rules if rule.rule == "order")
    parts = {part.text: part.value for part in order.parts}
    assert (order.verdict, order.why) == ("broken", "ends too soon")
    assert parts == {
        "end": "8:30:00",
        "start": "9:00:00",
        "end >= start": "false",
        "end - start": "-0:30:00",
        "seconds(end - start)": "-1800",
        "seconds(end - start) < 3600": "true",
    }
    assert verdicts(explanation)["id.unique"][1] == "id must be unique, '1' stands first on line 2"
    assert verdicts(explanation)["n.max"][0] == "broken"
    assert explanation.broken == ("id.unique", "order", "share")


def test_parts_are_shown_as_they_are_written(tmp_path: Path) -> None:
    check = r"""(matches(a, '\d+\'?') == (not empty(b))) and a != "it's" """
    (tmp_path / "s.csv").write_text("a,b\nx,1\n")
    contract = {"contract": "c", "columns": [{"name": "a"}, {"name": "b"}]}
    contract["rules"] = [{"name": "r", "check": check}]
    explanation = explain_line(str(tmp_path / "s.csv"), load_contract(contract).loaded, 2)
    (rule,) = (each for each in explanation.rules if each.rule == "r")
    assert {part.text: part.value for part in rule.parts} == {
        "a": "'x'",
        r"matches(a, '\d+\'?')": "false",
        "empty(b)": "false",
        "not empty(b)": "true",
        r"matches(a, '\d+\'?') == (not empty(b))": "false",
        'a != "it\'s"': "true",
    }


def test_an_empty_record_skips_all_but_what_is_required(tmp_path: Path) -> None:
    found = verdicts(told(tmp_path, 8))
    assert found.pop("id.required")[0] == "broken"
    assert {verdict for verdict, _ in found.values()} == {"skipped", "unknown"}
    assert found["order"][1].endswith("end is empty; start is empty")
    assert found["share"] == ("skipped", "when not empty(n): does not hold")


def test_malformed_records_show_what_was_found(tmp_path: Path) -> None:
    short = told(tmp_path, 6)
    assert [(rule.rule, rule.why) for rule in short.rules] == [
        ("record.fields", "2 fields found, 5 expected")
    ]
    assert [(field.letter, field.name, field.state) for field in short.fields] == [
        ("A", "id", "read"),
        ("B", "start", "read"),
        ("C", "end", "missing"),
        ("D", "n", "missing"),
        ("E", "phone", "missing"),
    ]
    assert {field.value for field in short.fields} == {None}
    assert [field.value for field in told(tmp_path, 6, show_values=True).fields][:2] == ["4", "09:00:00"]
    assert told(tmp_path, 7).broken == ("record.quote",)


def test_bytes_and_offset_are_those_of_the_source(tmp_path: Path) -> None:
    found = told(tmp_path, 5, show_values=True)
    start = DATA.index(b"1,09")
    assert (found.offset, found.size, found.raw) == (start, 29, "1,09:00:00,08:30:00,20,12345\\n")
    assert told(tmp_path, 5).raw is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (1, "line 1 is the header, records start on line 2"),
        (3, "line 3 is blank: it holds no record"),
        (9, "line 9 is beyond the end: the source has 8 lines"),
        (0, "lines are counted from 1, got 0"),
    ],
)
def test_lines_without_a_record_are_named_for_what_they_are(tmp_path: Path, line: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        told(tmp_path, line)


def test_letters_are_those_of_a_spreadsheet() -> None:
    found = [letter for _, letter in zip(range(703), letters(), strict=False)]
    assert [found[at] for at in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_a_record_too_long_to_hold_is_explained_from_its_start(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(b"id\n1\n" + b"7" * (17 * 2**20) + b"\n2\n")
    contract = load_contract({"contract": "c", "columns": [{"name": "id", "type": "digits"}]})
    found = explain_line(str(tmp_path / "s.csv"), contract.loaded, 3)
    assert (found.broken, found.offset, found.size) == (("record.too_long",), 5, 17 * 2**20 + 1)
    assert found.raw == "7" * 4096
    assert explain_line(str(tmp_path / "s.csv"), contract.loaded, 4).status == "accepted"


@pytest.mark.parametrize(
    ("name", "encoding"), [("s.csv.gz", "utf-8"), ("s.csv.xz", "latin-1"), ("s.csv", "utf-16")]
)
def test_compression_and_encoding_are_the_readers_business(tmp_path: Path, name: str, encoding: str) -> None:
    data = DATA.replace(b"08:30:00,5", "08:30:00,é".encode()).decode().encode(encoding)
    packers: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".xz": lzma.compress}
    (tmp_path / name).write_bytes(packers.get(Path(name).suffix, bytes)(data))
    contract = load_contract({**CONTRACT, "source": {"encoding": encoding}})
    for block_bytes in (16, 1 << 20):
        found = explain_line(str(tmp_path / name), contract.loaded, 5, block_bytes=block_bytes)
        assert (found.line, found.broken) == (5, ("id.unique", "order", "share"))
    assert explain_line(str(tmp_path / name), contract.loaded, 2).fields[3].value == "é"


def test_the_command_line_tells_it_as_text_and_json(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(DATA)
    (tmp_path / "c.json").write_text(json.dumps(CONTRACT), encoding="utf-8")
    words = ("explain", tmp_path / "s.csv", "--contract", tmp_path / "c.json", "--line")
    text = command(*words, 5)
    assert (text.returncode, text.stderr) == (0, "")
    assert "line 5: rejected" in text.stdout
    assert "(personal)" in text.stdout
    assert "12345" not in text.stdout
    shown = command(*words, 5, "--show-values")
    assert "12345" in shown.stdout
    assert json.loads(command(*words, 5, "--format", "json").stdout)["status"] == "rejected"
    header = command(*words, 1)
    assert (header.returncode, "is the header" in header.stderr) == (2, True)
    (tmp_path / "s.csv").write_bytes(b"id,other\n1,2\n")
    refused = command(*words, 2)
    assert (refused.returncode, "header.missing" in refused.stdout) == (1, True)
    missing = command("explain", tmp_path / "none.csv", "--contract", tmp_path / "c.json", "--line", 2)
    assert (missing.returncode, "Traceback" in missing.stderr) == (3, False)
    nothing = command("explain", "--contract", tmp_path / "c.json")
    assert (nothing.returncode, "--line" in nothing.stderr) == (2, True)


@pytest.mark.parametrize("name", ["explain", "reprocess"])
def test_help_imports_nothing_heavy_and_has_an_example(name: str) -> None:
    script = (
        f"import sys\nsys.argv = ['callcenter-etl', {name!r}, '--help']\nfrom callcenter_etl.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('pandas', 'pandera', 'pyarrow', 'numpy', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert f"Example: callcenter-etl {name}" in done.stdout
