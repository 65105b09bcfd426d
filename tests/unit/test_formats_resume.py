"""Sources of every format are resumed at any checkpoint, and cut into ranges where their lines are their bytes."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.engines.ranges import can_be_cut, cuts_of, find_line_starts, range_blocks, ranges_of
from callcenter_etl.errors import CheckpointMismatchError
from callcenter_etl.sources.source import Source
from callcenter_etl.sources.source_formats import open_source, source_format
from callcenter_etl.sources.source_position import SourceOffset
from tests.workbooks import Rows, number, text, write_xlsx

WIDTHS = [{"name": "id", "width": 3}, {"name": "note", "width": 4}]
LINES = (
    b"".join(b"%03d%-4s\n" % (at, b"n" * (at % 5)) + b"\n" * (at % 7 == 0) for at in range(999)) + b"short\n"
)


def fixed_width(folder: Path) -> tuple[str, dict[str, Any]]:
    path = folder / "a.txt"
    path.write_bytes(LINES)
    return str(path), {"contract": "c", "source": {"format": "fixed_width"}, "columns": WIDTHS}


def sheet(folder: Path) -> tuple[str, dict[str, Any]]:
    rows: Rows = {1: [text("id"), text("note")]} | {
        at: [number(str(at)), text("a\nb" if at % 4 == 0 else "c")] for at in range(2, 1200) if at % 9
    }
    path = write_xlsx(folder / "a.xlsx", {"S": rows})
    return str(path), {
        "contract": "c",
        "source": {"format": "excel"},
        "columns": [{"name": "id"}, {"name": "note"}],
    }


def zip_member(folder: Path) -> tuple[str, dict[str, Any]]:
    path, contract = fixed_width(folder)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "a.txt")
    return f"{folder}/a.zip/a.txt", contract


def tar_member(folder: Path) -> tuple[str, dict[str, Any]]:
    _, contract = fixed_width(folder)
    with tarfile.open(folder / "a.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(LINES)
        archive.addfile(info, io.BytesIO(LINES))
    return f"{folder}/a.tgz/a.txt", contract


FORMATS = [fixed_width, sheet, zip_member, tar_member]
Records = list[tuple[int, tuple[str, ...]]]


def read(source: Source) -> Records:
    found: Records = []
    for chunk in source.chunks():
        rows = zip(*(values.to_pylist() for values in chunk.values), strict=True)
        found += zip(chunk.sound_lines.tolist(), rows, strict=True)
        found += [(int(chunk.lines[m.record]), (m.reason,)) for m in chunk.malformed]
    source.check_unchanged()
    return found


def resume(uri: str, document: ContractDocument, passed: SourceOffset) -> Records:
    with open_source(uri, document, block_bytes=1 << 20, passed=passed) as source:
        source.open()
        source.skip_to(passed, after_each=lambda: None)
        return read(source)


@pytest.mark.parametrize("make", FORMATS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("block_bytes", [7, 64])
def test_a_source_is_resumed_at_any_checkpoint(
    make: Callable[[Path], tuple[str, dict[str, Any]]], block_bytes: int, tmp_path: Path
) -> None:
    uri, contract = make(tmp_path)
    document = load_contract(contract).document
    with open_source(uri, document, block_bytes=block_bytes) as source:
        source.open()
        whole = read(source)
    assert len(whole) > 900
    with open_source(uri, document, block_bytes=block_bytes) as source:
        source.open()
        positions = [source.position for _ in source.blocks() if source.rests]
    for passed in positions[:: max(1, len(positions) // 10)]:
        rest = resume(uri, document, passed)
        assert rest == whole[len(whole) - len(rest) :]
    assert rest != whole


@pytest.mark.parametrize("make", [fixed_width, sheet], ids=lambda make: make.__name__)
def test_a_checkpoint_of_another_content_is_refused(
    make: Callable[[Path], tuple[str, dict[str, Any]]], tmp_path: Path
) -> None:
    uri, contract = make(tmp_path)
    document = load_contract(contract).document
    with open_source(uri, document, block_bytes=64) as source:
        source.open()
        next(source.blocks())
        passed = source.position
    content = bytearray(Path(uri).read_bytes())
    content[40] ^= 1
    Path(uri).write_bytes(content)
    with pytest.raises(CheckpointMismatchError, match="changed since the checkpoint"):
        resume(uri, document, passed)


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_ranges_of_fixed_width_are_the_whole(size: int, tmp_path: Path) -> None:
    uri, contract = fixed_width(tmp_path)
    document = load_contract(contract).document
    form = source_format(document)
    assert can_be_cut(form.dialect, compressed=False)
    with open_source(uri, document) as source:
        source.open()
        whole = read(source)
    cuts = cuts_of(0, len(LINES), size)
    starts = [find_line_starts(iter([LINES[cut.read_from : cut.stop]]), cut) for cut in cuts]
    found: Records = []
    for part in ranges_of(starts, first_line=1, stop=len(LINES)):
        blocks = range_blocks(iter([LINES[part.start : part.stop]]), part, form.records(2, None), 64)
        for chunk in (chunk for block in blocks for chunk in block.parse().chunks):
            rows = zip(*(values.to_pylist() for values in chunk.values), strict=True)
            found += zip(chunk.sound_lines.tolist(), rows, strict=True)
            found += [(int(chunk.lines[m.record]), (m.reason,)) for m in chunk.malformed]
    assert found == whole
