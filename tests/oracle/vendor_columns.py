"""Random keys of columns and record rules for values as vendors write them."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.contracts import Column, Contract, chance
from tests.oracle.lookup_files import DOUBLE, SAME_NAMES, SINGLE
from tests.oracle.values import normalise

ZONES = (
    "America/Chicago", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia",
    "UTC", "Africa/Monrovia", "America/St_Johns", "Europe/London",
)  # fmt: skip
DURATION_FORMATS: tuple[str | list[str], ...] = (
    "M:SS", "D.HH:MM:SS", "H:MM:SS.f", "S.f", "S", ["H:MM:SS", "M:SS"], "D HH:MM", "H:MM", ["D.HH:MM:SS.f", "H:MM:SS"],
)  # fmt: skip
# Lists, as plain contracts have a fraction in a single format or the last one.
FRACTION_FORMATS: dict[str, tuple[list[str], ...]] = {
    "time": (["%H:%M:%S.%f"], ["%H:%M:%S.%f", "%H:%M:%S"]),
    "datetime": (
        ["%Y-%m-%d %H:%M:%S.%f"],
        ["%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S"],
        ["%m/%d/%Y %I:%M:%S.%f %p"],
    ),
}
EPOCH_FORMATS = ("epoch_s", "epoch_ms", "epoch_us")
PREFIXES: tuple[Any, ...] = ("$", "€", ["€", "EUR "], ["E", "EUR", "EUR "], "USD ", "(")
SUFFIXES: tuple[Any, ...] = ("%", ["%", " %"], " s", ["s", "ms"], ")", "€")


def columns_of(contract: Contract, *kinds: str) -> list[Column]:
    return [column for column in contract["columns"] if column.get("type", "text") in kinds]


def numbers(rng: random.Random, contract: Contract) -> None:
    for column in columns_of(contract, "integer", "decimal"):
        if column["type"] == "decimal" and chance(rng, 60):
            column["decimal"] = rng.choice([",", ",", "·", "."])
        point = column.get("decimal", ".") if column["type"] == "decimal" else ""
        marks = [mark for mark in (".", ",", " ", "'", "\u00a0") if mark != point]
        if chance(rng, 60):
            column["thousands"] = rng.choice(marks)
        for key, possible in (("prefix", PREFIXES), ("suffix", SUFFIXES)):
            if chance(rng, 40):
                column[key] = rng.choice(possible)
        drop_impossible(column)


def drop_impossible(column: Column) -> None:
    """Take away `allowed` where its values are not of the type any more."""
    if "decimal" in column or "thousands" in column:
        column.pop("allowed", None)
        column.pop("ignore_case", None)
        keep_severity(column)


def keep_severity(column: Column) -> None:
    """Take away the severities of rules that are not there."""
    if isinstance(column.get("severity"), dict):
        kept = {key: level for key, level in column["severity"].items() if key in column}
        column.pop("severity")
        column.update({"severity": kept} if kept else {})


def booleans(rng: random.Random, contract: Contract) -> None:
    for column in columns_of(contract, "boolean"):
        column["true_values"], column["false_values"] = rng.choice(
            [
                (["Y", "1"], ["N", "0"]),
                (["ja"], ["nein", "é"]),
                (["True"], ["False"]),
                (["x y"], ["NULL", "A1"]),
            ]
        )
        if chance(rng, 40):
            column["ignore_case"] = True
            column.pop("unique", None)
            keep_severity(column)


def normalised(rng: random.Random, contract: Contract) -> None:
    for column in contract["columns"]:
        if chance(rng, 40):
            column["trim"] = True
        if column.get("type", "text") in ("text", "date", "time") and chance(rng, 40):
            column["case"] = rng.choice(["upper", "lower"])
        if "allowed" in column:
            column["allowed"] = list(dict.fromkeys(normalise(text, column) for text in column["allowed"]))


def epoch(rng: random.Random, contract: Contract) -> None:
    for column in columns_of(contract, "datetime"):
        alone = chance(rng, 50)
        unit = rng.choice(EPOCH_FORMATS)
        column["format"] = unit if alone else ["%Y-%m-%d %H:%M:%S", unit]
        if not alone:
            column["timezone"] = rng.choice(ZONES)


def timezone(rng: random.Random, contract: Contract) -> None:
    zoned = columns_of(contract, "datetime")
    for column in zoned:
        column["timezone"] = rng.choice(ZONES)
    if len(zoned) > 1:
        one, other = (quoted(column["name"]) for column in rng.sample(zoned, 2))
        check = rng.choice([f"{one} >= {other}", f"seconds({one} - {other}) < 86400", f"{one} != {other}"])
        contract.setdefault("rules", []).append({"name": "zoned", "check": check})


def quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


def fractions(rng: random.Random, contract: Contract) -> None:
    for column in columns_of(contract, "time", "datetime"):
        if "epoch" not in str(column.get("format", "")):
            column["format"] = rng.choice(FRACTION_FORMATS[column["type"]])


def years(rng: random.Random, contract: Contract) -> None:
    for column in columns_of(contract, "date"):
        column["format"] = rng.choice(["%d.%m.%y", "%-d/%-m/%y", ["%y%m%d", "%Y-%m-%d"]])
        column["two_digit_years"] = {"from": rng.choice([1950, 1900, 1999, 2000, 1969, 1970, 1850])}


def durations(rng: random.Random, contract: Contract) -> None:
    for column in columns_of(contract, "duration"):
        column["format"] = rng.choice(DURATION_FORMATS)


def keys(rng: random.Random, contract: Contract) -> None:
    for column in columns_of(contract, "text", "digits", "boolean"):
        if chance(rng, 30):
            column["unique"] = True
            column["ignore_case"] = chance(rng, 70)
    columns = contract["columns"]
    rule: dict[str, Any] = {
        "name": "folded_key",
        "unique": [column["name"] for column in rng.sample(columns, min(len(columns), rng.choice([1, 2])))],
    }
    if chance(rng, 60):
        rule["ignore_case"] = True
    checks = [other["check"] for other in contract.get("rules", []) if "check" in other]
    if chance(rng, 60):
        rule["when"] = rng.choice([*checks, f"not empty({quoted(columns[0]['name'])})"])
    if chance(rng, 60):
        rule["severity"] = "warn"
    contract.setdefault("rules", []).append(rule)


def lookups(rng: random.Random, contract: Contract) -> None:
    for column in columns_of(contract, "text", "digits"):
        if chance(rng, 30):
            file = rng.choice(SINGLE)
            column["lookup"] = {"file": file.name, "column": file.columns[0], "source": file.source}
    if len(contract["columns"]) < 2:
        return
    names = [column["name"] for column in rng.sample(contract["columns"], 2)]
    if chance(rng, 30):
        lookup: dict[str, Any] = {"file": SAME_NAMES, "columns": names}
    else:
        file = rng.choice(DOUBLE)
        lookup = {"file": file.name, "columns": dict(zip(names, file.columns, strict=True))}
        if file.source:
            lookup["source"] = file.source
    rule = {"name": "known_pair", "lookup": lookup} | ({"severity": "warn"} if chance(rng, 70) else {})
    contract.setdefault("rules", []).append(rule)


def optional(rng: random.Random, contract: Contract) -> None:
    if contract["source"]["header"] in ("any_order", "by_name") and len(contract["columns"]) > 1:
        for column in rng.sample(contract["columns"], rng.choice([1, 1, len(contract["columns"]) - 1])):
            column["optional"] = True


def header_names(rng: random.Random, contract: Contract) -> None:
    columns = contract["columns"]
    if contract["source"]["header"] == "none":
        return
    if len(columns) > 1 and chance(rng, 60):
        for column in rng.sample(columns, rng.randint(2, min(3, len(columns)))):
            column.pop("aliases", None)
            column["header"] = "Note 99"
    free = [column for column in columns if "header" not in column]
    if free:
        rng.choice(free)["header"] = rng.choice(["the Header 77", "é 77", "a_77"])
