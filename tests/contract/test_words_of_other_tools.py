"""A word of another tool is answered with the word of the contract, whatever it is spelt like."""

from __future__ import annotations

import pytest

from callcenter_etl.contract.datetime_formats import compile_format
from callcenter_etl.contract.expressions.checker import FUNCTIONS
from callcenter_etl.contract.foreign_formats import to_strptime
from callcenter_etl.contract.json_schema import json_schema
from callcenter_etl.contract.loader import load_document
from callcenter_etl.contract.words import _WORDS, NOTES, meant_by
from callcenter_etl.errors import ContractError


def messages_of(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load_document("c.yaml", read_bytes=lambda _: f"contract: c\n{text}\n".encode())
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def column(more: str) -> str:
    return f"columns: [{{name: a, {more}}}]"


KEYS = {
    "enum: [x]": "enum: unknown key (did you mean 'allowed'? allowed: [A, B])",
    "values: [x]": "values: unknown key (did you mean 'allowed'?)",
    "accepted_values: [x]": "accepted_values: unknown key (did you mean 'allowed'?)",
    "nullable: false": "nullable: unknown key (did you mean 'required'? nullable: false is required: true)",
    "not_null: true": "not_null: unknown key (did you mean 'required'?)",
    "pii: true": "pii: unknown key (did you mean 'classification'? write classification: personal)",
    "sensitive: true": (
        "sensitive: unknown key (did you mean 'classification'? write classification: personal, or secret)"
    ),
    "regex: x": "regex: unknown key (did you mean 'pattern'?)",
    "primary_key: true": (
        "primary_key: unknown key (did you mean 'unique'? for one column unique: true with required: true,"
        " for several a rule with unique: [...])"
    ),
    "primaryKey: true": (
        "primaryKey: unknown key (did you mean 'unique'? for one column unique: true with required: true,"
        " for several a rule with unique: [...])"
    ),
    "minimum: 1": "minimum: unknown key (did you mean 'min'?)",
    "exclusiveMaximum: 1": "exclusiveMaximum: unknown key (did you mean 'max'? max is inclusive)",
    "maxLength: 5": "maxLength: unknown key (did you mean 'max_length'?)",
    "min-length: 5": "min-length: unknown key (did you mean 'min_length'?)",
    "length: 5": "length: unknown key (did you mean 'max_length'?)",
    "dtype: int": "dtype: unknown key (did you mean 'type'?)",
    "references: x": "references: unknown key (did you mean 'lookup'?)",
    "tpye: text": "tpye: unknown key (did you mean 'type'?)",
    "Type: text": "Type: unknown key (did you mean 'type'?)",
    "xyzzy: text": "xyzzy: unknown key",
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_a_column(key: str) -> None:
    assert messages_of(column(key)) == [f"columns[0].{KEYS[key]}"]


TYPES = {
    "timestamp": "datetime", "TIMESTAMP": "datetime", "timestamp_ntz": "datetime", "string": "text", "str": "text",
    "varchar": "text", "VARCHAR(20)": "text", "int": "integer", "bigint": "integer", "long": "integer",
    "float": "decimal", "double": "decimal", "number": "decimal", "decimal(10, 2)": "decimal", "numeric": "decimal",
    "bool": "boolean", "interval": "duration", "integr": "integer", "Date": "date",
}  # fmt: skip


@pytest.mark.parametrize("word", TYPES)
def test_a_type(word: str) -> None:
    (message,) = messages_of(column(f"type: '{word}'"))
    assert message.endswith(f"is expected, not '{word}' (did you mean '{TYPES[word]}'?)")


ELSEWHERE = {
    "fields: [{name: a}]": ["fields: unknown key (did you mean 'columns'?)"],
    "columns: [{name: a}]\nchecks: []": ["checks: unknown key (did you mean 'rules'?)"],
    "columns: [{name: a}]\nsource: {sep: ';'}": ["source.sep: unknown key (did you mean 'delimiter'?)"],
    "columns: [{name: a}]\nsource: {null_values: [x]}": [
        "source.null_values: unknown key (did you mean 'empty_values'?)"
    ],
    "columns: [{name: a}]\nlimits: {max_errors: 5}": [
        "limits.max_errors: unknown key (did you mean 'max_rejected'?)"
    ],
    "columns: [{name: a}]\nrules: [{name: r, expr: a}]": [
        "rules[0].expr: unknown key (did you mean 'check'?)"
    ],
    "columns: [{name: a, required: true, severity: warning}]": [
        "columns[0].severity: error or warn is expected, not 'warning' (did you mean 'warn'?)"
    ],
    "columns: [{name: a, classification: pii}]": [
        (
            "columns[0].classification: 'public', 'personal' or 'secret' is expected, not 'pii'"
            " (did you mean 'personal'? write classification: personal)"
        )
    ],
}


@pytest.mark.parametrize("text", ELSEWHERE)
def test_a_key_or_value_elsewhere(text: str) -> None:
    found = [message for message in messages_of(text) if "is missing" not in message]
    assert found == ELSEWHERE[text]


CALLS = {
    "len(a) > 1": "unknown function 'len' (did you mean 'length'?)",
    "isnull(a)": "unknown function 'isnull' (did you mean 'empty'?)",
    "nvl(a, 'x') == 'x'": "unknown function 'nvl' (did you mean 'coalesce'?)",
    "datediff(a, a) > 1": "unknown function 'datediff' (did you mean 'days'? days(b - a))",
    "regexp(a, 'x')": "unknown function 'regexp' (did you mean 'matches'?)",
}


@pytest.mark.parametrize("check", CALLS)
def test_a_function(check: str) -> None:
    (message,) = messages_of(f'columns: [{{name: a}}]\nrules: [{{name: r, check: "{check}"}}]')
    assert f"rules[0].check: {CALLS[check]}, known: " in message


FORMATS = {
    ("date", "yyyy-MM-dd"): "%Y-%m-%d",
    ("datetime", "dd/mm/yyyy hh:mm"): "%d/%m/%Y %H:%M",
    ("datetime", "dd/MM/yyyy HH:mm:ss"): "%d/%m/%Y %H:%M:%S",
    ("datetime", "yyyy-MM-ddTHH:mm:ss.SSSXXX"): "%Y-%m-%dT%H:%M:%S.%f%z",
    ("datetime", "YYYY-MM-DD HH24:MI:SS"): "%Y-%m-%d %H:%M:%S",
    ("datetime", "m/d/yyyy h:mm AM/PM"): "%-m/%-d/%Y %-I:%M %p",
    ("date", "dddd, d MMMM yy"): "%A, %-d %B %y",
    ("date", "DD-MON-YYYY"): "%d-%b-%Y",
    ("time", "HH:MM:SS"): "%H:%M:%S",
    ("time", "hh:mm a"): "%I:%M %p",
}


@pytest.mark.parametrize(("kind", "fmt"), FORMATS)
def test_a_format_of_java_excel_or_sql(kind: str, fmt: str) -> None:
    meant = FORMATS[kind, fmt]
    assert messages_of(column(f"type: {kind}, format: '{fmt}'")) == [
        f"columns[0].format: format '{fmt}' has no strptime directives (write it as '{meant}')"
    ]
    compile_format(meant, kind)


def test_a_format_of_another_type_says_which() -> None:
    assert messages_of(column("type: date, format: 'dd/mm/yyyy hh:mm'")) == [
        (
            "columns[0].format: format 'dd/mm/yyyy hh:mm' has no strptime directives"
            " (write it as '%d/%m/%Y %H:%M', with type: datetime)"
        )
    ]


@pytest.mark.parametrize("fmt", ["soon", "%Y-%m-%d", "yyyy-QQ", "yyyy 'open", "y" * 100, "", "12"])
def test_what_is_no_such_format_is_not_guessed(fmt: str) -> None:
    meant = to_strptime(fmt)
    assert meant is None or not any(character.isalpha() for character in fmt)


BARE = {
    "End Time > '10:00'": "unexpected 'Time' (write the column in backticks: `End Time`)",
    "Start >= End Time": "unexpected 'Time' (write the column in backticks: `End Time`)",
    "call-id == 'x'": "unknown column 'call' (write the column in backticks: `call-id`)",
    "site.code == 'x'": "unexpected '.' (write the column in backticks: `site.code`)",
    "in == 'x'": "a value expected, found 'in' (write the column in backticks: `in`)",
    "'End Time' == zz": "unknown column 'zz' (strings stand in quotes)",
}


@pytest.mark.parametrize("check", BARE)
def test_a_name_that_is_no_plain_word_needs_backticks(check: str) -> None:
    names = ["{name: Start}", "{name: End Time}", "{name: call-id}", "{name: site.code}", "{name: in}"]
    found = messages_of(f'columns: [{", ".join(names)}]\nrules: [{{name: r, check: "{check}"}}]')
    assert [message.split(" (at ")[0] for message in found] == [f"rules[0].check: {BARE[check]}"]


def test_every_right_word_is_one_of_the_contract() -> None:
    schema = json_schema()
    known = {*schema["properties"], *FUNCTIONS}
    for model in schema["$defs"].values():
        known |= set(model.get("properties", {}))
        for key in model.get("properties", {}).values():
            known |= {word for part in (key, *key.get("anyOf", ())) for word in part.get("enum", ())}
    assert set(_WORDS) <= known | {"warn", "error"}
    others = {word for words in _WORDS.values() for word in words.split()}
    assert set(NOTES) <= others
    assert all(meant_by(word, list(_WORDS)) is not None for word in others)
