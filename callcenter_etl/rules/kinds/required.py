"""`required`: a value is not empty."""

from __future__ import annotations

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.rule_kind import ALL_CHANGES, Asked, Broken, RuleKind, always_breakable, no_hints
from callcenter_etl.rules.sample import column_sample


def _mask(column: Column) -> Broken:
    return lambda columns: columns.blank_mask(column.name)


REQUIRED = RuleKind(
    key="required",
    asks=Asked.EVERY_VALUE,
    compares_records=False,
    mask=_mask,
    sentence=lambda _: "{column} is required but empty",
    kept=lambda _: "is not empty",
    broken="is empty",
    outliers="are empty",
    declared=lambda _: "true",
    reported=lambda _: "true",
    is_wider=lambda _before, _after: True,
    newly_rejected=lambda _before, _after: "records where it is empty",
    kept_through=ALL_CHANGES,
    hints=no_hints,  # an empty value is tried in every column
    unbreakable=always_breakable,
    samples=(
        column_sample(
            "required",
            "the value is not empty; white space alone counts as empty",
            "required: true",
            "x",
            " ",
        ),
    ),
)
