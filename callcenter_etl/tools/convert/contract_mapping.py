"""Converts a contract to a plain mapping without defaults, and to YAML text."""

from __future__ import annotations

import re
from typing import Any

import yaml
from pydantic import BaseModel

from callcenter_etl.contract.column import RULE_KEYS
from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS
from callcenter_etl.contract.model import Column, ContractDocument, MaxRejected
from callcenter_etl.contract.source_format import FORMAT_DEFAULTS, SourceFormat

_NEVER_ALONE = (
    "empty_values",
    "allowed",
    "true_values",
    "false_values",
    "unique",
    "source",
    "breaks",
)  # keys for which a list with one entry is not the same as the entry
_COUNT = re.compile(r"-?[1-9][0-9]{0,14}|0")
_WIDTH = 1_000_000  # no line is folded: a value on two lines cannot be searched for


def plain_of(document: ContractDocument) -> dict[str, Any]:
    """Return a contract as a mapping that loads as an equal contract, with its rules in their order."""
    found = declared_in(document)
    found["columns"] = [_column(column) for column in document.columns]
    return found


def _column(column: Column) -> dict[str, Any]:
    declared = declared_in(column)
    # In the order of the rules, in which the reasons of a record are joined.
    names = [part for key in column.rule_keys for part in (key, *RULE_KEYS[key].companions)]
    names = ["name", *names, *(key for key in declared if key not in RULE_KEYS)]
    return {key: declared[key] for key in dict.fromkeys(names) if key in declared}


def declared_in(model: BaseModel) -> dict[str, Any]:
    """Return the keys of a part of a contract that differ from their defaults."""
    found: dict[str, Any] = {}
    filled_in = _filled_in(model)
    for name, about in type(model).model_fields.items():
        value = getattr(model, name)
        # Without the argument pydantic returns None for a default from a factory, which no value equals.
        default = filled_in.get(name, about.get_default(call_default_factory=True))
        # The columns of the contract are written apart; those of a lookup are not.
        apart = name == "rule_keys" or (name == "columns" and isinstance(model, ContractDocument))
        if not apart and (about.is_required() or value != default):
            # The alias is the key in the contract: `pass` is a keyword in Python, so the field has another.
            found[about.alias or name] = _plain(name, value)
    return found


def _filled_in(model: BaseModel) -> dict[str, Any]:
    """Return the defaults that the loader fills in, which depend on other keys and differ from those of the model."""
    if isinstance(model, SourceFormat):
        return FORMAT_DEFAULTS.get(model.format, {})
    if isinstance(model, Column) and model.type in DEFAULT_FORMATS:
        return {"format": DEFAULT_FORMATS[model.type]}
    return {}


def _field(column: Column) -> Any:
    """Return the type of a value of the run: its name, or a mapping where it has further keys."""
    declared = {"type": column.type, **declared_in(column)}
    del declared["name"]
    return column.type if len(declared) == 1 else declared


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, MaxRejected):
        return value.count if value.count is not None else f"{value.percent}%"
    if isinstance(value, BaseModel):
        return declared_in(value)
    if isinstance(value, dict):
        return _plain_mapping(name, value)
    if isinstance(value, tuple):
        alone = len(value) == 1 and name not in _NEVER_ALONE and isinstance(value[0], str)
        return value[0] if alone else [_plain(name, each) for each in value]
    if name in ("min", "max") and isinstance(value, str) and _COUNT.fullmatch(value):
        return int(value)  # YAML then writes the same text without quotes
    return value


def _plain_mapping(name: str, value: dict[str, Any]) -> Any:
    # The loader stores a severity or reason of the whole column under `*`, which contracts do not have.
    if name in ("severity", "reason") and list(value) == ["*"]:
        return value["*"]
    return {key: _field(each) if isinstance(each, Column) else each for key, each in value.items()}


class _Line(dict[str, Any]):
    """A mapping that YAML writes on one line."""


class _Dumper(yaml.SafeDumper):
    """A YAML dumper with `_Line` in flow style, and without aliases."""

    # PyYAML would write an object that occurs twice as `&id001` and `*id001`.
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's signature
        return True

    # PyYAML would write the items of a list in the same column as their key.
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  PyYAML's signature
        super().increase_indent(flow, indentless=False)


def _represent_line(dumper: yaml.SafeDumper, data: _Line) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


# A SafeDumper represents exact types only: an unregistered subclass of dict is an error.
_Dumper.add_representer(_Line, _represent_line)


def yaml_text(value: dict[str, Any]) -> str:
    """Return a mapping as YAML with the same meaning in YAML 1.1 and 1.2."""
    # PyYAML quotes `no` and `12:30:45`, which a YAML 1.1 reader takes for a boolean and a number.
    # Sorted keys would lose the order of a column's rules.
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )


def contract_text(plain: dict[str, Any]) -> str:
    """Return a plain contract as YAML, with each column and each rule on one line."""
    lines = {key: value for key, value in plain.items() if key != "columns"}
    parts = {
        key: [_Line(each) for each in value]
        if key == "rules"
        else _Line(value)
        if key == "limits"
        else _inner(value)
        for key, value in lines.items()
    }
    head: dict[str, Any] = {
        key: parts.pop(key) for key in ("contract", "version", "description", "owner") if key in parts
    }
    source = {"source": parts.pop("source")} if "source" in parts else {}
    columns = {"columns": [_Line(column) for column in plain["columns"]]}
    return yaml_text({**head, **source, **columns, **parts})


def _inner(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _Line(each) if isinstance(each, dict) else each for key, each in value.items()}
