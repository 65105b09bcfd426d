"""Values that a dialect can hold are written so that the slow reader and the product read them back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from callcenter_etl.sources.dialect import dialect_of
from callcenter_etl.sources.field_text import LINE_BREAKS, can_hold, record_text
from tests.dialects.splitter import Style, read
from tests.dialects.test_reading_of_dialects import contract_of, read_by_product, styles

VALUES = st.text(st.sampled_from(list(" ,|§a\t\"'«\\^¬N\n\rb")), max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    style=styles(),
    values=st.lists(VALUES, min_size=2, max_size=3),
    comment=st.sampled_from([None, "b", "bN", "N ", "bb,b"]),
)
def test_written_values_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, style: Style, values: list[str], comment: str | None
) -> None:
    style = replace(style, comment=comment)
    # Undeclared backslashes before quotes keep lenient lines from being joined.
    assume(style.escape is not None or style.quoting == "strict" or "\\" not in "".join(values))
    dialect = dialect_of(contract_of(style, len(values)).document)
    breaks = any(mark in value for value in values for mark in LINE_BREAKS)
    assume(not breaks or style.multiline)
    assume(all(can_hold(value, dialect, first=not at) for at, value in enumerate(values)))
    text = record_text(values, dialect) + "\n"
    # The slow reader has no comments: a record of which the text begins with one is lost, if no value can hide it.
    assume(comment is None or style.quote is not None or style.escape is not None)
    assert comment is None or not text.startswith(comment)
    assert [record.values for record in read(text, style, len(values))] == [tuple(values)]
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes(text.encode("utf-8"))
    found = read_by_product(path, style, len(values), block_bytes=1 << 20, chunk_rows=10)
    assert [record.values for record in found] == [tuple(values)]


@pytest.mark.parametrize(
    ("style", "value"),
    [
        (Style(quote=None), "a,b"),
        (Style(quote=None), "a\nb"),
        (Style(double_quote=False), 'a,"b'),
        (Style(double_quote=False), '"b'),
        (Style(quote=None, skip_initial_space=True), " a"),
        (Style(quote=None, escape="\\", multiline=True), "a\r"),
    ],
)
def test_a_value_that_no_field_can_hold_is_known(style: Style, value: str, tmp_path: Path) -> None:
    dialect = dialect_of(contract_of(style, 2).document)
    assert not can_hold(value, dialect, first=False)
    text = record_text(["x", value], dialect) + "\n"
    assert [record.values for record in read(text, style, 2)] != [("x", value)]
