"""Exports a contract as a Python module with a pandera DataFrameModel: a field for each column, a check for each rule."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

from callcenter_etl.contract.model import Column, ContractDocument, RecordRule
from callcenter_etl.errors import UsageError
from callcenter_etl.tools.convert.contract_mapping import contract_text, plain_of

# Attributes of a DataFrameModel, which a field or check of the same name would replace.
_TAKEN = (
    "Config",
    "validate",
    "example",
    "strategy",
    "to_schema",
    "get_metadata",
    "empty",
    "pydantic_validate",
)
_WIDTH = 110

_HEAD = '''"""Contract {contract} {version} as a pandera DataFrameModel, for pandas DataFrames of text.

Written by `callcenter-etl contract export --to pandera-model`. As in the contract's own schema every rule is a check,
also one that only warns a run. Lookup files are looked for beside this module.
"""

from typing import Any

import pandas as pd
import pandera.pandas as pa

from callcenter_etl.rules.dataframe_model import ContractRules

CONTRACT = {contract_literal}
RULES = ContractRules(CONTRACT, __file__)


class {name}(pa.DataFrameModel):
    """{title}"""

'''
_CONFIG = '''
    class Config:
        """Of the whole frame; the metadata holds the contract."""

        name = {name}
        strict = {strict}
        ordered = {ordered}
        metadata = {{"callcenter_etl": CONTRACT}}
'''


def model_text(document: ContractDocument) -> str:
    """Return the formatted source of the module. Raises UsageError for a column without a name."""
    nameless = [place for place, column in enumerate(document.columns) if not column.name]
    if nameless:
        raise UsageError(
            f"pandera-model: columns[{nameless[0]}] has no name, which a DataFrameModel's field needs"
        )
    names = _identifiers((column.name for column in document.columns), "column", _TAKEN)
    rule_ids = [f"{column.name}.{key}" for column in document.columns for key in column.rule_keys]
    rule_ids += [rule.name for rule in document.rules]
    # In the class a method with the name of a field would replace it.
    methods = iter(_identifiers(rule_ids, "rule", (*_TAKEN, *names)))
    parts = [_head(document)]
    parts += [_field(name, column) for name, column in zip(names, document.columns, strict=True)]
    for column in document.columns:
        parts += [_column_check(next(methods), column, key) for key in column.rule_keys]
    parts += [_record_check(next(methods), rule) for rule in document.rules]
    header = document.source.header
    parts.append(
        _CONFIG.format(
            name=_quoted(document.contract),
            strict=header in ("exact", "any_order"),
            ordered=header == "exact",
        )
    )
    return "".join(parts)


def class_name(contract: str) -> str:
    """Return the class name for a contract id: `CallCenter` for `call_center`."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", contract) if word]
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Contract"
    return name if not name[0].isdigit() and not keyword.iskeyword(name) else f"Contract{name}"


def _head(document: ContractDocument) -> str:
    return _HEAD.format(
        contract=document.contract,
        version=_one_line(document.version),
        contract_literal=_literal(contract_text(plain_of(document))),
        name=class_name(document.contract),
        title=_one_line(document.description or f"The records of {document.contract}."),
    )


def _literal(text: str) -> str:
    """Return a text as a Python literal, in triple quotes if possible; YAML text ends in a line feed."""
    # Python reads a CR in a source file as a line feed.
    return _quoted(text) if '"""' in text or "\r" in text else f'r"""\n{text}"""'


def _one_line(text: str) -> str:
    """Return a text for a docstring: on one line, without quotes and backslashes."""
    line = " ".join(text.split()).replace("\\", "/").replace('"', "'")
    return line if len(line) <= _WIDTH - 20 else f"{line[: _WIDTH - 23]}..."


def _quoted(text: str) -> str:
    """Return a string literal in the formatter's style: in double quotes unless that needs more escapes."""
    literal = repr(text)
    if literal.startswith("'") and '"' not in text:
        return f'"{literal[1:-1]}"'.replace("\\'", "'")
    return literal


def _identifiers(names: Iterable[str], otherwise: str, taken: Iterable[str]) -> list[str]:
    """Return a distinct Python identifier for each name."""
    used = set(taken)
    found: list[str] = []
    for number, name in enumerate(names):
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        if not plain.isidentifier() or keyword.iskeyword(plain):
            plain = f"{otherwise}_{plain}".rstrip("_")
        # Different names can have the same letters and digits: `a b` and `a-b`.
        while plain in used:
            plain = f"{plain}_{number}"
        used.add(plain)
        found.append(plain)
    return found


def _field(name: str, column: Column) -> str:
    # Nullable, since `required` is a check of the model like all other rules.
    alias = [f"alias={_quoted(column.name)}"] if name != column.name else []
    description = [f"description={_quoted(column.description)}"] if column.description is not None else []
    return f"    {name}: Any = {_call('pa.Field', ['nullable=True', *alias, *description], f'    {name}: Any = ')}\n"


def _call(function: str, arguments: list[str], before: str) -> str:
    """Return a call in the formatter's style: on one line if it fits, else with one argument on each line."""
    line = f"{function}({', '.join(arguments)})"
    if len(before) + len(line) <= _WIDTH:
        return line
    inner = f"        {', '.join(arguments)}"
    if len(inner) <= _WIDTH:
        return f"{function}(\n{inner}\n    )"
    return f"{function}(\n" + "".join(f"        {argument},\n" for argument in arguments) + "    )"


def _column_check(method: str, column: Column, key: str) -> str:
    rule_id = f"{column.name}.{key}"
    decorator = _call("pa.check", [_quoted(column.name), *_options(rule_id)], "    @")
    return _method(method, decorator, "pd.Series", rule_id)


def _record_check(method: str, rule: RecordRule) -> str:
    decorator = _call("pa.dataframe_check", _options(rule.name), "    @")
    return _method(method, decorator, "pd.DataFrame", rule.name)


def _options(rule_id: str) -> list[str]:
    # By default pandera omits missing values before a check, and `required` would never see them.
    return [f"name={_quoted(rule_id)}", f"error={_quoted(rule_id)}", "ignore_na=False"]


def _method(name: str, decorator: str, kind: str, rule_id: str) -> str:
    body = f"RULES.keeps({_quoted(rule_id)}, data)"
    signature = f"def {name}(cls, data: {kind}) -> pd.Series:"
    return f"\n    @{decorator}\n    {signature}\n        return {body}\n"
