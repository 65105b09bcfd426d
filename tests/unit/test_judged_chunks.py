"""The one loop over the records of a source: what it yields, and that every command goes through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import infer, load_contract, validate
from callcenter_etl.api import back_tests
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.judge.judged_chunks import JudgedChunk, judged_chunks
from callcenter_etl.judge.unique_keys import UniqueKeys
from callcenter_etl.judge.validator import Validator
from callcenter_etl.sources import byte_buffer, delimited_format, line_source, source_formats
from callcenter_etl.sources.dialect import Dialect, dialect_of
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.line_format import LineFormat
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.tools.explain.record_explanation import explain_line
from callcenter_etl.tools.reprocess import ReprocessPlan, reprocess

PACKAGE = Path(line_source.__file__).parents[1]
CONTRACT: dict[str, Any] = {
    "contract": "calls",
    "columns": [{"name": "id", "type": "digits", "unique": True}, {"name": "note", "max_length": 3}],
}
LONG = "=é" * 60
SOURCE = f"id,note\n1,a\n\nx,b\n{LONG},c\r\n1,d\n2,long\n{LONG}"
# By line, as the contract has them: line 5 and 8 are over the limit.
BROKEN = {4: "id.type", 5: "record.too_long", 6: "id.unique", 7: "note.max_length", 8: "record.too_long"}
LIMIT = 100


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let records be over the size limit at 100 bytes."""

    def with_limit(document: ContractDocument) -> Dialect:
        return replace(dialect_of(document), max_record_bytes=LIMIT)

    monkeypatch.setattr(delimited_format, "dialect_of", with_limit)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_bytes(SOURCE.encode())
    return path


def judged(path: Path, *, block_bytes: int, chunk_rows: int | None = None) -> Iterator[JudgedChunk]:
    document = load_contract(CONTRACT).document
    validator = Validator(document)
    with (
        open_source(str(path), document, block_bytes=block_bytes, chunk_rows=chunk_rows) as opened,
        UniqueKeys.temporary(validator.rules) as keys,
    ):
        layout = opened.open().layout
        yield from judged_chunks(opened.blocks(), layout=layout, validator=validator, keys=keys)
        opened.check_unchanged()


def broken_rules(chunks: Iterator[JudgedChunk]) -> dict[int, str]:
    """Return the broken rule of each rejected record by its line; each record breaks one rule at most here."""
    found: dict[int, str] = {}
    for each in chunks:
        rejected = set(each.chunk.lines[each.rejected].tolist())
        by_line = {int(each.chunk.lines[m.record]): STRUCTURAL_RULES[m.status] for m in each.chunk.malformed}
        for rule, mask in each.verdict.masks.items():
            by_line |= dict.fromkeys(each.chunk.sound_lines[mask].tolist(), rule)
        assert set(by_line) == rejected
        found |= by_line
    return found


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("block_bytes", [1, 7, 30, 101, 1 << 20])
@pytest.mark.parametrize("chunk_rows", [1, None])
def test_the_verdicts_do_not_depend_on_blocks_and_chunks(
    source: Path, block_bytes: int, chunk_rows: int | None
) -> None:
    chunks = list(judged(source, block_bytes=block_bytes, chunk_rows=chunk_rows))
    assert broken_rules(iter(chunks)) == BROKEN
    assert sum(len(each) for each in chunks) == 6


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("block_bytes", [1, 7, 30, 101, 1 << 20])
def test_every_byte_of_a_record_over_the_limit_is_counted_once(source: Path, block_bytes: int) -> None:
    sizes = 0
    for each in judged(source, block_bytes=block_bytes):
        sizes += int((each.chunk.stops - each.chunk.starts).sum()) + each.chunk.continued_bytes
    assert sizes == len(SOURCE.encode()) - len(b"id,note\n") - len(b"\n")


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("block_bytes", [1, 7, 30, 101, 1 << 20])
@pytest.mark.parametrize("mark", ["", "'"])
def test_the_outputs_do_not_depend_on_the_pieces_of_a_record(
    source: Path, tmp_path: Path, block_bytes: int, mark: str
) -> None:
    contract = load_contract({**CONTRACT, "run": {"exceptions": {"excel_safe": bool(mark)}}})
    validate(source, contract, output=tmp_path / "o", block_bytes=block_bytes, workers=3)
    body = SOURCE.removeprefix("id,note\n1,a\n\n")
    assert (tmp_path / "o" / "rejected.csv").read_bytes() == ("id,note\n" + body).encode()
    exceptions = (tmp_path / "o" / "exceptions.csv").read_text("utf-8")
    assert f',,5,record.too_long,the record is over 100 bytes long,"{mark}{LONG},c"' in exceptions
    assert f',,8,record.too_long,the record is over 100 bytes long,"{mark}{LONG}"' in exceptions


def test_every_command_opens_sources_through_the_table_of_formats(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Counted(line_source.LineSource):
        def __init__(self, uri: str, document: ContractDocument, form: LineFormat, **options: Any) -> None:
            opened.append(Path(uri).name)
            super().__init__(uri, document, form, **options)

    monkeypatch.setattr(source_formats, "LineSource", Counted)
    contract = load_contract(CONTRACT)

    def names() -> set[str]:
        found = set(opened)
        opened.clear()
        return found

    validate(source, contract, output=tmp_path / "o")
    assert names() == {"calls.csv"}
    explain_line(str(source), contract.loaded, 4)
    assert names() == {"calls.csv"}
    list(back_tests([str(source)], contract, contract))
    assert names() == {"calls.csv"}
    infer(source)
    assert names() == {"calls.csv"}
    reprocess(ReprocessPlan(str(tmp_path / "o" / "rejected.csv"), dry_run=True), contract.loaded)
    assert names() == {"rejected.csv", "target.csv"}


def test_pieces_of_records_are_known_where_sources_are_read_alone() -> None:
    naming = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if "OversizedRecord" in path.read_text("utf-8")
    }
    assert naming == {"sources"}


def test_nobody_asks_which_engine_or_source_it_has() -> None:
    asked = [
        (path.name, line)
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if "isinstance(" in line and any(name in line for name in ("Engine)", "Block)", "Source)"))
    ]
    assert asked == []


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("end", ["\r\n", "\n", ""])
@pytest.mark.parametrize("length", range(LIMIT + 1, LIMIT + 12))
def test_slices_of_a_piece_never_part_its_line_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int, end: str
) -> None:
    monkeypatch.setattr(byte_buffer, "SLICE_BYTES", 4)
    path = tmp_path / "calls.csv"
    path.write_bytes(b"id,note\n" + b"x" * length + end.encode())
    validate(path, load_contract(CONTRACT), output=tmp_path / "o", block_bytes=9)
    assert (tmp_path / "o" / "rejected.csv").read_bytes() == path.read_bytes()
    exceptions = (tmp_path / "o" / "exceptions.csv").read_bytes()
    assert exceptions.endswith(b'long,"' + b"x" * length + b'"\r\n')
