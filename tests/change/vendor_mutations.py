"""Random changes to the keys of files as vendors write them, in the plain dict form of a contract."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from tests.oracle import vendor_columns, vendor_source
from tests.oracle.contracts import Contract, chance

# The keys of `source` and of columns that each declaration of the oracle may add.
SOURCE_KEYS: dict[str, tuple[str, Callable[[random.Random, Contract], None]]] = {
    "preamble": ("preamble", vendor_source.preamble),
    "after_header": ("after_header", vendor_source.after_header),
    "comment": ("comment", vendor_source.comment),
    "footer": ("footer", vendor_source.footer),
    "escape": ("escape", vendor_source.escape),
    "double_quote": ("double_quote", vendor_source.double_quote),
    "header_lines": ("header_lines", vendor_source.header_lines),
    "skip_initial_space": ("skip_initial_space", vendor_source.initial_space),
    "trailing_delimiter": ("trailing_delimiter", vendor_source.trailing_delimiter),
    "short_records": ("short_records", vendor_source.short_records),
    "unexpected_columns": ("unexpected_columns", vendor_source.unexpected),
}
COLUMN_KEYS: dict[str, tuple[tuple[str, ...], Callable[[random.Random, Contract], None]]] = {
    "numbers": (("decimal", "thousands", "prefix", "suffix"), vendor_columns.numbers),
    "booleans": (("true_values", "false_values", "ignore_case"), vendor_columns.booleans),
    "normalised": (("trim", "case"), vendor_columns.normalised),
    "fractions": (("format",), vendor_columns.fractions),
    "epoch": (("format", "timezone"), vendor_columns.epoch),
    "timezone": (("timezone",), vendor_columns.timezone),
    "years": (("format", "two_digit_years"), vendor_columns.years),
    "durations": (("format",), vendor_columns.durations),
    "optional": (("optional",), vendor_columns.optional),
    "header_names": (("header",), vendor_columns.header_names),
    "keys": (("unique", "ignore_case"), vendor_columns.keys),
}


def change_source_key(rng: random.Random, contract: Contract) -> None:
    """Remove, or declare otherwise, one key of the source, mostly one that is there."""
    source = contract["source"]
    present = [name for name, (key, _) in SOURCE_KEYS.items() if key in source]
    name = rng.choice(present) if present and chance(rng, 70) else rng.choice(list(SOURCE_KEYS))
    key, declare = SOURCE_KEYS[name]
    removed = source.pop(key, None)
    if removed is None or chance(rng, 50):
        declare(rng, contract)


def change_surrounding(rng: random.Random, contract: Contract) -> None:
    """Change one part of the declaration of lines around the records."""
    present = [key for key in ("preamble", "after_header", "footer") if key in contract["source"]]
    if not present:
        return
    declared = contract["source"][rng.choice(present)]
    edits: list[Callable[[], object]] = [
        lambda: declared.update(optional=not declared.get("optional", False)),
        lambda: declared.pop("match", None),
        lambda: declared.pop("fields", None),
        lambda: declared.update(match=".*"),
        lambda: declared.update(lines=declared.get("lines", 1) + 1),
    ]
    rng.choice(edits)()


def change_column_keys(rng: random.Random, contract: Contract) -> None:
    """Remove, or declare otherwise, the keys of one kind in one column."""
    keys, declare = rng.choice(list(COLUMN_KEYS.values()))
    other = copy.deepcopy(contract)
    for column in other["columns"]:
        for key in keys:
            column.pop(key, None)
    if chance(rng, 70):
        declare(rng, other)
    changed = [at for at, column in enumerate(contract["columns"]) if column != other["columns"][at]]
    # One column, so that the diff of the others does not hide it. A shared `header` needs all of them.
    chosen = changed if "header" in keys else rng.sample(changed, min(len(changed), 1))
    for at in chosen:
        contract["columns"][at] = other["columns"][at]


def change_rule_keys(rng: random.Random, contract: Contract) -> None:
    """Change `ignore_case` and `when` of a unique record rule."""
    rules = [rule for rule in contract.get("rules", []) if "unique" in rule]
    if not rules:
        vendor_columns.keys(rng, contract)
        return
    rule = rng.choice(rules)
    if chance(rng, 50):
        rule["ignore_case"] = not rule.get("ignore_case", False)
    elif rule.pop("when", None) is None:
        rule["when"] = f"not empty({vendor_columns.quoted(contract['columns'][0]['name'])})"


VENDOR_MUTATIONS = (
    *[change_source_key] * 3, change_surrounding, *[change_column_keys] * 4, change_rule_keys,
)  # fmt: skip
