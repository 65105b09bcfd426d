"""An imported contract accepts every value that the other format accepts, or the import ends with faults."""

from __future__ import annotations

import json
from datetime import datetime, time
from decimal import Decimal
from io import StringIO
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pandera.io import pandas_io

from callcenter_etl.api_contract import Contract
from callcenter_etl.errors import ContractError
from callcenter_etl.tools.convert.conversion import Imported, import_contract
from tests.interop.contracts import SAMPLES

# What frictionless 5.21.0 accepts of some texts, asked of it field by field.
VERDICTS = json.loads((SAMPLES / "frictionless_verdicts.json").read_text(encoding="utf-8"))


def imported(document: Any, form: str) -> Imported:
    return import_contract(["x.json"], form, read_bytes=lambda _: json.dumps(document).encode())


def table_schema(field: dict[str, Any], **more: Any) -> Imported:
    return imported({"fields": [{"name": "x", **field}], **more}, "frictionless")


def odcs(described: dict[str, Any], version: str = "v3.1.0") -> Imported:
    head = {"apiVersion": version, "kind": "DataContract", "id": "x", "version": "1", "status": "active"}
    return imported({**head, "schema": [{"name": "x", "properties": [{"name": "x", **described}]}]}, "odcs")


def rejected(found: Imported, values: list[str]) -> list[str]:
    _, records = Contract(found.loaded).split(pd.DataFrame({"x": values}, dtype=str))
    return [str(value) for value in records["x"]]


@pytest.mark.parametrize("number", range(len(VERDICTS)))
def test_what_frictionless_accepts_is_accepted(number: int) -> None:
    schema, accepts = VERDICTS[number]["schema"], VERDICTS[number]["accepts"]
    try:
        found = imported(schema, "frictionless")
    except ContractError:
        assert "format" in str(schema) or "enum" in str(schema), schema  # such as a time's format of a date
        return
    unique = schema["fields"][0].get("constraints", {}).get("unique")
    for texts in [[value] for value in accepts] if unique else [accepts]:
        assert rejected(found, texts) == [], schema


NUMBERS = st.from_regex(r"\A[+-]?([0-9]{1,6}(\.[0-9]{0,4})?|\.[0-9]{1,4})([eE][+-]?[0-9]{1,2})?\Z")
SPECIAL = st.sampled_from(["NaN", "INF", "-INF", "nan", "inf", "-Inf"])


@given(values=st.lists(NUMBERS | SPECIAL, min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_numbers_are_accepted_as_the_table_schema_writes_them(values: list[str]) -> None:
    """With any decimal and group character, bounds on one side and text around them."""
    for field, written in (
        ({}, values),
        ({"decimalChar": ","}, [value.replace(".", ",") for value in values]),
        ({"decimalChar": ",", "groupChar": "."}, [value.replace(".", ",") for value in values]),
        ({"groupChar": " "}, [value.replace("00", "0 0") for value in values]),
        ({"bareNumber": False}, [f"EUR {value}%" for value in values]),
    ):
        assert rejected(table_schema({"type": "number", **field}), written) == []
        assert "type: decimal" not in table_schema({"type": "number", **field}).text


@given(value=st.decimals(-1000, 1000, places=2), least=st.integers(-9, 9), most=st.integers(10, 99))
@settings(max_examples=40, deadline=None)
def test_a_number_with_both_bounds_is_a_decimal(value: Decimal, least: int, most: int) -> None:
    found = table_schema(
        {"type": "number", "constraints": {"minimum": float(least), "exclusiveMaximum": most}}
    )
    assert "type: decimal" in found.text
    assert found.notes == ()
    assert (rejected(found, [str(value)]) == []) is (least <= value < most)


def test_booleans_are_the_words_of_the_table_schema() -> None:
    usual = ["true", "True", "TRUE", "1", "false", "False", "FALSE", "0"]
    assert rejected(table_schema({"type": "boolean"}), usual) == []
    assert rejected(table_schema({"type": "boolean"}), ["tRue", "yes"]) == ["tRue", "yes"]
    own = {"type": "boolean", "trueValues": ["Y"], "falseValues": ["N"], "constraints": {"enum": [True]}}
    assert rejected(table_schema(own), ["Y", "N"]) == ["N"]


def test_values_are_compared_as_values_where_the_other_format_does() -> None:
    whole = {"type": "integer", "constraints": {"enum": [1, 2]}}
    assert rejected(table_schema(whole), ["1", "01", "+2", "3"]) == ["3"]
    categories = {"type": "integer", "categories": [{"value": 0, "label": "apple"}, {"value": 1}]}
    assert rejected(table_schema(categories), ["0", "1", "2"]) == ["2"]
    day = {
        "type": "date",
        "format": "%d/%m/%Y",
        "constraints": {"enum": ["31/01/2024"], "minimum": "01/01/2024"},
    }
    assert rejected(table_schema(day), ["31/01/2024", "31/1/2024", "01/02/2024"]) == ["01/02/2024"]
    assert rejected(odcs({"logicalType": "number", "quality": [valid([1, 2.5])]}), ["1.0", "2.50", "3"]) == [
        "3"
    ]


def valid(values: list[Any]) -> dict[str, Any]:
    return {"type": "library", "metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": values}}


def test_an_empty_text_that_is_no_missing_value_is_a_value() -> None:
    required = {"type": "string", "constraints": {"required": True}}
    assert rejected(table_schema(required), ["", "a"]) == [""]
    found = table_schema(required, missingValues=["-"])
    assert rejected(found, ["", "a", "-"]) == []
    assert "'' is not among the missingValues" in str(found.notes[0])


def test_each_field_s_own_missing_values_are_a_fault_where_they_differ() -> None:
    fields: list[dict[str, object]] = [
        {"name": "a", "type": "integer"},
        {"name": "b", "type": "integer", "missingValues": ["-"]},
    ]
    with pytest.raises(
        ContractError, match=r"fields\[1\]\.missingValues: '-' count as missing in this field"
    ):
        imported({"fields": fields}, "frictionless")
    found = imported({"fields": [{"name": "a"}, {**fields[1]}]}, "frictionless")
    assert found.loaded.document.source.empty_values == ("-",)


@pytest.mark.parametrize(
    ("word", "header"), [("exact", "exact"), ("equal", "any_order"), ("subset", "by_name")]
)
def test_the_columns_that_a_source_must_have_are_those_of_the_schema(word: str, header: str) -> None:
    assert table_schema({}, fieldsMatch=word).loaded.document.source.header == header


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"fieldsMatch": "superset"}, "fieldsMatch: 'superset' cannot be said in a contract"),
        ({"dialect": {"lineTerminator": "|"}}, "dialect.lineTerminator: lineTerminator '|' cannot"),
        ({"dialect": {"headerRows": [1, 3]}}, "dialect.headerRows: headerRows cannot be said"),
        ({"dialect": {"headerRows": [1, "x"]}}, "dialect.headerRows: a list of row numbers"),
        ({"dialect": {"headerRows": []}}, "dialect.headerRows: headerRows [] names no row"),
        ({"dialect": {"headerRows": [1, 2], "headerJoin": "-"}}, "dialect.headerJoin: headerJoin '-' cannot"),
        (
            {"dialect": {"headerRows": [3], "commentChar": "#"}},
            "dialect.headerRows: headerRows with commentChar",
        ),
        ({"dialect": {"commentRows": [3]}}, "dialect.commentRows: commentRows cannot be said"),
        ({"dialect": {"csv": {"escapeChar": "ab"}}}, "dialect.csv.escapeChar: one character"),
    ],
)
def test_what_a_contract_cannot_say_is_a_fault(more: dict[str, Any], fault: str) -> None:
    document: dict[str, Any] = {"path": "x.csv", "schema": {"fields": [{"name": "x"}]}, "name": "x"}
    if "dialect" in more:
        document |= more
    else:
        document["schema"] |= more
    with pytest.raises(ContractError) as caught:
        imported(document, "frictionless-package")
    assert fault.lower() in str(caught.value).lower()


MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31))  # noqa: DTZ001  written without an offset
JAVA = {  # letters and what they write, apart from the product's own table
    "yyyy-MM-ddTHH:mm:ssZ": (
        "{0:%Y-%m-%dT%H:%M:%S}Z",
        "{0:%Y-%m-%dT%H:%M:%S}+0530",
        "{0:%Y-%m-%dT%H:%M:%S}+10:00",
    ),
    "yyyy-MM-dd'T'HH:mm:ss.SSSXXX": ("{0:%Y-%m-%dT%H:%M:%S}.123Z",),
    "d.M.yyyy": ("{0.day}.{0.month}.{0:%Y}", "{0:%d.%m.%Y}", "{0.day}.{0:%m.%Y}"),
    "dd/MM/yy H:mm": ("{0:%d/%m/%y} {0.hour}:{0:%M}", "{0:%d/%m/%y %H:%M}"),
    "EEE, dd MMM yyyy hh:mm a": ("{0:%a, %d %b %Y %I:%M %p}",),
    "yyyyMMdd[HHmmss]": ("{0:%Y%m%d%H%M%S}",),
    "yyyy-MM-dd HH:mm[:ss[.SSS]]": (
        "{0:%Y-%m-%d %H:%M}",
        "{0:%Y-%m-%d %H:%M:%S}",
        "{0:%Y-%m-%d %H:%M:%S}.007",
    ),
}


@given(moment=MOMENTS)
@settings(max_examples=15, deadline=None)
def test_moments_are_accepted_as_java_writes_them(moment: datetime) -> None:
    for java, written in JAVA.items():
        if "[" in java and " " not in java:
            continue  # a day alone, or a day and a time: two types, a fault below
        found = odcs({"logicalType": "timestamp", "logicalTypeOptions": {"format": java}})
        assert rejected(found, [each.format(moment) for each in written]) == [], java
    with pytest.raises(ContractError, match="makes no datetime"):
        odcs({"logicalType": "timestamp", "logicalTypeOptions": {"format": "yyyyMMdd[HHmmss]"}})


def test_the_standard_s_own_examples_are_accepted() -> None:
    iso = {"logicalTypeOptions": {"format": "yyyy-MM-ddTHH:mm:ssZ"}}
    assert rejected(odcs({"logicalType": "timestamp", **iso}), ["2024-03-10T14:22:35Z"]) == []
    assert rejected(odcs({"logicalType": "timestamp", **iso}), ["2024-03-10T14:22:35+10:00"]) == []
    assert rejected(odcs({"logicalType": "date", **iso}), ["2024-03-10T14:22:35Z"]) == []
    older = odcs({"logicalType": "date", "physicalType": "timestamp"}, "v3.0.2")
    assert rejected(older, ["2024-03-10T14:22:35.000Z"]) == []


@pytest.mark.parametrize(("low", "high"), [(1.0, 1e3), ("1.0", "1e3"), (0.5, 1000.9), (1, 1000)])
def test_bounds_of_whole_numbers_may_be_written_as_floats(low: Any, high: Any) -> None:
    checks = {"greater_than_or_equal_to": low, "less_than_or_equal_to": high}
    column = {"dtype": "int64", "nullable": True, **checks}
    bounds = {"minimum": low, "maximum": high}
    config = {"columns": [{"name": "x", "min": low, "max": high, "type": "integer"}]}
    for found in (
        odcs({"logicalType": "integer", "logicalTypeOptions": bounds}),
        table_schema({"type": "integer", "constraints": bounds}),
        imported({"schema_type": "dataframe", "columns": {"x": column}}, "pandera"),
        imported(config, "pipeline-config"),
    ):
        (declared,) = found.loaded.document.columns
        assert (declared.type, declared.min, declared.max) == ("integer", "1", "1000")
        assert rejected(found, ["0", "1", "1000", "1001"]) == ["0", "1001"]


def test_a_bound_at_infinity_is_none() -> None:
    column = {
        "dtype": "float64",
        "nullable": True,
        "less_than_or_equal_to": ".inf",
        "greater_than_or_equal_to": 0.0,
    }
    found = imported({"schema_type": "dataframe", "columns": {"x": column}}, "pandera")
    (declared,) = found.loaded.document.columns
    assert (declared.min, declared.max) == ("0.0", None)


TYPED = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "datetime64[us]": st.datetimes(datetime(1970, 1, 1, 0, 0, 1), datetime(2200, 1, 1)),  # noqa: DTZ001
    "str": st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=1),
}
FROM_YAML: Any = pandas_io.from_yaml  # not typed there


@given(data=st.data(), dtype=st.sampled_from(list(TYPED)))
@settings(max_examples=40, deadline=None)
def test_what_pandas_writes_of_a_frame_that_pandera_accepts_is_accepted(
    data: st.DataObject, dtype: str
) -> None:
    values = data.draw(st.lists(TYPED[dtype], min_size=1, max_size=5))
    # pandas writes a column of midnights as dates: the import notes that it expects a time.
    assume(not all(isinstance(value, datetime) and value.time() == time.min for value in values))
    listed = data.draw(st.booleans()) and dtype in ("int64", "float64", "bool")
    schema = {"schema_type": "dataframe", "columns": {"x": {"dtype": dtype}}, "strict": True}
    if listed:
        schema["columns"]["x"]["isin"] = values  # type: ignore[index]  # a plain document
    frame = pd.DataFrame({"x": pd.Series(values).astype(dtype)})  # type: ignore[call-overload]  # any name of a type
    FROM_YAML(StringIO(json.dumps({**schema, "index": None, "checks": None}))).validate(frame)
    rows = pd.read_csv(StringIO(frame.to_csv(index=False)), dtype=str, keep_default_na=False)
    assert rejected(imported(schema, "pandera"), list(rows["x"])) == []


@given(moment=MOMENTS)
@settings(max_examples=15, deadline=None)
def test_moments_are_accepted_as_a_pipeline_configuration_describes_them(moment: datetime) -> None:
    for written, form in (
        ("HH:MM:SS", "%H:%M:%S"),
        ("DD/MM/YYYY HH:MM", "%d/%m/%Y %H:%M"),
        ("%Y%m%d", "%Y%m%d"),
    ):
        found = imported({"columns": [{"name": "x", "format": written}]}, "pipeline-config")
        assert rejected(found, [moment.strftime(form)]) == []


@pytest.mark.parametrize(
    ("document", "form", "fault"),
    [
        (
            {"columns": [{"name": "x", "format": "MM/DD/YYYY hh:mm tt", "type": "datetime"}]},
            "pipeline-config",
            "columns[0].format: the format 'MM/DD/YYYY hh:mm tt' is not known",
        ),
        (
            {"columns": ["x"], "time_columns": ["x"], "time_format": "h.mm"},
            "pipeline-config",
            "time_format: the format 'h.mm' is not known",
        ),
        (
            {"schema_type": "dataframe", "columns": {"x": {"dtype": "str", "required": False}}},
            "pandera",
            "columns.x.required: required: false cannot be said in a contract",
        ),
        (
            {"schema_type": "dataframe", "columns": {"x_.*": {"dtype": "str", "regex": True}}},
            "pandera",
            "columns.x_.*.regex: regex: true cannot be said in a contract",
        ),
    ],
)
def test_what_would_reject_right_values_is_a_fault(document: Any, form: str, fault: str) -> None:
    with pytest.raises(ContractError) as caught:
        imported(document, form)
    assert fault in str(caught.value)


def test_words_for_a_missing_value_are_forbidden_in_their_column_alone() -> None:
    words = {
        "type": "library",
        "metric": "missingValues",
        "mustBe": 0,
        "arguments": {"missingValues": ["", "n/a"]},
    }
    found = odcs({"logicalType": "string", "quality": [words]})
    assert rejected(found, ["a", "n/a", ""]) == ["n/a", ""]
    assert found.loaded.document.source.empty_values == ("",)


def test_letters_of_any_alphabet_may_be_in_a_file_name() -> None:
    found = imported({"columns": ["x"], "file": {"prefix": "änder€_-("}}, "pipeline-config")
    assert found.loaded.document.source.filename is not None
