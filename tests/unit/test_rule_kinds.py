"""Every kind of column rule is known everywhere: in the contract, in its own file, and to every format of contracts."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

import pytest

import callcenter_etl.rules.kinds
from callcenter_etl.contract.column import RULE_KEYS, Column, RuleKey
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.rule_kind import RuleKind
from callcenter_etl.tools.convert.frictionless_write import CONSTRAINTS
from callcenter_etl.tools.convert.odcs_write import ODCS_RULES
from callcenter_etl.tools.convert.pandera_write import CHECKS
from callcenter_etl.tools.explain.clusters import STEPS
from tests.shared_folder import REPOSITORY

FOLDER = Path(callcenter_etl.rules.kinds.__file__).parent


def test_the_registry_has_every_rule_key_of_the_contract_in_its_order() -> None:
    assert list(KINDS) == list(RULE_KEYS)


def test_a_kind_is_in_the_file_of_its_key() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == set(KINDS)
    for key, kind in KINDS.items():
        module = __import__(f"{callcenter_etl.rules.kinds.__name__}.{key}", fromlist=[key])
        assert getattr(module, key.upper()) is kind


@pytest.mark.parametrize("record", [RuleKind, RuleKey])
def test_a_forgotten_member_is_an_error_when_the_kind_is_made(record: type) -> None:
    members = {each.name: None for each in fields(record)}
    record(**members)
    for name in members:
        with pytest.raises(TypeError, match=f"'{name}'"):
            record(**{key: value for key, value in members.items() if key != name})


def test_rule_keys_and_their_companions_are_keys_of_a_column() -> None:
    named = {name for key, each in RULE_KEYS.items() for name in (key, *each.companions)}
    assert named <= set(Column.model_fields)


@pytest.mark.parametrize("table", [CONSTRAINTS, ODCS_RULES, CHECKS], ids=["frictionless", "odcs", "pandera"])
def test_every_format_of_contracts_says_of_each_kind_whether_it_has_words_for_it(
    table: dict[str, object],
) -> None:
    assert set(table) == set(KINDS)


def test_the_causes_of_rejects_know_no_other_kinds() -> None:
    assert set(STEPS) <= set(KINDS)


def test_a_mask_and_a_sentence_need_nothing_but_a_column() -> None:
    column = Column.model_validate(
        {
            "name": "a",
            "type": "integer",
            "required": True,
            "min": 1,
            "max": 2,
            "min_length": 1,
            "max_length": 2,
            "pattern": "[0-9]",
            "allowed": ["1"],
            "unique": True,
            "lookup": {"file": "f.csv", "column": "c"},
        }
    )
    assert set(column.rule_keys) == set(KINDS)
    for kind in KINDS.values():
        assert callable(kind.mask(column))
        assert kind.sentence(column)
        assert not kind.kept(column).startswith("{column}")
        assert all((kind.broken, kind.outliers, kind.declared(column), kind.reported(column), kind.samples))
        assert kind.is_wider(column, column)
        assert kind.newly_rejected(None, column)
        assert kind.hints(column) is not None


# Each with the reason why it is no member of a kind; docs/design/core.md has them at length.
TABLES = {
    "contract/column.py": "RULE_KEYS, the contract's half of the kinds",
    "contract/words.py": "words of other tools for any word of a contract",
    "tools/convert/frictionless_write.py": "CONSTRAINTS, in the order of a Table Schema",
    "tools/convert/odcs_write.py": "ODCS_RULES, in the order of ODCS",
    "tools/convert/pandera_write.py": "CHECKS, in the order of pandera's files",
    "tools/explain/clusters.py": "STEPS, which group values by what a sender did to them",
}
MIN_KEYS = 5  # a display of fewer is about some kinds that are alike, such as bounds


def tables_by_rule_key(path: Path) -> bool:
    """Check whether a module writes out a dict, tuple, list or set of rule keys."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        entries = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
        if len(set(KINDS) & {each.value for each in entries if isinstance(each, ast.Constant)}) >= MIN_KEYS:
            return True
    return False


def test_no_other_module_has_a_table_by_rule_key() -> None:
    package = REPOSITORY / "callcenter_etl"
    found = {str(path.relative_to(package)) for path in package.rglob("*.py") if tables_by_rule_key(path)}
    assert found == set(TABLES)
