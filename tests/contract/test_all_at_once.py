"""All faults of a contract come in one go, and none of them only repeats another."""

from __future__ import annotations

import pytest

from callcenter_etl.contract.loader import load_document
from callcenter_etl.errors import ContractError

COLUMNS = """\
contract: c
columns:
  - {name: sound, type: integer}
  - {name: broken, type: tme, min: 5, format: '%H', allowed: [x], severity: {min: warn}}
  - {name: misspelt, tipe: date, min: 2025-01-01}
  - {nmae: nameless, type: time}
  - bare
"""
OF_COLUMNS = ["columns[1].type", "columns[2].tipe", "columns[3].name", "columns[3].nmae", "columns[4]"]


def places_of(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load_document("c.yaml", read_bytes=lambda _: text.encode())
    return [fault.path for fault in caught.value.faults]


ADDED = {
    "rules: [{name: r, check: 'zz == 1 and sound > 1'}]": ["rules[0].check"],
    "rules: [{name: r, check: 'zz == 1 and yy == 2'}]": ["rules[0].check", "rules[0].check"],
    "rules: [{name: r, check: '__import__(1) == 1'}]": ["rules[0].check"],
    "rules: [{name: r, when: 'sound == ', check: 'sound'}]": ["rules[0].when", "rules[0].check"],
    "rules: [{name: r, check: 'sound > \"a\"', sevrity: warn}]": ["rules[0].check", "rules[0].sevrity"],
    "rules: [{check: 'zz == 1'}]": ["rules[0].name", "rules[0].check"],
    "rules: [{name: r, unique: [sound, zz, broken, bare]}]": ["rules[0].unique[1]"],
    "rules: [{name: r, chekc: 'sound > 1'}]": ["rules[0].chekc"],
    "examples: {pass: [{sound: 1, zz: 2, nameless: 3}]}": ["examples.pass[0].zz"],
    "examples: {fail: [{record: {}, breaks: [sound.type, broken.min, sound.min]}]}": [
        "examples.fail[0].breaks[2]"
    ],
    "run: {layout: {partition_by: [broken, zz], sortby: [sound]}}": [
        "run.layout.partition_by[1]",
        "run.layout.sortby",
    ],
    "source: {quote: ',', encodng: x, filename: {length: x, pattern: '['}}": [
        "source.quote",
        "source.encodng",
        "source.filename.length",
        "source.filename.pattern",
    ],
}


@pytest.mark.parametrize("added", ADDED)
def test_faults_of_all_parts_are_reported_although_columns_have_some(added: str) -> None:
    assert places_of(f"{COLUMNS}{added}\n") == OF_COLUMNS + ADDED[added]


NOTHING_MORE = [
    "broken > '10:00:00'", "broken == 5", "misspelt >= '2025-01-01'", "nameless < '10:00'", "bare == 'x'",
    "length(broken) == 1", "coalesce(broken, 5) == 5", "broken + 1 > sound", "broken in ['a', 'b']", "broken",
    "-broken == 1", "(broken == 1) == (sound == 2)", "weekday(misspelt) == 1 or left(nameless, 2) == 'ab'",
]  # fmt: skip


@pytest.mark.parametrize("check", NOTHING_MORE)
def test_an_expression_over_a_faulty_column_adds_nothing(check: str) -> None:
    assert places_of(f'{COLUMNS}rules: [{{name: r, check: "{check}"}}]\n') == OF_COLUMNS


def test_a_fault_next_to_a_faulty_column_is_reported() -> None:
    found = places_of(
        f"{COLUMNS}rules: [{{name: r, check: 'broken == 1 and zz(sound) == 1 and not sound'}}]\n"
    )
    assert found == [*OF_COLUMNS, "rules[0].check", "rules[0].check"]


@pytest.mark.parametrize("columns", ["columns: [[a, b]]", "columns: 5", ""])
def test_names_that_cannot_be_read_make_no_unknown_column(columns: str) -> None:
    text = f"contract: c\n{columns}\nrules: [{{name: r, check: 'x == 1 and foo(x)', unique: [y]}}]\n"
    assert [path for path in places_of(text) if path.startswith("rules")] == ["rules[0]", "rules[0].check"]


def test_columns_by_name_as_other_tools_have_them_are_known_to_expressions() -> None:
    text = "contract: c\ncolumns: {a: {type: integer}}\nrules: [{name: r, check: 'a == 1 and b == 1'}]\n"
    assert places_of(text) == ["columns", "rules[0].check"]


def test_a_format_that_is_faulty_makes_no_fault_of_allowed() -> None:
    text = "contract: c\ncolumns: [{name: a, type: time, format: {x: y}, allowed: ['10:00'], pattern: '['}]\n"
    assert places_of(text) == ["columns[0].format", "columns[0].pattern"]
