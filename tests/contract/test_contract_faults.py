"""Contract faults: one case a kind, each with its place, what is wrong and what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest

from callcenter_etl.contract.json_schema import json_schema
from callcenter_etl.contract.loader import LoadedContract, load_document
from callcenter_etl.contract.model import MaxRejected
from callcenter_etl.errors import ContractError, UsageError

HEAD = "contract: c\ncolumns:\n"
SMALL = HEAD + "  - {name: a}\n"
EXAMPLE = r"""
contract: call_center
version: 1.0.0
description: Daily call log of the Hyderabad site
owner: data-platform@example.com
source:
  filename: {pattern: 'call_center_raw_[0-9]{6}\.csv', length: 26, extensions: [.csv]}
  delimiter: ","
  quote: '"'
  encoding: utf-8
  header: exact
  quoting: strict
  multiline: false
  empty_values: [""]
columns:
  - {name: call_id, type: digits, required: true, unique: true}
  - {name: caller_id, type: digits}
  - {name: agent_id, type: digits, lookup: {file: agents.csv, column: agent_id}}
  - {name: call_start_time, type: time, required: true}
  - {name: call_end_time, type: time, required: true, reason: "end time must be HH:MM:SS"}
  - {name: call_status, required: true, allowed: [COMPLETED, DROPPED, FAILED]}
  - {name: talk_seconds, type: integer, min: 0, max: 86400, severity: warn}
  - {name: note, max_length: 500, classification: personal}
rules:
  - {name: ends_after_start, check: "call_end_time >= call_start_time", reason: "call ends before it starts"}
  - {name: answered_has_agent, when: "call_status == 'COMPLETED'", check: "not empty(agent_id)"}
  - {name: one_call_a_line, unique: [call_id, caller_id]}
limits: {max_rejected: 5%, min_records: 1}
run:
  source: src_files/call_center_raw_202501.csv
  output: output/call_center
  log: {level: INFO, directory: logs}
"""


def load(text: str) -> LoadedContract:
    return load_document("c.yaml", read_bytes=lambda _: text.encode("utf-8"))


def faults_of(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load(text)
    return [str(fault) for fault in caught.value.faults]


def test_the_example_of_the_specification_loads() -> None:
    loaded = load(EXAMPLE)
    columns = {column.name: column for column in loaded.document.columns}
    assert columns["call_id"].rule_keys == ("type", "required", "unique")
    assert columns["call_start_time"].format == ("%H:%M:%S",)
    assert columns["call_end_time"].reason_of("required") == "end time must be HH:MM:SS"
    assert (columns["talk_seconds"].min, columns["talk_seconds"].severity_of("max")) == ("0", "warn")
    assert columns["call_id"].severity_of("unique") == "error"
    assert loaded.document.run.source == "src_files/call_center_raw_202501.csv"
    assert str(loaded.document.limits.max_rejected) == "5%"
    assert loaded.rule_positions["ends_after_start"][0] == 25
    assert loaded.rule_positions["talk_seconds.min"] == (22, 41)
    assert len(loaded.sha256) == 64


def test_the_example_keeps_the_json_schema() -> None:
    from ruamel.yaml import YAML

    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = YAML(typ="safe", pure=True).load(EXAMPLE)
    assert [error.message for error in validator.iter_errors(document)] == []
    document["columns"][3]["tipe"] = "time"
    assert ["tipe" in error.message for error in validator.iter_errors(document)] == [True]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD + "  - {name: a, tipe: time}\n", "3:15: columns[0].tipe: unknown key (did you mean 'type'?)"),
        (HEAD + "  - {type: time}\n", "3:5: columns[0].name: the key 'name' is missing"),
        ("contract: c\n", "1:1: columns: the key 'columns' is missing"),
        ("contract: c\ncolumns: []\n", "2:1: columns: at least one column is needed"),
        (
            "contract: a b\ncolumns: [{name: a}]\n",
            "1:1: contract: letters, digits, _ and - are expected, not 'a b'",
        ),
        (
            HEAD + '  - {name: a, max_length: "500"}\n',
            "3:15: columns[0].max_length: a whole number of 0 or more is expected, not '500'",
        ),
        (
            HEAD + "  - {name: a, required: NO}\n",
            "3:15: columns[0].required: true or false is expected, not 'NO'",
        ),
        (HEAD + "  - {name: [a]}\n", "3:6: columns[0].name: a text is expected, not a list"),
        (HEAD + "  - abc\n", "3:5: columns[0]: a mapping of keys is expected, not 'abc'"),
        (SMALL + "rules: abc\n", "4:1: rules: a list is expected, not 'abc'"),
        (
            HEAD + "  - {name: a, required: true, severity: wrn}\n",
            "3:31: columns[0].severity: error or warn is expected, not 'wrn' (did you mean 'warn'?)",
        ),
        (
            SMALL + "source: {delimiter: ;;;;;;;;;}\n",
            "4:10: source.delimiter: one to 8 characters without a line break are expected, not ';;;;;;;;;'",
        ),
        (
            SMALL + "source: {escape: ab}\n",
            "4:10: source.escape: one character that is no line break is expected, not 'ab'",
        ),
        (
            SMALL + "source: {delimiter: '|^|', escape: ^}\n",
            "4:28: source.escape: the delimiter '|^|' holds the escape '^'",
        ),
        (
            SMALL + "source: {delimiter: ' | ', skip_initial_space: true}\n",
            "4:28: source.skip_initial_space: spaces after a delimiter cannot be skipped where the delimiter ' | ' begins with one",
        ),
        (
            SMALL + "source: {delimiter: ;, quote: ;}\n",
            "4:24: source.quote: quote and delimiter are both ';'",
        ),
        (
            SMALL + "source: {encoding: rot13}\n",
            "4:10: source.encoding: 'rot13' is no encoding of text files (utf-8 or cp1252, say)",
        ),
        (
            SMALL + "source: {encoding: unicode_escape}\n",
            "4:10: source.encoding: 'unicode_escape' is no encoding of text files (utf-8 or cp1252, say)",
        ),
        (
            SMALL + "source: {encoding: utf-9}\n",
            "4:10: source.encoding: unknown encoding 'utf-9' (did you mean 'utf-8'?)",
        ),
        (
            SMALL + "limits: {max_rejected: 101%}\n",
            "4:10: limits.max_rejected: a percentage of 100% at most is expected, not '101%'",
        ),
        (
            SMALL + "limits: {max_rejected: 5.5}\n",
            "4:10: limits.max_rejected: a count such as 10 or a percentage such as 5% is expected, not '5.5'",
        ),
        (SMALL + "run: {chunk_rows: 0}\n", "4:7: run.chunk_rows: at least 1 is expected, not 0"),
        (
            HEAD + "  - {name: a, type: integer, min: 9, max: 8}\n",
            "3:30: columns[0].min: min 9 is greater than max 8, so that no value keeps both",
        ),
        (
            HEAD + "  - {name: a, type: time, min: '10:00:00', max: '09:59:59'}\n",
            "3:27: columns[0].min: min 10:00:00 is greater than max 09:59:59, so that no value keeps both",
        ),
        (
            HEAD + "  - {name: a, type: duration, min: '2:00'}\n",
            "3:31: columns[0].min: '2:00' is no duration (write it as 1:30:00)",
        ),
        (
            HEAD + "  - {name: a, min: 3}\n",
            (
                "3:15: columns[0].min: min needs a type with an order, not 'text' "
                "(declare type integer or decimal, or use min_length)"
            ),
        ),
        (
            HEAD + "  - {name: a, type: integer, allowed: [1, x]}\n",
            "columns[0].allowed[1]: 'x' is no integer, so that no record can hold it",
        ),
        (
            HEAD + "  - {name: a, type: digits, allowed: [٣]}\n",
            "columns[0].allowed[0]: '٣' is no digits, so that no record can hold it",
        ),
        (
            HEAD + "  - {name: a, allowed: []}\n",
            "columns[0].allowed: the list is empty, so that no value keeps it",
        ),
        (
            HEAD + "  - {name: a, ignore_case: true}\n",
            "3:15: columns[0].ignore_case: ignore_case goes with allowed or true_values or unique, none of which is there",
        ),
        (
            HEAD + "  - {name: a, thousands: ','}\n",
            "columns[0].thousands: thousands goes with type integer or decimal, not 'text'",
        ),
        (
            HEAD + "  - {name: a, type: integer, decimal: ','}\n",
            "columns[0].decimal: decimal goes with type decimal, not 'integer'",
        ),
        (
            HEAD + "  - {name: a, type: decimal, decimal: ', '}\n",
            "columns[0].decimal: one character is expected, such as ',', not ', '",
        ),
        (
            HEAD + "  - {name: a, type: decimal, decimal: e}\n",
            "columns[0].decimal: 'e' is a part of numbers already (use a character such as ',', '.' or ' ')",
        ),
        (
            HEAD + "  - {name: a, type: decimal, thousands: '1'}\n",
            "columns[0].thousands: '1' is a part of numbers already (use a character such as ',', '.' or ' ')",
        ),
        (
            HEAD + "  - {name: a, type: decimal, thousands: .}\n",
            "columns[0].thousands: '.' is the decimal separator, unless another is declared (decimal: \",\")",
        ),
        (
            HEAD + "  - {name: a, type: decimal, decimal: ',', thousands: ','}\n",
            "columns[0].thousands: decimal and thousands are both ','",
        ),
        (
            HEAD + "  - {name: a, type: decimal, prefix: [$, '']}\n",
            "columns[0].prefix: a prefix is empty (leave it out: a prefix need not be there)",
        ),
        (
            HEAD + "  - {name: a, type: decimal, suffix: m2}\n",
            "columns[0].suffix: 'm2' has a digit, so that it could not be distinguished from the number",
        ),
        (
            HEAD + "  - {name: a, type: decimal, prefix: $-}\n",
            "columns[0].prefix: '$-' has the sign of the number (a sign may be before or after the prefix)",
        ),
        (
            HEAD + "  - {name: a, type: decimal, suffix: '-'}\n",
            "columns[0].suffix: '-' has the sign of the number (a sign may be before or after the prefix)",
        ),
        (
            HEAD + "  - {name: a, type: decimal, prefix: .x}\n",
            "columns[0].prefix: '.x' begins with the decimal separator, with which a number may begin",
        ),
        (
            HEAD + "  - {name: a, true_values: [Y], false_values: [N]}\n",
            "columns[0].true_values: true_values goes with type boolean, not 'text'",
        ),
        (
            HEAD + "  - {name: a, type: boolean, true_values: [Y]}\n",
            "columns[0].true_values: true_values goes with false_values, which is not there",
        ),
        (
            HEAD + "  - {name: a, type: boolean, false_values: [N]}\n",
            "columns[0].false_values: false_values goes with true_values, which is not there",
        ),
        (
            HEAD + "  - {name: a, type: boolean, true_values: [], false_values: [N]}\n",
            "columns[0].true_values: the list is empty, so that no value could have this meaning",
        ),
        (
            HEAD + "  - {name: a, type: boolean, true_values: [Y, ' '], false_values: [N]}\n",
            "columns[0].true_values[1]: an empty value has no type, so that this word is never looked for",
        ),
        (
            HEAD
            + "  - {name: a, type: boolean, true_values: [Y, J], false_values: [N, j], ignore_case: true}\n",
            "columns[0].false_values[1]: 'j' means true and false",
        ),
        (
            HEAD + "  - {name: a, type: boolean, true_values: [Y], false_values: [N], allowed: [Y, x]}\n",
            "columns[0].allowed[1]: 'x' is no boolean, so that no record can hold it",
        ),
        (
            HEAD + "  - {name: a, type: decimal, decimal: ',', allowed: ['1,5', '1.5']}\n",
            "columns[0].allowed[1]: '1.5' is no decimal, so that no record can hold it",
        ),
        (
            HEAD + "  - {name: a, type: decimal, decimal: ',', min: '1,5'}\n",
            "columns[0].min: '1,5' is no decimal (write it as 10.5)",
        ),
        (
            HEAD + "  - {name: a, type: decimal, thousand: ','}\n",
            "columns[0].thousand: unknown key (did you mean 'thousands'?)",
        ),
        (
            HEAD + "  - {name: a, allowed: [X, ' y ', z], trim: true}\n",
            "columns[0].allowed[1]: ' y ' never occurs after trim (write 'y')",
        ),
        (
            HEAD + "  - {name: a, allowed: [X, ' y', z], trim: true, case: upper}\n",
            "columns[0].allowed[1]: ' y' never occurs after trim and case: upper (write 'Y')",
        ),
        (
            HEAD + "  - {name: a, allowed: [X, ' y', z], trim: true, case: upper}\n",
            "columns[0].allowed[2]: 'z' never occurs after case: upper (write 'Z')",
        ),
        (
            HEAD + "  - {name: a, case: title}\n",
            "columns[0].case: 'upper' or 'lower' is expected, not 'title'",
        ),
        (
            HEAD + "  - {name: a, trim: yes}\n",
            "columns[0].trim: true or false is expected, not 'yes'",
        ),
        (
            HEAD + "  - {name: a, type: decimal, prefix: ['EUR '], suffix: [' EUR'], case: lower}\n",
            "columns[0].prefix: 'EUR ' never occurs after case: lower (write 'eur ')",
        ),
        (
            HEAD + "  - {name: a, type: decimal, prefix: [' x '], suffix: [' x '], trim: true}\n",
            "columns[0].suffix: ' x ' never occurs after trim (write ' x')",
        ),
        (
            HEAD + "  - {name: a, type: boolean, true_values: [Y], false_values: [N], case: lower}\n",
            "columns[0].false_values[0]: 'N' never occurs after case: lower (write 'n')",
        ),
        (
            HEAD + "  - {name: a, trim: true, severity: {normalized: warn}}\n",
            "columns[0].severity.normalized: unknown rule 'normalized'",
        ),
        (
            HEAD + "  - {name: a, trim: true}\nrules: [{name: a.normalized, unique: [a]}]\n",
            "rules[0].name: rule name 'a.normalized' stands twice, or is the id of a column's rule",
        ),
        (
            HEAD + "  - {name: a, min_length: 4, max_length: 2}\n",
            "3:15: columns[0].min_length: min_length 4 is greater than max_length 2, so that no value keeps both",
        ),
        (
            HEAD + "  - {name: a}\n  - {name: a}\n",
            "4:6: columns[1].name: column name 'a' stands twice, first in columns[0]",
        ),
        (
            HEAD + "  - {name: a, aliases: [x]}\n  - {name: b, aliases: [x]}\n",
            "4:25: columns[1].aliases[0]: alias 'x' also means columns[0]",
        ),
        (
            HEAD + "  - {name: a, format: '%Y'}\n",
            "3:15: columns[0].format: format goes with type date, time, datetime or duration, not 'text'",
        ),
        (
            HEAD + "  - {name: a, type: date, format: '%Y'}\n",
            "3:27: columns[0].format: format '%Y' makes no date: it needs a year, a month and a day",
        ),
        (
            HEAD + "  - {name: a, pattern: '(a)\\1'}\n",
            (
                "columns[0].pattern: the pattern '(a)\\1' does not work: invalid escape sequence: \\1 "
                "(RE2 has no lookahead, lookbehind or backreferences)"
            ),
        ),
        (
            HEAD + "  - {name: a, pattern: '(?!a)b'}\n",
            (
                "columns[0].pattern: the pattern '(?!a)b' does not work: invalid perl operator: (?! "
                "(RE2 has no lookahead, lookbehind or backreferences)"
            ),
        ),
        (
            HEAD + "  - {name: a, required: true, reason: 'not {valeu}'}\n",
            (
                "columns[0].reason: unknown placeholder '{valeu}' (did you mean 'value'?), "
                "known here: {value}, {column}, {line}"
            ),
        ),
        (
            SMALL + "rules: [{name: r, check: a == 'x', reason: 'not {value}'}]\n",
            "rules[0].reason: unknown placeholder '{value}', known here: {line}",
        ),
        (SMALL + "rules: [{name: r}]\n", "4:9: rules[0]: a rule has either check, unique or lookup"),
        (SMALL + "rules: [{name: r, unique: [b]}]\n", "rules[0].unique[0]: unknown column 'b'"),
        (
            SMALL + "rules: [{name: r, check: a == 'x', ignore_case: true}]\n",
            "rules[0].ignore_case: ignore_case goes with unique, which is not there",
        ),
        (
            SMALL + "rules:\n  - {name: r, unique: [a]}\n  - {name: r, unique: [a]}\n",
            "6:6: rules[1].name: rule name 'r' stands twice, or is the id of a column's rule",
        ),
        (
            HEAD + "  - {name: a, required: true}\nrules: [{name: a.required, unique: [a]}]\n",
            "4:10: rules[0].name: rule name 'a.required' stands twice, or is the id of a column's rule",
        ),
        (
            SMALL + "rules: [{name: record.mine, unique: [a]}]\n",
            "4:10: rules[0].name: rule name 'record.mine' is reserved or empty",
        ),
    ],
)
def test_a_fault_says_where_and_what_would_be_right(text: str, fault: str) -> None:
    found = faults_of(text)
    assert any(line.endswith(fault) and re.match(r"c\.yaml:\d+:\d+: ", line) for line in found), found


def test_faults_of_shape_and_meaning_come_together_in_the_order_of_the_text() -> None:
    found = faults_of(
        HEAD + "  - {name: a, tipe: time}\n"
        "  - {name: b, type: integer, min: 9, max: 8}\n"
        "  - {name: c, pattern: '['}\n"
        "source: {encodng: utf-8}\n"
        "rules: [{name: r, chekc: x}]\n"
        "limits: {max_rejected: 101%}\n"
    )
    wanted = (
        "columns[0].tipe",
        "columns[1].min",
        "columns[2].pattern",
        "source.encodng",
        "rules[0].chekc",
        "limits.max_rejected",
    )
    places = [next(number for number, line in enumerate(found) if f" {path}: " in line) for path in wanted]
    assert places == sorted(places)


def test_a_mapping_has_the_same_faults_without_places() -> None:
    with pytest.raises(ContractError) as caught:
        load_document({"contract": "c", "columns": [{"name": "a", "tipe": 1}]})
    assert "columns[0].tipe: unknown key (did you mean 'type'?)" in map(str, caught.value.faults)


@pytest.mark.parametrize(
    ("limit", "rejected", "read", "over"),
    [
        ("10", 10, 10, False),
        ("10", 11, 99, True),
        ("0", 0, 0, False),
        ("0", 1, 1, True),
        ("5%", 5, 100, False),
        ("5%", 6, 100, True),
        ("0.5%", 1, 200, False),
        ("0.5%", 1, 199, True),
        ("0%", 1, 10**12, True),
    ],
)
def test_a_limit_is_exceeded_exactly(limit: str, rejected: int, read: int, *, over: bool) -> None:
    assert MaxRejected.parse(limit).exceeded(rejected, read) is over


@pytest.mark.parametrize("text", ["", "-1", "5 %%", "1.5", "101%", "ten", "NaN%"])
def test_a_limit_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        MaxRejected.parse(text)


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(SMALL.encode())
    first = load_document(path)
    path.write_bytes(b"# changed\n" + SMALL.encode())
    assert first.sha256 != load_document(path).sha256
    assert first.origin == str(path)


def test_a_type_that_is_no_word_is_a_fault() -> None:
    assert any(
        "is expected, not a mapping" in fault
        for fault in faults_of("contract: c\ncolumns:\n  - {name: a, type: {x: y}}\n")
    )
