"""No accepted value is lost: each stands in its column in its type, or as text in `_unconverted`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl import load_contract
from callcenter_etl.contract.datetime_formats import parse_value
from callcenter_etl.contract.duration_formats import parse_duration
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import AccountingError
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.writers.tables.arrow_schema import EXTRA_COLUMNS, UNCONVERTED, table_schema
from callcenter_etl.writers.tables.type_conversion import ConversionPlan, cast_records

EPOCH, MIDNIGHT_OF = datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)
PATIENT = settings(deadline=None)  # the first example of a process imports pandas
SIGN = st.sampled_from(["", "+", "-"])
DIGITS = st.text("0123456789", min_size=1, max_size=45)
FEW = st.text("0123456789", max_size=25)
INTEGERS = st.one_of(
    st.integers(-(2**64), 2**64).map(str), st.builds("{}{}".format, SIGN, DIGITS), st.just(str(2**63))
)
DECIMALS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.builds("{}{}.{}".format, SIGN, DIGITS, FEW),
    st.builds("{}{}e{}".format, SIGN, FEW.filter(bool), st.integers(-60, 60)),
    st.sampled_from([".5", "5.", "-0", "0e99", "1e-99999999999999999999", "0.0000000000000000010", "1E+5"]),
)
DATES = st.dates().map(str)
TIMES = st.times().map(lambda at: f"{at:%H:%M:%S}")
MOMENTS = st.datetimes().map(lambda at: f"{at:%Y}".zfill(4) + f"{at:-%m-%d %H:%M:%S}")
OFFSETS = st.sampled_from(["Z", "+0530", "-11:45", "+00:00", "-2359", "+00", "-05"])
DURATIONS = st.builds(
    "{}:{:02}:{:02}".format,
    st.one_of(st.integers(0, 400), st.integers(0, 10**12), st.just(2_500_000_000)),
    st.integers(0, 59),
    st.integers(0, 59),
)
BLANK = st.sampled_from(["", " ", "\t ", "NULL"])
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=12)


def document_of(*columns: dict[str, Any], **source: Any) -> ContractDocument:
    empty = {"empty_values": ["", "NULL"], **source}
    return load_contract({"contract": "c", "source": empty, "columns": list(columns)}).document


def chunk_of(document: ContractDocument, *values: list[str]) -> ChunkColumns:
    texts = [pa.array(each, type=pa.string()) for each in values]
    return ChunkColumns(
        columns={column.name: column for column in document.columns},
        empty_values=tuple(document.source.empty_values),
        texts=dict(zip([column.name for column in document.columns], texts, strict=False)),
        lines=np.arange(len(values[0])),
    )


def cast(column: dict[str, Any], values: list[str]) -> list[dict[str, Any]]:
    """Cast the values of one column, those accepted that the column's type accepts (all, where it only warns)."""
    document = document_of({"name": "v", **column})
    columns = chunk_of(document, values)
    accepted = ~columns.type_broken("v")
    if column.get("severity") == "warn":
        accepted = np.ones(len(values), dtype=bool)
    names = tuple(each.name for each in document.columns)
    typed = ConversionPlan.of(document, ColumnLayout(names, {"v": 0}))
    batch = cast_records(typed, columns, tuple(columns.texts.values()), accepted)
    assert batch.schema.equals(table_schema(document), check_metadata=True)
    batch.validate(full=True)
    texts = [value for value, good in zip(values, accepted, strict=True) if good]
    raw = batch.column("v")
    if pa.types.is_timestamp(raw.type) or pa.types.is_duration(raw.type):
        raw = raw.view(pa.int64())  # Python's own hold fewer years
    unconverted = (
        batch.column(UNCONVERTED).to_pylist() if UNCONVERTED in batch.schema.names else [None] * len(texts)
    )
    return [
        {"text": text, "value": value, "unconverted": dict(rest or {})}
        for text, value, rest in zip(texts, raw.to_pylist(), unconverted, strict=True)
    ]


def kept(column: dict[str, Any], values: list[str], read: Callable[[str], Any]) -> list[dict[str, Any]]:
    """Hold that each value is null where empty, else what `read` gives, else in `_unconverted`; give those."""
    rest = []
    for record in cast(column, values):
        text = record["text"]
        if text == "NULL" or not text.strip():
            assert record["value"] is None
            assert record["unconverted"] == {}
        elif record["unconverted"]:
            assert record["unconverted"] == {"v": text}
            assert record["value"] is None
            rest.append(record)
        else:
            assert record["value"] == read(text)
    return rest


def mixed(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.one_of(values, BLANK, ANYTHING), max_size=12)


@PATIENT
@given(mixed(INTEGERS))
def test_integers_are_exact_and_those_beyond_int64_stand_as_text(values: list[str]) -> None:
    for record in kept({"type": "integer"}, values, int):
        assert not -(2**63) <= int(record["text"]) < 2**63


@PATIENT
@given(mixed(INTEGERS))
def test_integers_of_wide_bounds_are_exact_to_38_digits(values: list[str]) -> None:
    column = {"type": "integer", "min": -(10**37), "max": 10**37}
    inside = [value for value in values if not value.lstrip("+-").isdecimal() or abs(int(value)) <= 10**37]
    assert kept(column, inside, int) == []


@PATIENT
@given(mixed(INTEGERS))
def test_bounded_integers_need_no_second_place(values: list[str]) -> None:
    column = {"type": "integer", "min": -(2**63), "max": 2**63 - 1}
    assert UNCONVERTED not in table_schema(document_of({"name": "v", **column})).names
    inside = [
        value for value in values if not value.lstrip("+-").isdecimal() or -(2**63) <= int(value) < 2**63
    ]
    assert kept(column, inside, int) == []


@PATIENT
@given(mixed(DECIMALS), st.sampled_from([{}, {"min": "0", "max": "1e25"}]))
def test_decimals_keep_every_digit(values: list[str], bounds: dict[str, str]) -> None:
    scale = 12 if bounds else 18
    for record in kept({"type": "decimal", **bounds}, values, Decimal):
        try:
            number = Decimal(record["text"])
        except InvalidOperation:
            continue
        _, digits, exponent = number.as_tuple()
        assert isinstance(exponent, int)
        plain = "".join(map(str, digits)).rstrip("0")
        exponent += len(digits) - len(plain)
        assert plain
        assert exponent < -scale or len(plain) + exponent > 38 - scale


def test_a_number_too_small_for_any_decimal_is_not_nought() -> None:
    tiny = "1e-99999999999999999999"
    found = cast({"type": "decimal"}, ["0", tiny, "0e-99999999999999999999", "-0.0"])
    assert [record["value"] for record in found] == [0, None, 0, 0]
    assert [record["unconverted"] for record in found] == [{}, {"v": tiny}, {}, {}]


def of_kind(kind: str, *formats: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        found = parse_value(kind, text, formats)
        assert found is not None
        return found

    return read


def in_format(text: str, fmt: str) -> str:
    try:
        return date.fromisoformat(text).strftime(fmt)
    except ValueError:
        return text


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("€1.234,50", "1234.50"),
        ("-€1.234.567,8", "-1234567.8"),
        ("€-12", "-12"),
        ("1,5e3 EUR", "1500"),
        ("0,0000000000000000001", None),
        ("1.234.567.890.123.456.789.012,5", None),
        ("1e-99999999999999999999", None),
    ],
)
def test_a_number_in_its_own_notation_is_exact_and_stays_as_its_text_where_it_does_not_fit(
    written: str, number: str | None
) -> None:
    column = {"type": "decimal", "decimal": ",", "thousands": ".", "prefix": "€", "suffix": " EUR"}
    for record in cast(column, [written, "7"])[:1]:
        assert record["value"] == (None if number is None else Decimal(number))
        assert record["unconverted"] == ({"v": written} if number is None else {})


def test_integers_with_separators_are_integers() -> None:
    column = {"type": "integer", "thousands": ",", "prefix": "#"}
    values = ["1,234", "#-7", "007", "9,223,372,036,854,775,808"]
    assert [record["value"] for record in cast(column, values)] == [1234, -7, 7, None]
    assert cast(column, values)[3]["unconverted"] == {"v": values[3]}


def test_words_of_a_boolean_are_booleans() -> None:
    column = {"type": "boolean", "true_values": ["Y", "1"], "false_values": ["N", "0"]}
    values = ["Y", "N", "", "0", "1"]
    assert [record["value"] for record in cast(column, values)] == [True, False, None, False, True]
    folded = {"type": "boolean", "true_values": ["ΝΑΙ"], "false_values": ["όχι"], "ignore_case": True}
    assert [record["value"] for record in cast(folded, ["ναι", "ΌΧΙ", "Ναι"])] == [True, False, True]


@PATIENT
@given(mixed(DATES), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%-d/%-m/%y", "%d %b %Y"]))
def test_dates_are_dates(values: list[str], fmt: str) -> None:
    def read(text: str) -> date:
        return (EPOCH + timedelta(microseconds=of_kind("date", fmt)(text))).date()

    written = [in_format(each, fmt) for each in values]
    assert kept({"type": "date", "format": fmt}, written, read) == []


@PATIENT
@given(mixed(st.builds("{}{}".format, TIMES, st.one_of(st.just(""), OFFSETS))))
def test_times_are_times_of_the_day_in_utc(values: list[str]) -> None:
    formats = ["%H:%M:%S", "%H:%M:%S%z"]

    def read(text: str) -> time:
        return (MIDNIGHT_OF + timedelta(microseconds=of_kind("time", *formats)(text))).time()

    assert kept({"type": "time", "format": formats}, values, read) == []


@PATIENT
@given(values=mixed(st.builds("{}{}".format, MOMENTS, st.one_of(st.just(""), OFFSETS))), offset=st.booleans())
def test_moments_are_exact_from_the_year_1_to_9999(values: list[str], *, offset: bool) -> None:
    formats = ["%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S"] if offset else ["%Y-%m-%d %H:%M:%S"]
    assert kept({"type": "datetime", "format": formats}, values, of_kind("datetime", *formats)) == []
    kind = table_schema(document_of({"name": "v", "type": "datetime", "format": formats})).field("v").type
    assert kind == pa.timestamp("us", "UTC" if offset else None)


@PATIENT
@given(mixed(DURATIONS))
def test_durations_are_exact_and_the_longest_stand_as_text(values: list[str]) -> None:
    def read(text: str) -> int:
        hours, minutes, seconds = map(int, text.split(":"))
        return ((hours * 60 + minutes) * 60 + seconds) * 10**6

    for record in kept({"type": "duration"}, values, read):
        assert (parse_duration(record["text"]) or 0) >= 2_500_000_000 * 3600 * 10**6


@PATIENT
@given(mixed(st.sampled_from(["true", "FALSE", "True", "fAlse"])))
def test_booleans_are_booleans(values: list[str]) -> None:
    assert kept({"type": "boolean"}, values, lambda text: text.lower() == "true") == []


@PATIENT
@given(mixed(DIGITS), st.sampled_from(["text", "digits"]))
def test_text_and_digits_stay_as_they_came(values: list[str], kind: str) -> None:
    assert kept({"type": kind}, values, str) == []


@PATIENT
@given(
    st.sampled_from(["integer", "decimal", "boolean", "date", "time", "datetime", "duration", "digits"]),
    mixed(st.one_of(INTEGERS, DECIMALS, DATES, TIMES, MOMENTS, DURATIONS)),
)
def test_a_value_that_only_warns_of_its_type_stands_as_text(kind: str, values: list[str]) -> None:
    for record in cast({"type": kind, "severity": "warn"}, values):
        empty = record["text"] == "NULL" or not record["text"].strip()
        assert (record["value"] is None) == (empty or bool(record["unconverted"]))
        assert record["unconverted"] in ({}, {"v": record["text"]})


@PATIENT
@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING), max_size=8))
def test_columns_that_no_contract_declares_are_carried_as_they_came(rows: list[tuple[str, ...]]) -> None:
    document = document_of({"name": "v"}, header="by_name")
    layout = ColumnLayout(("a", "v", "b"), {"v": 1})
    values = tuple(pa.array([row[at] for row in rows], type=pa.string()) for at in range(3))
    columns = chunk_of(document, values[1].to_pylist())
    accepted = np.arange(len(rows)) % 2 == 0
    batch = cast_records(ConversionPlan.of(document, layout), columns, values, accepted)
    extra_columns = [dict(each) for each in batch.column(EXTRA_COLUMNS).to_pylist()]
    assert extra_columns == [{"a": row[0], "b": row[2]} for row in rows[::2]]


def test_a_value_that_was_accepted_and_fits_nowhere_is_a_bug_and_says_so() -> None:
    document = document_of({"name": "v", "type": "date"})
    columns = chunk_of(document, ["2025-01-31", "secret"])
    typed = ConversionPlan.of(document, ColumnLayout(("v",), {"v": 0}))
    with pytest.raises(AccountingError, match="nothing is published: 'v'") as told:
        cast_records(typed, columns, (columns.text("v"),), np.ones(2, dtype=bool))
    assert "secret" not in str(told.value)


def test_the_schema_tells_of_each_column_and_of_the_contract() -> None:
    document = load_contract(
        {
            "contract": "calls",
            "version": "2.1.0",
            "columns": [
                {"name": "at", "type": "datetime", "format": "%Y-%m-%dT%H:%M:%S%z", "required": True},
                {"name": "who", "classification": "personal", "description": "the caller"},
            ],
        }
    ).document
    schema = table_schema(document)
    identity = {b"contract": b"calls", b"contract_version": b"2.1.0"}
    assert schema.metadata == identity
    assert schema.field("who").metadata == {
        b"description": b"the caller",
        b"classification": b"personal",
        b"type": b"text",
        **identity,
    }
    assert schema.field("at").type == pa.timestamp("us", "UTC")
    assert schema.field("at").metadata[b"required"] == b"true"
