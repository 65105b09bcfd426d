"""The oracle itself, pinned on the sentences of the specification and on one file whose truth is known."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.oracle.dirt import make_case
from tests.oracle.helpers import broken, contract_of, outline, read_two
from tests.oracle.reader import RefusedError, read_source
from tests.oracle.rules import judge

MULTILINE = {"multiline": True}
LENIENT = {"quoting": "lenient"}


FRAMING: list[tuple[str, bytes, dict[str, Any], list[tuple[int, Any]]]] = [
    ("lf, crlf and lone cr each end a line", b"1,2\r3,4\r\n5,6\n", {},
     [(2, ["1", "2"]), (3, ["3", "4"]), (4, ["5", "6"])]),
    ("the last line needs no end", b"1,2", {}, [(2, ["1", "2"])]),
    ("a zero-length line is no record", b"1,2\n\n\r3,4\n", {}, [(2, ["1", "2"]), (5, ["3", "4"])]),
    ("a line of white space is a record", b" \n", {}, [(2, "record.fields")]),
    ("a doubled quote is one quote", b'"a""b",""""\n', {}, [(2, ['a"b', '"'])]),
    ("a quote inside an unquoted field is text", b'a"b,"c"\n', {}, [(2, ['a"b', "c"])]),
    ("text after a closing quote is malformed", b'"a"x,b\n1,2\n', {}, [(2, "record.quote"), (3, ["1", "2"])]),
    ("lenient keeps text after a closing quote", b'"a"x"y,b\n', LENIENT, [(2, ['ax"y', "b"])]),
    ("an open quote takes its own line alone", b'"1,2\n3,4\n', {}, [(2, "record.quote"), (3, ["3", "4"])]),
    ("one line is one record unless multiline", b'"1\n2",3\n', {}, [(2, "record.quote"), (3, ['2"', "3"])]),
    ("multiline joins lines to one value", b'"1\r\n\n2",3\n4,5\n', MULTILINE,
     [(2, ["1\r\n\n2", "3"]), (5, ["4", "5"])]),
    ("a stray quote joined to a wrong width is alone", b'"1,2\n3,4\n"5",6\n', MULTILINE,
     [(2, "record.quote"), (3, ["3", "4"]), (4, ["5", "6"])]),
    ("a stray quote that closes before text is alone", b'"1,2\n3,4\n"5,6\n', MULTILINE,
     [(2, "record.quote"), (3, ["3", "4"]), (4, "record.quote")]),
    ("lenient joins up to a quote before text", b'"1,2\n3,4\n"5,6\n', MULTILINE | LENIENT,
     [(2, ["1,2\n3,4\n5", "6"])]),
    ("a quote open at the end of the file is alone", b'"1,2\n3,4\n', MULTILINE,
     [(2, "record.quote"), (3, ["3", "4"])]),
    ("the first line that closes decides", b'"1\n2"\n3",4\n', MULTILINE,
     [(2, "record.quote"), (3, "record.fields"), (4, ['3"', "4"])]),
    ("another number of fields is malformed", b"1\n1,2,3\n,\n", {},
     [(2, "record.fields"), (3, "record.fields"), (4, ["", ""])]),
    ("bad bytes are their own record's fault", b"1,\xff\n3,4\n", {}, [(2, "record.encoding"), (3, ["3", "4"])]),
    ("encoding is blamed before fields", b"\xff\n", {}, [(2, "record.encoding")]),
    ("quote is blamed before encoding", b'"a"x,\xff\n', {}, [(2, "record.quote")]),
    ("without quotes a quote is text", b'"a,b"\n', {"quote": None}, [(2, ['"a', 'b"'])]),
    ("a nul is text", b"a\x00,b\n", {}, [(2, ["a\x00", "b"])]),
    ("a later byte order mark is text", b'\xef\xbb\xbf"a",b\n', {}, [(2, ['\ufeff"a"', "b"])]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "source", "expected"), [case[1:] for case in FRAMING], ids=[c[0] for c in FRAMING]
)
def test_framing(body: bytes, source: dict[str, Any], expected: list[tuple[int, Any]]) -> None:
    assert outline(read_two(body, **source)) == expected


def test_a_record_may_join_a_thousand_lines_and_no_more() -> None:
    kept = read_two(b'"' + b"\n" * 999 + b'",x\n', multiline=True)
    passed = read_two(b'"' + b"\n" * 1_000 + b'",x\n', multiline=True)
    assert [record.line_count for record in kept.records] == [1_000]
    assert outline(passed) == [(2, "record.quote"), (1_002, "record.quote")]
    assert passed.blank_lines == 999


def test_a_record_may_join_a_mebibyte_and_no_more() -> None:
    kept = read_two(b'"1\n' + b"x" * 1_000_000 + b'",2\n', multiline=True)
    passed = read_two(b'"1\n' + b"x" * 1_100_000 + b'",2\n', multiline=True)
    assert [record.malformed for record in kept.records] == [None]
    assert outline(passed)[0] == (2, "record.quote")


def test_too_long_is_blamed_before_everything() -> None:
    columns = [{"name": "a"}, {"name": "b"}]
    read = read_source(b'a,b\n"\xff2345\n1,2\n', contract_of(columns), max_bytes=5)
    assert outline(read) == [(2, "record.too_long"), (3, ["1", "2"])]


def test_header_and_records_hold_every_byte_but_blank_lines() -> None:
    read = read_source(b"\xef\xbb\xbfa,b\r\n1,2\n\n3\r", contract_of([{"name": "a"}, {"name": "b"}]))
    assert read.header == b"\xef\xbb\xbfa,b\r\n"
    assert [record.raw for record in read.records] == [b"1,2\n", b"3\r"]
    assert (read.blank_lines, read.lines) == (1, 4)


def test_a_zero_length_line_is_a_record_of_one_column() -> None:
    read = read_source(b"a\n\nx\n", contract_of([{"name": "a", "required": True}]))
    assert outline(read) == [(2, [""]), (3, ["x"])]
    assert read.blank_lines == 0


@pytest.mark.parametrize(
    ("mode", "header", "expected"),
    [
        ("exact", b"a,b", {"a": 0, "b": 1}),
        ("exact", b"b,a", None),
        ("exact", b"a,b,c", None),
        ("any_order", b"b,a", {"a": 1, "b": 0}),
        ("any_order", b"b,a,c", None),
        ("by_name", b'c,"b",a', {"a": 2, "b": 1}),
        ("by_name", b"b,c", None),
        ("exact", b"A,b", None),
    ],
)
def test_header_modes(mode: str, header: bytes, expected: dict[str, int] | None) -> None:
    contract = contract_of([{"name": "a"}, {"name": "b"}], header=mode)
    if expected is None:
        with pytest.raises(RefusedError):
            read_source(header + b"\n", contract)
        return
    assert read_source(header + b"\n", contract).positions == expected


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ({"type": "digits"}, "007", "٣"),
        ({"type": "digits"}, "0", "+1"),
        ({"type": "integer"}, "+3", "1.0"),
        ({"type": "decimal"}, "-1.5e3", "NaN"),
        ({"type": "boolean"}, "tRUE", "yes"),
        ({"type": "date"}, "2024-02-29", "2023-02-29"),
        ({"type": "date", "format": "%-d.%-m.%y"}, "9.10.69", "09.10.69"),
        ({"type": "date", "format": ["%d %b %Y", "%Y-%m-%d"]}, "03 FEB 2024", "3 Feb 2024"),
        ({"type": "date", "format": "%a %Y-%m-%d"}, "Wed 2024-01-31", "Tue 2024-01-31"),
        ({"type": "time"}, "23:59:59", "9:00:00"),
        ({"type": "time", "format": "%I:%M %p"}, "12:00 am", "13:00 PM"),
        (
            {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%S%z"},
            "2024-01-01T00:00:00+05:30",
            "2024-01-01T00:00:00",
        ),
        ({"type": "duration"}, "100:59:59", "1:60:00"),
    ],
)
def test_types(column: dict[str, Any], good: str, bad: str) -> None:
    assert broken(column, good) == []
    assert broken(column, bad) == ["type"]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ({"required": True}, " \t", ["required"]),
        ({"required": True}, "NULL", ["required"]),
        ({"type": "digits", "min_length": 3, "allowed": ["1"]}, " ", []),
        ({"type": "digits", "min_length": 3, "allowed": ["1"]}, "x", ["type"]),
        (
            {"max_length": 1, "pattern": "[a-z]+", "min_length": 3},
            "AB",
            ["max_length", "pattern", "min_length"],
        ),
        ({"type": "integer", "min": -1, "max": 3}, "4", ["max"]),
        ({"type": "integer", "min": -1, "max": 3}, "-1", []),
        ({"type": "digits", "max": 10}, "0010", []),
        ({"type": "time", "min": "08:00:00"}, "07:59:59", ["min"]),
        ({"pattern": "b"}, "abc", ["pattern"]),
        ({"allowed": ["Yes"]}, "yes", ["allowed"]),
        ({"allowed": ["Yes"], "ignore_case": True}, "yES", []),
        ({"lookup": {"file": "l.csv", "column": "k"}}, "out", ["lookup"]),
        ({"lookup": {"file": "l.csv", "column": "k"}}, "in", []),
    ],
)
def test_value_rules(column: dict[str, Any], value: str, expected: list[str]) -> None:
    assert broken(column, value, empty_values=["", "NULL"]) == expected


def test_unique_blames_later_ones_and_skips_blank_malformed_and_mistyped() -> None:
    columns: list[dict[str, Any]] = [
        {"name": "k", "type": "digits", "unique": True},
        {"name": "v", "allowed": ["y"]},
    ]
    contract = contract_of(columns, {"name": "pair", "unique": ["k", "v"]}, header="none")
    verdicts = judge(read_source(b"1,n\n1,y\n1\n,y\n,y\nx,y\nx,y\n1,y\n", contract), contract)
    assert [verdict.broken_errors for verdict in verdicts] == [
        ("v.allowed",), ("k.unique",), ("record.fields",), (), (), ("k.type",), ("k.type", "pair"),
        ("k.unique", "pair"),
    ]  # fmt: skip


def test_a_warning_leaves_the_record_accepted() -> None:
    contract = contract_of(
        [{"name": "a", "max_length": 1, "pattern": "[a-z]*", "severity": {"pattern": "warn"}}]
    )
    first, second = judge(read_source(b"a\nA\nAB\n", contract), contract)
    assert (first.accepted, first.broken_errors, first.broken_warnings) == (True, (), ("a.pattern",))
    assert (second.accepted, second.broken_errors, second.broken_warnings) == (
        False,
        ("a.max_length",),
        ("a.pattern",),
    )


EXPRESSION_COLUMNS: list[dict[str, Any]] = [
    {"name": "n", "type": "integer"}, {"name": "t", "type": "time"}, {"name": "d", "type": "date"},
    {"name": "s"}, {"name": "bad one", "type": "integer"}, {"name": "none"}, {"name": "g", "type": "digits"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        ("n == 7 and s == 'ab'", True),
        ("0 < n < 7", False),
        ("n / 0 > 1", True),
        ("1 + 2 * 3 == n", True),
        ("-n + 7 != 0", False),
        ("t >= '08:30:00'", True),
        ("seconds(t - t) == 0 and seconds(t) == 30600", True),
        ("days(d - d) == 0 and weekday(d) == 2", True),
        ("d < '2024-01-31'", False),
        ("`bad one` > 0", True),
        ("empty(`bad one`)", False),
        ("empty(none)", True),
        ("none == 'x'", True),
        ("not (none == 'x')", True),
        ("none == 'x' and n == 0", False),
        ("none == 'x' or n == 0", True),
        ("s in ['x', 'ab']", True),
        ("s in ['x', 'y']", False),
        ("g + s == '007ab'", True),
        ("g == '7'", False),
        ("length(left(s, 1)) == 1 and right(upper(s), 1) == 'B'", True),
        ("matches(s, '[a-z]')", False),
        ("coalesce(none, s) == 'ab'", True),
        ("abs(0 - n) == 7 and lower('AB') == s", True),
    ],
)
def test_expressions(check: str, holds: bool) -> None:  # noqa: FBT001 - a table's column
    contract = contract_of(EXPRESSION_COLUMNS, {"name": "r", "check": check}, header="none")
    [verdict] = judge(read_source(b"7,08:30:00,2024-01-31,ab,x,,007\n", contract), contract)
    assert ("r" not in verdict.broken_errors) is holds


@pytest.mark.parametrize(
    ("when", "asked"), [("s == 'ab'", True), ("s == 'x'", False), ("none == 'x'", False)]
)
def test_a_rule_is_asked_only_when_its_condition_is_known_to_hold(when: str, asked: bool) -> None:  # noqa: FBT001
    contract = contract_of(EXPRESSION_COLUMNS, {"name": "r", "when": when, "check": "n == 0"}, header="none")
    [verdict] = judge(read_source(b"7,08:30:00,2024-01-31,ab,1,,007\n", contract), contract)
    assert (verdict.broken_errors == ("r",)) is asked


def test_a_seed_always_makes_the_same_case() -> None:
    assert make_case(random.Random(5)) == make_case(random.Random(5))
    assert make_case(random.Random(5)) != make_case(random.Random(6))
