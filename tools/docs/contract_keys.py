"""docs/reference/contract.md: every key of a contract, from the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS
from callcenter_etl.contract.examples import Examples, FailingExample
from callcenter_etl.contract.expressions.checker import FUNCTIONS
from callcenter_etl.contract.json_schema import json_schema
from callcenter_etl.contract.lookup_keys import LookupSource, RecordLookup
from callcenter_etl.contract.model import (
    Column,
    ContractDocument,
    FileName,
    Limits,
    Lookup,
    RecordRule,
    SourceFormat,
)
from callcenter_etl.contract.run_defaults import ExceptionsSettings, LogSettings, RunDefaults, TableSettings
from callcenter_etl.contract.side_files import Checksum, Control
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.contract.surroundings import AfterHeader, Footer, Preamble
from callcenter_etl.contract.table_layout import Buckets, PartitionKey, TableLayout
from callcenter_etl.contract.temporal_keys import TwoDigitYears

SAMPLE = Path(__file__).resolve().parents[2] / "contracts" / "call_center.yaml"
_PLACES: dict[str, type[BaseModel]] = {
    "The contract": ContractDocument,
    "source": SourceFormat,
    "source.filename": FileName,
    "source.preamble": Preamble,
    "source.after_header": AfterHeader,
    "source.footer": Footer,
    "source.control": Control,
    "source.checksum": Checksum,
    "columns": Column,
    "columns.two_digit_years": TwoDigitYears,
    "columns.lookup": Lookup,
    "columns.lookup.source": LookupSource,
    "rules": RecordRule,
    "rules.lookup": RecordLookup,
    "limits": Limits,
    "run": RunDefaults,
    "run.log": LogSettings,
    "run.exceptions": ExceptionsSettings,
    "run.table": TableSettings,
    "run.layout": TableLayout,
    "run.layout.partition_by": PartitionKey,
    "run.layout.buckets": Buckets,
    "run.storage_options": StorageOptions,
    "examples": Examples,
    "examples.fail": FailingExample,
}
_HEAD = """# Contract reference

YAML 1.2, or JSON with the same keys. Unknown keys are faults, with a suggestion; `callcenter-etl contract check FILE`
lists every fault with its line and column. Editors complete and check contracts with
`callcenter-etl contract schema`. This page is generated from the models by `make docs`.

A whole number may be written as a float: `1.0` is 1, `1e3` is 1000. In double quotes a backslash begins an escape
(`"\\N"` is U+0085, `"\\b"` a backspace), which `contract check` and `validate` warn about: patterns belong in single
quotes. No column may have a name that `exceptions.csv` adds: `reject_line`, `reject_rules`, `reject_reasons`,
`reject_raw`. A lookup file is comma-separated UTF-8 with a header line, unless `source` says otherwise; one named `.gz`, `.zst`,
`.bz2` or `.xz` is decompressed.
"""
_MEANINGS = {
    "empty": "true where there is no value; never unknown",
    "length": "how many characters",
    "lower": "in lower case",
    "upper": "in upper case",
    "left": "the first n characters",
    "right": "the last n characters",
    "matches": "true where the pattern (RE2 syntax) matches the whole text",
    "seconds": "a time, or a duration such as the difference of two times, as a number of seconds",
    "days": "a duration, such as the difference of two dates, as a number of days",
    "weekday": "0 for Monday to 6 for Sunday, in the time zone of the column if it has one",
    "abs": "without its sign",
    "coalesce": "the first that is not unknown",
}
_TYPES = {
    "string": "text",
    "integer": "count",
    "number": "number",
    "boolean": "true, false",
    "object": "mapping",
}


def contract_page() -> str:
    """Return the page."""
    schema = json_schema()
    lines = [_HEAD]
    for place, model in _PLACES.items():
        properties = schema["properties"] if model is ContractDocument else _properties(schema, model)
        lines += _section(place, model, properties)
    lines += ["## Formats of dates and times", "", *_formats(), "", "## Functions of expressions", ""]
    lines += [
        "`check` and `when` take columns (in backticks if the name is not an identifier), numbers, texts in quotes,",
        "`+ - * /`, comparisons, `and or not`, `in [...]`, and these functions. Conditions compare with `==` and `!=`, each",
        "in parentheses: `(status == 'COMPLETED') == (not empty(agent))`. An empty value, or one that broke its own type, is",
        "unknown: it propagates as NULL does in SQL, and an unknown check is not broken.",
        "",
        "| function | arguments | result |",
        "|---|---|---|",
        *(f"| `{name}` | {_arguments(*counts)} | {_MEANINGS[name]} |" for name, counts in FUNCTIONS.items()),
        "",
        "## A whole contract",
        "",
        "`contracts/call_center.yaml`:",
        "",
        "```yaml",
        SAMPLE.read_text(encoding="utf-8").rstrip("\n"),
        "```",
    ]
    return "\n".join(lines) + "\n"


def _properties(schema: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    known = schema["$defs"].get(model.__name__) or model.model_json_schema()  # it may be written out in place
    properties: dict[str, Any] = known["properties"]
    return properties


def _section(place: str, model: type[BaseModel], properties: dict[str, Any]) -> list[str]:
    title = place if model is ContractDocument else f"`{place}`"
    what = (model.__doc__ or "").splitlines()[0]
    if model is Column:
        what = "A list; each item is one column and its rules."
    elif model is RecordRule:
        what = "A list; each item is a rule over a whole record: a check with an optional condition, or a unique key."
    rows = []
    for name, info in model.model_fields.items():
        key = info.alias or name
        if key not in properties:
            continue
        words = _words(properties[key], place, key)
        rows.append(f"| `{key}` | {words} | {_default(info)} | {_cell(info.description or '')} |")
    return [f"## {title}", "", what, "", "| key | value | default | |", "|---|---|---|---|", *rows, ""]


def _words(value: dict[str, Any], place: str, key: str) -> str:
    """Say in words what JSON Schema says of a value."""
    if "$ref" in value:
        below = key if place == "The contract" else f"{place}.{key}"
        return f"[keys](#{below.replace('.', '')})" if below in _PLACES else "keys"
    if "anyOf" in value:
        return " or ".join(_words(each, place, key) for each in value["anyOf"] if each.get("type") != "null")
    if value.get("type") == "array":
        return f"list of {_words(value.get('items', {}), place, key)}".replace("value", "values")
    return _scalar(value)


def _scalar(value: dict[str, Any]) -> str:
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    kinds = [each for each in _as_list(value.get("type")) if each != "null"]
    return "value" if {"boolean", "string"} <= set(kinds) else " or ".join(_TYPES[each] for each in kinds)


def _as_list(kind: Any) -> list[str]:
    return kind if isinstance(kind, list) else [str(kind)]


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**required**"
    value = info.get_default(call_default_factory=True)
    if value in (None, (), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _formats() -> list[str]:
    defaults = ", ".join(
        f"`{' or '.join(_as_tuple(each))}` for {kind}" for kind, each in DEFAULT_FORMATS.items()
    )
    return [
        "One strptime format or a list of them. `%H %M %S %d %m %I` take exactly two digits, `%-H %-d %-m %-I` take them",
        f"unpadded; `%Y %y %p %f %b %B %a %A %z` are there too; `%z` is `Z` or an offset such as `+05`, `+0530` or `+05:30`. Only real dates and times pass. Defaults: {defaults}.",
        "",
        "`%f` takes one to nine digits; values compare in microseconds, further digits are cut. `%y` is a year from 1969 to 2068,",
        "or of the hundred years that `two_digit_years` begins. Formats of a `datetime` are also `epoch_s`, `epoch_ms` and",
        "`epoch_us`: an optional minus and digits, counted from 1970-01-01 in UTC, within the years 1 to 9999.",
        "",
        "A duration has a format of units: `D`, `H`, `M` or `S` for any number of the first unit, then `HH`, `MM` and `SS` of two",
        "digits, and `f` for one to nine digits of a fraction: `H:MM:SS` (the default), `M:SS`, `D.HH:MM:SS`, `S.f`. Bounds are",
        "`H:MM:SS` in any case.",
        "",
        "With `timezone`, a value without an offset is a local time there: one that the clocks skip violates `type`, of two",
        "equal ones it is the first. Bounds of the column, and texts that rules compare with it, are local times there too.",
    ]


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _arguments(least: int, most: int | None) -> str:
    return f"{least} or more" if most is None else str(most)
