"""A toy rule kind and a toy report format, added through the steps of docs/design/core.md for as long as a test runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import pyarrow.compute as pc
import pytest

from callcenter_etl.cli import output_formats
from callcenter_etl.contract.column import RULE_KEYS, Column, Found, RuleKey
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.key_types import OptionalText
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.part import Part
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.findings import Report
from callcenter_etl.diagnostics.renderers import RENDERERS, Renderer
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.known_values import where_known
from callcenter_etl.rules.rule_kind import GOT, Asked, Broken, RuleKind, ValueHints, demand_of
from callcenter_etl.rules.sample import column_sample

KEY, FORMAT = "starts_with", "lines"


# Step 1, contract/column.py: the key, and the contract's half of the kind.
class _ColumnWithKey(Column):
    starts_with: OptionalText = None


def prefix_of(column: Column) -> str:
    return str(getattr(column, KEY))


def _faults(part: Part[Column], path: Path) -> Found:
    if getattr(part.value, KEY) == "":
        yield (*path, KEY), "the prefix is empty, so that every value keeps it", 0


RULE_KEY = RuleKey(makes_rule=lambda _: True, companions=(), faults=_faults, typed_faults=lambda *_: iter(()))


# Step 2, rules/kinds/starts_with.py: all else.
def _mask(column: Column) -> Broken:
    return where_known(column, lambda text: pc.invert(pc.starts_with(text, pattern=prefix_of(column))))


def _sentence(column: Column) -> str:
    return f"{{column}} must start with {prefix_of(column)}{GOT}"


STARTS_WITH = RuleKind(
    key=KEY,
    asks=Asked.TYPED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="has another prefix",
    outliers="have another prefix",
    declared=prefix_of,
    reported=prefix_of,
    is_wider=lambda before, after: prefix_of(before).startswith(prefix_of(after)),
    newly_rejected=lambda _, after: f"values that do not start with {prefix_of(after)}",
    kept_through=frozenset(),
    hints=lambda column: ValueHints(texts=(prefix_of(column), f"{prefix_of(column)}1")),
    unbreakable=lambda _: None,
    samples=(column_sample(KEY, "the value has a prefix", f"{KEY}: AB", "AB1", "BA1"),),
)


# A report format, diagnostics/lines.py: one function for results, and one for the faults of contracts.
def render_lines(report: Report, stream: TextIO) -> None:
    for source in report.sources:
        stream.writelines(f"{rule.rule}={rule.broken}\n" for rule in source.violated)


def render_faults_lines(files: Sequence[str], faults: Sequence[Diagnostic], stream: TextIO) -> None:
    stream.writelines(f"{fault.location.line}: {fault.message}\n" for fault in faults)


@contextmanager
def toy_rule_kind() -> Iterator[None]:
    """Add the rule kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Column.model_fields, KEY, _ColumnWithKey.model_fields[KEY])
        patch.setitem(RULE_KEYS, KEY, RULE_KEY)
        # Step 3, rules/kinds/__init__.py: the registry.
        patch.setitem(KINDS, KEY, STARTS_WITH)
        _rebuild_models()
        yield
    _rebuild_models()


def _rebuild_models() -> None:
    # The one thing that an edit of the file does not need: pydantic compiles a model when its class is made.
    Column.model_rebuild(force=True)
    ContractDocument.model_rebuild(force=True)


@contextmanager
def toy_report_format() -> Iterator[None]:
    """Add the report format."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RENDERERS, FORMAT, Renderer(render_lines, render_faults_lines, shows_records=True))
        patch.setattr(output_formats, "FORMATS", (*output_formats.FORMATS, FORMAT))
        yield


def column(**keys: Any) -> dict[str, Any]:
    """Return a contract of an id and one column with these keys."""
    return {"contract": "toy", "columns": [{"name": "id"}, {"name": "value", **keys}]}
