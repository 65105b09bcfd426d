"""The groups of keys that generated contracts may have, so that each can be switched on alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle import vendor_columns, vendor_source
from tests.oracle.contracts import Contract, chance

Declare = Callable[[random.Random, Contract], None]


@dataclass(frozen=True, slots=True)
class Group:
    """A feature: its area, and the function that adds its keys to a contract that is valid without them."""

    area: str
    declare: Declare


# The order is part of it: a later group may look at the keys of an earlier one.
GROUPS: dict[str, Group] = {
    "long_delimiter": Group("dialect", vendor_source.long_delimiter),
    "comment": Group("surround", vendor_source.comment),
    "double_quote": Group("dialect", vendor_source.double_quote),
    "escape": Group("dialect", vendor_source.escape),
    "initial_space": Group("dialect", vendor_source.initial_space),
    "trailing_delimiter": Group("dialect", vendor_source.trailing_delimiter),
    "short_records": Group("dialect", vendor_source.short_records),
    "preamble": Group("surround", vendor_source.preamble),
    "header_lines": Group("surround", vendor_source.header_lines),
    "after_header": Group("surround", vendor_source.after_header),
    "footer": Group("surround", vendor_source.footer),
    "unexpected": Group("header", vendor_source.unexpected),
    "file_values": Group("header", vendor_source.file_values),
    "optional": Group("header", vendor_columns.optional),
    "header_names": Group("header", vendor_columns.header_names),
    "numbers": Group("values", vendor_columns.numbers),
    "booleans": Group("values", vendor_columns.booleans),
    "normalised": Group("values", vendor_columns.normalised),
    "fractions": Group("times", vendor_columns.fractions),
    "epoch": Group("times", vendor_columns.epoch),
    "timezone": Group("times", vendor_columns.timezone),
    "years": Group("times", vendor_columns.years),
    "durations": Group("times", vendor_columns.durations),
    "keys": Group("times", vendor_columns.keys),
    "lookups": Group("times", vendor_columns.lookups),
}
# The groups of the suite and of `make fuzz`.
ENABLED: tuple[str, ...] = tuple(GROUPS)


def named(text: str) -> tuple[str, ...]:
    """Return the groups of a list of groups or areas, parted by commas; `all` for every one."""
    wanted = [word for word in text.split(",") if word]
    unknown = [word for word in wanted if word != "all" and word not in GROUPS and word not in areas()]
    if unknown:
        raise ValueError(f"unknown groups: {unknown!r}")
    return tuple(
        name for name, group in GROUPS.items() if "all" in wanted or name in wanted or group.area in wanted
    )


def areas() -> set[str]:
    return {group.area for group in GROUPS.values()}


def declare_some(rng: random.Random, contract: Contract, groups: tuple[str, ...]) -> None:
    """Add the keys of some of these groups: few of many, most, or one alone."""
    percent = 100 if len(groups) == 1 else rng.choice([20, 50, 80])
    for name, group in GROUPS.items():
        if name in groups and chance(rng, percent):
            group.declare(rng, contract)
