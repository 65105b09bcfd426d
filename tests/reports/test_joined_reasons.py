"""A value, a column name or a reason that holds `; ` changes no diagnostic: of the run itself, nor of its files."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from callcenter_etl import Contract, load_contract, validate
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.findings import report_of
from callcenter_etl.judge.tally import MAX_SAMPLES
from callcenter_etl.rules.shown import shown_value, shown_values
from callcenter_etl.run.exceptions_file import ExceptionsFile
from callcenter_etl.run.reject_diagnostics import RejectDiagnostics, first_rejects
from callcenter_etl.run.result import RunResult
from callcenter_etl.run.summary import Summary
from tests.oracle.compare import write_case
from tests.oracle.strategies import case_of

SECRET = "s3cret; value"
CONTRACT = {
    "contract": "joined",
    "source": {"header": "by_name", "multiline": True},
    "columns": [
        {"name": "id", "type": "digits", "unique": True},
        {"name": "a; b", "max_length": 3, "pattern": "[a-z]+"},
        {"name": "c", "allowed": ["x"], "reason": "c: one of x; y, not {value}; line {line}"},
        {"name": "d", "pattern": "[0-9]+", "classification": "secret"},
    ],
    "rules": [
        {"name": "first; second", "check": "c != 'a; b'"},
        {"name": "pair", "unique": ["id", "c"], "reason": "line {line}; once; again"},
    ],
}
VALUES = [
    "1",
    "2",
    "a; b",
    "; ",
    "x",
    "",
    "id must be digits only, got 'x'; c",
    "A; B; C",
    "line\nbreak; x",
    "a\0; b",
]


def write(folder: Path, *, rows: int) -> None:
    rng = random.Random(14)
    lines = ["id,a; b,c,d,other"]
    for _ in range(rows):
        cells = [rng.choice(VALUES) for _ in range(3)] + [rng.choice([SECRET, "7"]), "o"]
        lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    lines.append("too,few")
    (folder / "s.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")


def without_file(diagnostic: Diagnostic) -> tuple[object, ...]:
    """Return all that a file can say of a diagnostic: it holds neither the source's address nor its bytes."""
    return (diagnostic.rule, diagnostic.location.line, diagnostic.message, diagnostic.path, diagnostic.value)


def assert_file_and_run_agree(result: RunResult, contract: Contract) -> None:
    """Check the diagnostics that the published exceptions give against those that the run kept."""
    counts = {
        rule: each for rule, each in result.record.rules.items() if each.broken and each.severity == "error"
    }
    if not counts:
        return
    found: dict[str, list[Diagnostic]] = {}
    exceptions = ExceptionsFile(result.exceptions_uris(), contract.document)
    first_rejects(exceptions, {rule: min(MAX_SAMPLES, count.broken) for rule, count in counts.items()}, found)
    for rule, count in counts.items():
        kept = [without_file(sample) for sample in count.samples]
        assert [without_file(each) for each in found[rule]] == kept, rule
        assert len(kept) == min(MAX_SAMPLES, count.broken)


@pytest.mark.parametrize("seed", range(1_400, 1_440))
def test_generated_sources_are_reported_alike_by_file_and_run(tmp_path: Path, seed: int) -> None:
    source, document = write_case(*case_of(seed), tmp_path)
    contract = load_contract(document)
    result = validate(source, contract, output=tmp_path / "o", chunk_rows=1 + seed % 5)
    assert_file_and_run_agree(result, contract)


@pytest.mark.parametrize("excel_safe", [False, True])
def test_the_file_says_the_same_as_the_run_that_wrote_it(tmp_path: Path, *, excel_safe: bool) -> None:
    write(tmp_path, rows=400)
    contract = load_contract(CONTRACT | {"run": {"exceptions": {"excel_safe": excel_safe}}})
    result = validate(tmp_path / "s.csv", contract, output=tmp_path / "o", chunk_rows=7)
    counts = {rule: count for rule, count in result.record.rules.items() if count.broken}
    assert set(counts) >= {"id.unique", "a; b.pattern", "c.allowed", "first; second", "pair", "record.fields"}
    assert_file_and_run_agree(result, contract)
    assert SECRET not in str(counts)


def test_every_row_is_split_into_what_each_rule_says_alone(tmp_path: Path) -> None:
    write(tmp_path, rows=300)
    contract = load_contract(CONTRACT)
    result = validate(tmp_path / "s.csv", contract, output=tmp_path / "o")
    exceptions = ExceptionsFile(result.exceptions_uris(), contract.document)
    splitter, rows, counted = RejectDiagnostics(contract.document), 0, Counter[str]()
    for block in exceptions.blocks():
        rows += len(block)
        positions = exceptions.layout_of(block.names).positions
        for at, diagnostics in enumerate(splitter.of_records(block, positions)):
            assert "; ".join(each.rule for each in diagnostics) == block.rules[at].as_py()
            assert "; ".join(each.message for each in diagnostics) == block.reasons[at].as_py()
            assert len({each.rule for each in diagnostics}) == len(diagnostics)
        counted.update({rule: int(mask.sum()) for rule, mask in splitter.masks(block).items()})
    assert counted == {rule: each.broken for rule, each in result.record.rules.items() if each.broken}
    assert rows == result.record.records.rejected


@pytest.mark.parametrize("most", [3, 10, 25])
def test_a_report_of_an_earlier_run_equals_that_of_the_run_itself(tmp_path: Path, most: int) -> None:
    write(tmp_path, rows=200)
    contract = load_contract(CONTRACT)
    live = validate(tmp_path / "s.csv", contract, output=tmp_path / "o")
    earlier = RunResult(Summary.from_dict(live.summary), live.source, live.output, already_done=True)
    sources = [report_of([each], contract, most=most).sources[0] for each in (live, earlier)]
    for one, other in zip(sources[0].violated, sources[1].violated, strict=True):
        assert [without_file(each) for each in one.diagnostics] == [
            without_file(each) for each in other.diagnostics
        ]
        assert {each.location.file for each in (*one.diagnostics, *other.diagnostics)} == {
            live.record.source.uri
        }
        assert one.left_out == other.left_out


def test_a_report_of_a_run_does_not_read_its_files(tmp_path: Path) -> None:
    write(tmp_path, rows=50)
    contract = load_contract(CONTRACT)
    live = validate(tmp_path / "s.csv", contract, output=tmp_path / "o")
    before = report_of([live], contract)
    (tmp_path / "o" / "exceptions.csv").unlink()
    assert report_of([live], contract) == before


def test_samples_have_the_byte_at_which_their_record_begins(tmp_path: Path) -> None:
    write(tmp_path, rows=100)
    contract = load_contract(CONTRACT)
    live = validate(tmp_path / "s.csv", contract, output=tmp_path / "o", chunk_rows=3)
    data = (tmp_path / "s.csv").read_bytes()
    samples = [sample for count in live.record.rules.values() for sample in count.samples]
    assert len(samples) > 20
    for sample in samples:
        byte, line = sample.location.byte, sample.location.line
        assert byte is not None
        assert line == data[:byte].count(b"\n") + 1
        assert data[byte - 1 : byte] == b"\n"


def test_a_column_of_text_is_unescaped_as_a_cell_is() -> None:
    from callcenter_etl.writers.csv_injection import escape, unescape, unescape_column

    cells = [escape(value) for value in (*VALUES, "=1", "'", "''x", "é")]
    assert unescape_column(pa.array(cells)).to_pylist() == [unescape(cell) for cell in cells]


def test_a_value_is_shown_as_a_column_of_values_is() -> None:
    values = [*VALUES, "x" * 80, "y" * 81, "\u00a0" * 90, "é" * 79 + "\ufeff\n", "\U0001f600" * 81]
    assert [shown_value(value) for value in values] == shown_values(pa.array(values)).to_pylist()
