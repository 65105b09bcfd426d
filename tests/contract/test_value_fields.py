"""Values of named groups, and their types: RE2 on single texts, checked against hand-written expectations."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from callcenter_etl.contract.patterns import group_names, matched_groups
from callcenter_etl.contract.value_fields import TYPE_KEYS, Fields, captured, field_faults, match_faults

FIELDS = TypeAdapter(Fields)


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        (r"Total;(?P<r>[0-9]+)(;x)?[()]*", "Total;5()", {"r": "5"}),
        (r"[[:alpha:](]+(?P<a>\(b)\Q(x)\E", "abc(b(x)", {"a": "(b"}),
        (r"[]()]+(b)(?P<z>.)?", "](b", {"z": ""}),
        (r"(?i)TOTAL (?P<n>\pN+)", "total ٣", {"n": "٣"}),
        ("a", "a", {}),
        ("a", "a\n", None),
        ("a|b", "ab", None),
    ],
)
def test_groups_of_a_full_match_are_those_with_names(
    pattern: str, text: str, groups: dict[str, str] | None
) -> None:
    assert matched_groups(pattern, text) == groups
    assert groups is None or group_names(pattern) == tuple(groups)


def test_a_value_that_is_not_of_its_type_is_a_fault_with_its_name() -> None:
    fields = FIELDS.validate_python({"n": "integer", "day": {"type": "date", "format": "%d.%m.%Y"}})
    found = captured("(?P<n>[^;]*);(?P<day>[^;]*);(?P<rest>.*)", "x1;31.02.2025;y", fields)
    assert found is not None
    assert found.values == {"n": "x1", "day": "31.02.2025", "rest": "y"}
    assert found.faults == (
        "n is 'x1', which is no integer",
        "day is '31.02.2025', which is no date as %d.%m.%Y",
    )
    sound = captured("(?P<n>[^;]*);(?P<day>[^;]*)", "-12;28.02.2025", fields)
    assert sound is not None
    assert not sound.faults


def test_a_value_is_of_its_type_in_the_notation_of_its_field() -> None:
    declared = {
        "total": {"type": "decimal", "decimal": ",", "thousands": ".", "suffix": " EUR"},
        "final": {"type": "boolean", "true_values": ["Y"], "false_values": ["N"]},
    }
    assert not list(field_faults(declared, ["(?P<total>.*);(?P<final>.*)"], ("fields",)))
    fields = FIELDS.validate_python(declared)
    sound, faulty = (
        captured("(?P<total>.*);(?P<final>.*)", text, fields) for text in ("1.234,5 EUR;N", "1,234.5;n")
    )
    assert sound is not None
    assert not sound.faults
    assert faulty is not None
    assert faulty.faults == ("total is '1,234.5', which is no decimal", "final is 'n', which is no boolean")
    wrong = [
        (path, message)
        for path, message, _ in field_faults({"n": {"type": "integer", "decimal": ","}}, None, ())
    ]
    assert wrong == [(("n", "decimal"), "decimal goes with type decimal, not 'integer'")]


def test_an_empty_value_is_of_every_type() -> None:
    found = captured("(?P<n>[0-9]+)?", "", FIELDS.validate_python({"n": "integer"}))
    assert found is not None
    assert (found.values, found.faults) == ({"n": ""}, ())


def test_fields_need_a_group_and_have_the_keys_of_a_type_alone() -> None:
    declared = {"n": "integer", "m": "integer", "day": {"type": "date", "format": "%Q", "min": "1"}}
    found = [(path, message) for path, message, _ in field_faults(declared, ["(?P<n>.)(?P<day>.)"], ("f",))]
    assert [path for path, _ in found] == [("f", "m"), ("f", "day", "min"), ("f", "day", "format")]
    assert found[0][1] == "no pattern has a group 'm'"
    assert found[1][1] == f"a field has {', '.join(TYPE_KEYS)}, not 'min'"
    assert {"type", "format"} <= TYPE_KEYS.keys()
    assert not list(field_faults(declared["n"], None, ("f",)))


def test_a_faulty_pattern_hides_no_other_fault() -> None:
    patterns = ["(?P<n>.)", "(", "(?P<n>.)"]
    found = list(match_faults(patterns, ("match",), is_list=True))
    assert [path for path, _, _ in found] == [("match", 1), ("match", 2)]
    assert "missing )" in found[0][1]
    assert not list(field_faults({"other": "integer"}, patterns, ("fields",)))


def test_a_field_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValidationError, match="literal_error"):
        FIELDS.validate_python({"n": "integr"})
