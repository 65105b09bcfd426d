"""Random contracts with the keys for files as vendors write them."""

from __future__ import annotations

import random
from typing import Any

Plain = dict[str, Any]

# Values of each key. No two of them exclude each other but where `make_source` says so.
SOURCE: dict[str, tuple[Any, ...]] = {
    "filename": ({"pattern": r"calls_(?P<day>[0-9]{8})\.csv", "fields": {"day": {"type": "date", "format": "%Y%m%d"}}},),
    "preamble": (
        {"lines": 2},
        {"lines": 2, "match": ["Report: .*", "Period (?P<from>[0-9-]+)"], "fields": {"from": "date"}},
        {"until": "Id;.*", "match": "[^;]*"},
        {"lines": 1, "match": "Total (?P<all>.*)", "optional": True, "fields": {"all": {"type": "decimal", "decimal": ","}}},
    ),
    "header_lines": (2, 3),
    "after_header": ({}, {"lines": 2, "match": ["INTEGER.*", "sec.*"]}, {"match": "VARCHAR.*", "optional": True}),
    "comment": ("#", "//"),
    "footer": (
        {"lines": 1, "match": "Total;(?P<records>[0-9]+)", "fields": {"records": "integer"}},
        {"lines": 2},
        {"match": "End (?P<at>.*)", "optional": True, "fields": {"at": {"type": "duration", "format": ["M:SS", "H:MM:SS"]}}},
    ),
    "delimiter": ("||", ";", "\t"),
    "quote": (None, "'"),
    "escape": ("\\",),
    "double_quote": (True, False),
    "skip_initial_space": (True,),
    "trailing_delimiter": (True,),
    "short_records": ("empty",),
    "encoding": ("cp1252",),
    "header": ("exact", "any_order", "by_name", "none"),
    "header_case": ("ignore",),
    "quoting": ("lenient",),
    "multiline": (True,),
    "empty_values": (["", "\\N"], ["NULL", ""]),
    "max_bytes": (10_000_000,),
    "member": ("calls_*.csv",),
    "unexpected_columns": ("refuse", "warn", "ignore"),
    "control": (
        {"file": "{stem}.ctl", "match": "records=(?P<records>[0-9]+)", "fields": {"records": "integer"}},
        {"file": "{name}.json", "format": "json", "fields": {"amount": {"type": "decimal", "thousands": ","}}, "optional": True},
    ),
    "checksum": ({"file": "{name}.sha256"}, {"file": "{stem}.md5", "optional": True}),
}  # fmt: skip
COLUMNS: tuple[Plain, ...] = (
    {"type": "decimal", "decimal": ",", "thousands": ".", "prefix": ["€", "EUR "], "suffix": ["%"], "min": "-1.5"},
    {"type": "decimal", "decimal": ",", "min": 0, "max": "99.5", "unique": True},
    {"type": "decimal", "thousands": "'", "severity": {"type": "warn"}},
    {"type": "integer", "thousands": ".", "suffix": " Stk", "max": 5000, "allowed": ["1.000", "5"]},
    {"type": "boolean", "true_values": ["Y", "1"], "false_values": ["N", "0"], "required": True},
    {"type": "boolean", "true_values": ["ja"], "false_values": ["nein"], "ignore_case": True},
    {"type": "integer", "trim": True, "min": 1, "unique": True},
    {"trim": True, "case": "upper", "allowed": ["COMPLETED", "DROPPED"], "required": True, "max_length": 9},
    {"case": "lower", "pattern": "[a-z]+", "unique": True, "ignore_case": True},
    {"type": "datetime", "format": ["%m/%d/%Y %I:%M %p", "epoch_s"], "timezone": "America/Chicago", "min": "2024-01-01T00:00:00"},
    {"type": "datetime", "format": "epoch_ms", "required": True},
    {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%S.%f", "timezone": "Europe/Berlin"},
    {"type": "date", "format": "%d.%m.%y", "two_digit_years": {"from": 1950}, "max": "2040-01-01"},
    {"type": "duration", "format": ["M:SS", "H:MM:SS.f"], "max": "1:00:00"},
    {"type": "duration", "format": "S.f", "severity": "warn"},
    {"lookup": {"file": "agents.csv", "column": "id", "source": {"delimiter": ";", "encoding": "cp1252"}}},
    {"optional": True, "required": True, "min_length": 2},
    {"header": "Note", "reason": "a note is missing", "required": True},
    {"aliases": ["other"], "classification": "secret", "description": "x"},
)  # fmt: skip
RULES: tuple[Plain, ...] = (
    {"name": "pair", "unique": ["c0", "c1"], "when": "not empty(c0)"},
    {"name": "folded", "unique": ["c0", "c1"], "ignore_case": True, "severity": "warn"},
    {"name": "known", "lookup": {"file": "sites.csv", "columns": {"c0": "site", "c1": "queue"}}},
    {
        "name": "same",
        "lookup": {"file": "s.csv", "columns": ["c0"], "source": {"quote": None}},
        "reason": "no",
    },
)
# Without `source.format`, of which the layouts are fixed_width and excel.
LAYOUTS: dict[str, tuple[Plain, ...]] = {
    "fixed_width": ({"width": 8}, {"width": 3, "align": "right", "pad": "0"}, {"width": 5, "pad": "*"}),
    "excel": ({},),
}
NO_HEADER = ("header_lines", "after_header", "unexpected_columns", "header_case")


def make_source(rng: random.Random, form: str) -> Plain:
    chosen = {key: rng.choice(values) for key, values in SOURCE.items() if rng.randrange(100) < 30}
    if form != "delimited":
        taken = (
            "preamble",
            "after_header",
            "footer",
            "comment",
            "empty_values",
            "member",
            "control",
            "checksum",
        )
        chosen = {key: value for key, value in chosen.items() if key in taken} | {"format": form}
        # A header must be possible for what is below it; in the default of fixed width there is none.
        return chosen | ({"sheet": rng.choice([2, "Calls", "2"])} if form == "excel" else {"header": "exact"})
    if chosen.get("quote", "") is None:
        chosen = {
            key: value for key, value in chosen.items() if key not in ("double_quote", "quoting", "multiline")
        }
    if chosen.get("header") == "none":
        chosen = {key: value for key, value in chosen.items() if key not in NO_HEADER}
    return chosen


def make_vendor_contract(rng: random.Random) -> Plain:
    """Return a valid contract with many keys for the files of vendors."""
    form = rng.choice(["delimited", "delimited", "delimited", "fixed_width", "excel"])
    source = make_source(rng, form)
    pool = [dict(column) for column in COLUMNS]
    if source.get("header", "exact") in ("exact", "none"):
        pool = [column for column in pool if not column.keys() & {"optional"}]
    if source.get("header") == "none":
        pool = [column for column in pool if not column.keys() & {"aliases", "header"}]
    columns = [
        {"name": f"c{place}", **column} for place, column in enumerate(rng.sample(pool, rng.randint(2, 5)))
    ]
    if form == "fixed_width":
        columns = [{**column, **rng.choice(LAYOUTS[form])} for column in columns]
    contract = {"contract": "vendor", "version": "1.0.0", "source": source, "columns": columns}
    rules = [rule for rule in RULES if rng.randrange(100) < 30]
    return contract | ({"rules": rules} if rules else {})
