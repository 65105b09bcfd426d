"""The oracle's reading of dialects, pinned on the sentences of the specification."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.helpers import contract_of, outline, read_two
from tests.oracle.reader import read_source
from tests.oracle.rules import judge

ESCAPE: dict[str, Any] = {"escape": "\\"}
OVER_LINES: dict[str, Any] = {"escape": "\\", "multiline": True}
SPACES: dict[str, Any] = {"skip_initial_space": True}
TRAILING: dict[str, Any] = {"trailing_delimiter": True}
SHORT: dict[str, Any] = {"short_records": "empty"}
LENIENT: dict[str, Any] = {"quoting": "lenient"}

DIALECTS: list[tuple[str, bytes, dict[str, Any], list[tuple[int, Any]]]] = [
    ("an escape leaves the next character alone", rb"\n\,\\,b", ESCAPE, [(2, ["n,\\", "b"])]),
    ("an escaped quote is text within quotes", rb'"a\",",b', ESCAPE, [(2, ['a",', "b"])]),
    ("an escaped quote opens no value", rb'\"a,b', ESCAPE, [(2, ['"a', "b"])]),
    ("a doubled quote is no escape beside an escape", b'"a""b",c', ESCAPE, [(2, "record.quote")]),
    ("but where double_quote is true", b'"a""b\\"",c', ESCAPE | {"double_quote": True}, [(2, ['a"b"', "c"])]),
    ("double_quote may be false without an escape", b'"a""b",c', {"double_quote": False}, [(2, "record.quote")]),
    ("lenient keeps text after the closing quote", b'"a""b",c', ESCAPE | LENIENT, [(2, ['a"b"', "c"])]),
    ("an escape at a line's end is that line's fault", b"a,b\\\nc,d\n", ESCAPE, [(2, "record.quote"), (3, ["c", "d"])]),
    ("multiline takes the line end into the value", b"a\\\r\nb,c\nd,e\n", OVER_LINES,
     [(2, ["a\r\nb", "c"]), (4, ["d", "e"])]),
    ("an escaped line end to a wrong width is alone", b"a,b\\\nc,d\n", OVER_LINES, [(2, "record.quote"), (3, ["c", "d"])]),
    ("an escape at the end of the source is malformed", b"a,b\\", OVER_LINES, [(2, "record.quote")]),
    ("a pair of escapes at a line's end is one", b"a,b\\\\\nc,d\n", OVER_LINES, [(2, ["a", "b\\"]), (3, ["c", "d"])]),
    ("an escaped line end within quotes", b'"a\\\nb",c\n', OVER_LINES, [(2, ["a\nb", "c"])]),
    ("an empty value is found before its escape", rb'\N,"\N"', ESCAPE | {"empty_values": ["\\N"]}, [(2, ["\\N", "N"])]),
    ("only where the whole field is it", rb"x\N,\N ", ESCAPE | {"empty_values": ["\\N"]}, [(2, ["xN", "N "])]),
    ("the leftmost delimiter counts", b"a|||b", {"delimiter": "||"}, [(2, ["a", "|b"])]),
    ("an escape takes one character of a delimiter", rb"a\|||b", ESCAPE | {"delimiter": "||"}, [(2, ["a|", "b"])]),
    ("a long delimiter within quotes is text", b'"a||b"||c', {"delimiter": "||"}, [(2, ["a||b", "c"])]),
    ("spaces after a delimiter are none of the value", b'a,  "b,c"\na,  b \n', SPACES, [(2, ["a", "b,c"]), (3, ["a", "b "])]),
    ("spaces that begin a record are its own", b' "a",b\n', SPACES, [(2, [' "a"', "b"])]),
    ("other white space is kept", b"a,\tb\na, \tb\n", SPACES, [(2, ["a", "\tb"]), (3, ["a", "\tb"])]),
    ("an escaped space is kept", rb"a, \ b", SPACES | ESCAPE, [(2, ["a", " b"])]),
    ("a last delimiter begins no field", b"a,b,\na,b\n", TRAILING, [(2, ["a", "b"]), (3, ["a", "b"])]),
    ("one alone", b'a,b,,\na,b,""\na,b, \n', TRAILING, [(2, "record.fields"), (3, "record.fields"), (4, "record.fields")]),
    ("a last field may be empty", b"a,\na,,\n", TRAILING, [(2, ["a", ""]), (3, ["a", ""])]),
    ("an escaped last delimiter is text", rb"a,b\,", TRAILING | ESCAPE, [(2, ["a", "b,"])]),
    ("missing fields are empty", b"a\n\na,b,c\n", SHORT, [(2, ["a", ""]), (4, "record.fields")]),
    ("spaces after the last delimiter are nothing", b"a,b, \n", TRAILING | SPACES, [(2, ["a", "b"])]),
    ("but not in a record of several lines", b'"a\nb"\n', SHORT | {"multiline": True}, [(2, "record.quote"), (3, ['b"', ""])]),
    ("a comment is no record, whatever is in it", b'#a,"\n a,#\n#\xff\n\\#,b\n', ESCAPE | {"comment": "#"}, [(3, [" a", "#"]), (5, ["#", "b"])]),
    ("a comment is none within a value", b'"a\n#b",c\n', {"comment": "#", "multiline": True}, [(2, ["a\n#b", "c"])]),
    ("but is one behind a malformed line", b'"a\n#b,c\n', {"comment": "#", "multiline": True}, [(2, "record.quote")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "source", "expected"), [case[1:] for case in DIALECTS], ids=[case[0] for case in DIALECTS]
)
def test_dialects(body: bytes, source: dict[str, Any], expected: list[tuple[int, Any]]) -> None:
    assert outline(read_two(body, **source)) == expected


def test_a_header_may_end_in_a_delimiter() -> None:
    columns: list[dict[str, Any]] = [{"name": "a"}, {"name": "b"}]
    read = read_source(b"a,b,\n1,2,\n1,2\n1,2,3\n", contract_of(columns, trailing_delimiter=True))
    assert outline(read) == [(2, ["1", "2"]), (3, ["1", "2"]), (4, "record.fields")]


def test_short_records_are_warned_of() -> None:
    contract = contract_of(
        [{"name": "a"}, {"name": "b"}, {"name": "c", "required": True}], short_records="empty"
    )
    verdicts = judge(read_source(b"a,b,c\n1\n1,2,3\n", contract), contract)
    assert [(verdict.broken_errors, verdict.broken_warnings) for verdict in verdicts] == [
        (("c.required",), ("record.short",)),
        ((), ()),
    ]
