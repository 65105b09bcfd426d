"""Every record of random text is read as the slow reader reads it, in blocks and chunks of any size."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callcenter_etl import load_contract
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.source_formats import open_source
from tests.dialects.splitter import Read, Style, read

DELIMITERS = (",", "||", "§", ", ", "|a|", "\t")
ESCAPES = (None, "\\", "^", "¬")
VERBATIM = ("\\N", "^N", "\\", "\\\\", "a\\N", "¬N")


def source_keys(style: Style) -> dict[str, Any]:
    default = asdict(Style())
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(style).items()
        if value != default[key]
    }


def contract_of(style: Style, fields: int) -> Any:
    columns = [{"name": f"c{at}"} for at in range(fields)]
    source = source_keys(style) | {"header": "none"}
    return load_contract({"contract": "c", "source": source, "columns": columns})


def read_by_product(
    path: Path, style: Style, fields: int, *, block_bytes: int, chunk_rows: int
) -> list[Read]:
    document = contract_of(style, fields).document
    found: list[Read] = []
    with open_source(str(path), document, block_bytes=block_bytes, chunk_rows=chunk_rows) as source:
        assert source.open().problems == ()
        for block in source.blocks():
            for chunk in block.parse().chunks:
                found.extend(records_of(chunk))
        source.check_unchanged()
    return found


def records_of(chunk: Any) -> list[Read]:
    values = list(zip(*(column.to_pylist() for column in chunk.values), strict=True))
    by_record = dict(zip(chunk.sound.tolist(), values, strict=True))
    short = set() if chunk.short is None else set(chunk.sound[np.flatnonzero(chunk.short)].tolist())
    rules = {m.record: STRUCTURAL_RULES[m.status] for m in chunk.malformed}
    return [
        Read(
            int(chunk.lines[at]),
            int(chunk.line_counts[at]),
            by_record.get(at),
            rules.get(at, ""),
            at in short,
        )
        for at in range(len(chunk))
    ]


@st.composite
def styles(draw: st.DrawFn) -> Style:
    delimiter = draw(st.sampled_from(DELIMITERS))
    escape = draw(st.sampled_from(ESCAPES))
    lenient = draw(st.booleans())
    return Style(
        delimiter=delimiter,
        quote=draw(st.sampled_from(['"', '"', '"', "'", "«", None])),
        escape=escape,
        double_quote=draw(st.sampled_from([None, None, True, False])),
        skip_initial_space=draw(st.booleans()),
        quoting="lenient" if lenient else "strict",
        multiline=draw(st.booleans()),
        trailing_delimiter=draw(st.booleans()),
        short_records=draw(st.sampled_from(["malformed", "empty"])),
        empty_values=("", *draw(st.lists(st.sampled_from(VERBATIM), max_size=2, unique=True))),
    )


@st.composite
def texts(draw: st.DrawFn, style: Style) -> str:
    marks = [
        style.delimiter,
        style.delimiter,
        style.delimiter[0],
        "\n",
        "\n",
        "\r\n",
        "\r",
        " ",
        "a",
        "b",
        "N",
        "é",
    ]
    marks += [mark * 1 for mark in (style.quote, style.escape) if mark is not None] * 2
    marks += [style.delimiter + " "] if style.skip_initial_space else []
    marks += list(style.empty_values)
    marks += ["\x01"] if draw(st.booleans()) else []
    return "".join(draw(st.lists(st.sampled_from(marks), min_size=1, max_size=60))) or "a"


def cleared(text: str, style: Style) -> str:
    # A quote after a backslash has a meaning of its own in lenient joining, where no escape is declared.
    undeclared = style.quoting == "lenient" and style.multiline and style.escape is None
    return text.replace("\\", "/") if undeclared else text


@st.composite
def cases(draw: st.DrawFn) -> tuple[Style, str, int]:
    style = draw(styles())
    return style, cleared(draw(texts(style)), style), draw(st.integers(1, 4))


@settings(max_examples=300, deadline=None)
@given(case=cases(), chunk_rows=st.sampled_from([1, 2, 3, 1000]))
@example(case=(Style(escape="\\", multiline=True), "a\\\nb,c\n", 2), chunk_rows=1)
@example(case=(Style(escape="\\", empty_values=("\\N",)), '\\N,"\\N",a\\N\n', 3), chunk_rows=1)
@example(case=(Style(skip_initial_space=True), 'a, "b, c",  d\n', 3), chunk_rows=1)
@example(case=(Style(delimiter="||"), "a|||b\n", 2), chunk_rows=1)
def test_random_text_is_read_as_by_the_slow_reader(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[Style, str, int], chunk_rows: int
) -> None:
    style, text, fields = case
    path = tmp_path_factory.getbasetemp() / "dialect.csv"
    path.write_bytes(text.encode("utf-8"))
    expected = list(read(text, style, fields))
    for block_bytes in (1, 7, 64, 1 << 22):
        found = read_by_product(path, style, fields, block_bytes=block_bytes, chunk_rows=chunk_rows)
        assert found == expected, (style, text, block_bytes)


def test_a_long_block_with_few_escapes_is_read_as_by_the_slow_reader(tmp_path: Path) -> None:
    style = Style(escape="\\", empty_values=("", "\\N"))
    rare = ['1,"a\\"b"\n', "2,c\\,d\n", "3,\\N\n", "4,e\\\n", "\\5,f\\g\n"]
    text = "".join("123456,plain text without any mark\n" * 200 + line for line in rare)
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    found = read_by_product(path, style, 2, block_bytes=1 << 22, chunk_rows=1000)
    assert found == list(read(text, style, 2))
    assert {record.values for record in found} > {("1", 'a"b'), ("2", "c,d"), ("3", "\\N"), ("5", "fg")}
