"""A source in another encoding than declared is refused with the name of what its bytes are."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate

TEXT = "id,name,note\n" + "".join(f"{number},n{number},text\n" for number in range(50))


def problems(data: bytes, encoding: str, folder: Path, *, header: str = "exact") -> list[dict[str, str]]:
    """Return the problems of a source that is read in an encoding."""
    columns = [{"name": name} for name in ("id", "name", "note")]
    source = {"encoding": encoding, "header": header}
    document = {"contract": "c", "version": "1.0.0", "source": source, "columns": columns}
    (folder / "s.csv").write_bytes(data)
    summary = validate(str(folder / "s.csv"), load_contract(document), output=str(folder / "out")).summary
    found: list[dict[str, str]] = summary["problems"]
    return found


WRITTEN = [
    ("utf-16-le", b"", "utf-8", "utf-16-le"),
    ("utf-16-be", b"", "utf-8", "utf-16-be"),
    ("utf-32-le", b"", "cp1252", "utf-32-le"),
    ("utf-32-be", b"", "utf-8", "utf-32-be"),
    ("utf-16-le", codecs.BOM_UTF16_LE, "utf-8", "utf-16"),
    ("utf-32-be", codecs.BOM_UTF32_BE, "latin-1", "utf-32"),
    ("utf-8", b"", "utf-16", "utf-8"),
    ("utf-8", codecs.BOM_UTF8, "utf-16-le", "utf-8"),
    ("utf-8", b"", "utf-16-be", "utf-8"),
    ("utf-16-be", b"", "utf-16-le", "utf-16-be"),
    ("utf-16-le", b"", "utf-16", "utf-16-le"),
    ("utf-32-le", b"", "utf-16-le", "utf-32-le"),
]


@pytest.mark.parametrize(("written", "mark", "declared", "named"), WRITTEN)
def test_the_problem_names_what_the_bytes_show(
    written: str, mark: bytes, declared: str, named: str, tmp_path: Path
) -> None:
    for header, text in (("exact", TEXT), ("none", TEXT.partition("\n")[2])):
        (problem,) = problems(mark + text.encode(written), declared, tmp_path, header=header)
        assert problem["rule"] == "header.encoding"
        assert f"declare source.encoding: {named}," in problem["message"]


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-32"), "utf-32"),
        ("id,name,note\n漢,字,漢字\n".encode("utf-16-be"), "utf-16-be"),
        (b"id,name,note\n\0\0\0,\0,x\n", "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
    ],
)
def test_what_is_declared_rightly_is_read(data: bytes, declared: str, tmp_path: Path) -> None:
    assert problems(data, declared, tmp_path) == []


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (b"1\0,\0n\0\0\0,x\0\n\0" * 20, "utf-8"),  # as UTF-16 it holds NULs too: it is no text of that
        (b"1\0,\0" * 20, "utf-8"),  # no line ends
        (codecs.BOM_UTF16_LE + b"1,n,x\n" * 50, "cp1252"),  # two letters
        (b"1\0,n\0,x\0\n" * 20, "utf-8"),
    ],
)
def test_nul_without_a_header_is_text_unless_all_of_it_is_of_another_encoding(
    data: bytes, declared: str, tmp_path: Path
) -> None:
    assert problems(data, declared, tmp_path, header="none") == []


@pytest.mark.parametrize("above", ["sep=,", "Daily call report", "Report: Hyderabad\r\nPeriod 2025-01-01"])
def test_a_title_above_the_header_is_named(above: str, tmp_path: Path) -> None:
    (problem,) = problems(f"{above}\r\n{TEXT}".encode(), "utf-8", tmp_path)
    line = above.count("\n") + 2
    assert problem["rule"] == "header.missing"
    assert problem["message"].startswith(f"the header is on line {line}, not on line 1, which is ")
