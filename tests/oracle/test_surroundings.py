"""The oracle's reading of what is around the records, pinned on the sentences of the specification."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.helpers import contract_of, outline
from tests.oracle.reader import ReadResult, RefusedError, read_source

TOTAL = {"lines": 1, "match": "Total;(?P<n>[0-9]+)"}
COLUMNS: list[dict[str, Any]] = [{"name": "a b"}, {"name": "c"}]


def read(data: bytes, **source: Any) -> ReadResult:
    return read_source(data, contract_of(COLUMNS, **source))


def test_all_of_them_together() -> None:
    found = read(
        b"\xef\xbb\xbfReport 2024\r\n#x\n\na,c\n\n#y\nb,\n--\n1,2\n\n#z\nTotal;7\n\n#end",
        preamble={"lines": 2, "match": ["Report (?P<year>[0-9]+)", ""]},
        header_lines=2,
        after_header={"lines": 1, "match": "-+"},
        comment="#",
        footer=TOTAL,
    )
    assert found.header == b"\xef\xbb\xbfa,c\nb,\n"
    assert outline(found) == [(9, ["1", "2"])]
    assert found.counts == {
        "preamble": (2, 14),
        "header": (2, 7),
        "after_header": (1, 3),
        "comments": (4, 13),
        "footer": (1, 8),
        "blank": (3, 3),
    }
    assert found.values == {"preamble": {"year": "2024"}, "footer": {"n": "7"}}
    assert (found.lines, found.blank_lines, found.problems) == (14, 3, frozenset())


HEADER = b"a b,c\n"
REFUSED: list[tuple[str, bytes, dict[str, Any], str]] = [
    ("a preamble line that does not match", b"x\n" + HEADER, {"preamble": {"lines": 1, "match": "y"}}, "file.preamble"),
    ("a preamble that is not there", b"x\n", {"preamble": {"lines": 2}}, "file.preamble"),
    ("a preamble of which the second line does not match", b"y\nx\n" + HEADER,
     {"preamble": {"lines": 2, "match": "y", "optional": True}}, "file.preamble"),
    ("a value of another type", b"y x\n" + HEADER,
     {"preamble": {"lines": 1, "match": "y (?P<n>.*)", "fields": {"n": "integer"}}}, "file.preamble"),
    ("a preamble without end", b"x\n" * 1_001 + HEADER, {"preamble": {"until": "a b.*"}}, "file.preamble"),
    ("another line after the header", HEADER + b"1,2\n", {"after_header": {"lines": 1, "match": "-"}}, "file.after_header"),
    ("undecodable bytes in a line with a pattern", b"\xff\n" + HEADER, {"preamble": {"lines": 1, "match": ".*"}}, "file.preamble"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "source", "rule"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused(data: bytes, source: dict[str, Any], rule: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        read(data, **source)
    assert refusal.value.rule == rule


def test_until_is_the_header() -> None:
    found = read(b"x\n\ny\na b,c\n1,2\n", preamble={"until": "a b.*"})
    assert (found.counts["preamble"], outline(found)) == ((3, 5), [(5, ["1", "2"])])


def test_what_is_optional_may_be_absent() -> None:
    optional = {"lines": 1, "match": "-", "optional": True}
    found = read(HEADER + b"1,2\n", preamble=optional, after_header=optional, footer=optional)
    assert (outline(found), found.problems) == ([(2, ["1", "2"])], frozenset())


@pytest.mark.parametrize(
    ("body", "records", "footer", "is_broken"),
    [
        (b"1,2\nTotal;7\n", [(2, ["1", "2"])], 1, False),
        (b"1,2\nTotal;7\n3,4\n", [(2, ["1", "2"]), (3, "record.fields"), (4, ["3", "4"])], 0, True),
        (b"Total;7", [], 1, False),
        (b"", [], 0, True),
        (b"1,2\nTotal;", [(2, ["1", "2"]), (3, "record.fields")], 0, True),
        (b"1,2\nTotal;7\n\n\n", [(2, ["1", "2"])], 1, False),
    ],
)
def test_footers(body: bytes, records: list[Any], footer: int, is_broken: bool) -> None:  # noqa: FBT001 - a table's column
    found = read(HEADER + body, footer=TOTAL)
    assert outline(found) == records
    assert (found.counts["footer"][0], found.problems) == (
        footer,
        {"file.footer"} if is_broken else frozenset(),
    )


def test_a_footer_ends_an_open_quote() -> None:
    found = read(HEADER + b'"1,2\n3,4\nTotal;7\n', footer=TOTAL, multiline=True)
    assert outline(found) == [(2, "record.quote"), (3, ["3", "4"])]


def test_a_mistyped_value_of_a_footer_is_a_problem_and_the_line_its_footer() -> None:
    footer = {"lines": 1, "match": "End (?P<d>.*)", "fields": {"d": {"type": "date", "format": "%d.%m.%Y"}}}
    found = read(HEADER + b"End 31.02.2024\n", footer=footer)
    assert (found.counts["footer"][0], outline(found), found.problems) == (1, [], frozenset({"file.footer"}))


@pytest.mark.parametrize(
    ("header", "columns", "source", "expected"),
    [
        (b"a,x,b", [{"name": "a"}, {"name": "b"}], {"unexpected_columns": "ignore"}, {"a": 0, "b": 2}),
        (b"b,x,a", [{"name": "a"}, {"name": "b"}], {"unexpected_columns": "ignore"}, None),
        (b"a,x,b", [{"name": "a"}, {"name": "b"}], {"header": "any_order"}, None),
        (b"b", [{"name": "a", "optional": True}, {"name": "b"}], {"header": "any_order"}, {"b": 0}),
        (b"n,k,n", [{"name": "k"}, {"name": "p", "header": "n"}, {"name": "q", "header": "n"}], {"header": "by_name"},
         {"k": 1, "p": 0, "q": 2}),
        (b"n,k,n", [{"name": "k"}, {"name": "p", "header": "n"}], {"header": "by_name"}, None),
    ],
)  # fmt: skip
def test_places(
    header: bytes, columns: list[dict[str, Any]], source: dict[str, Any], expected: dict[str, int] | None
) -> None:
    contract = contract_of(columns, **source)
    if expected is None:
        with pytest.raises(RefusedError):
            read_source(header + b"\n", contract)
        return
    assert read_source(header + b"\n", contract).positions == expected
