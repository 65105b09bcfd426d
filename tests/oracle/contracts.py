"""Random, valid contracts in their plain dict form."""

from __future__ import annotations

import random
from typing import Any

Contract = dict[str, Any]
Column = dict[str, Any]

LOOKUPS = {"agents.csv": frozenset({"7", "12", "A1", "ab", "x y", "2024-01-31", "1.5", "true"})}
LOOKUP_COLUMN = "key"
KINDS = ("text", "digits", "integer", "decimal", "boolean", "date", "time", "datetime", "duration")
ENCODINGS = (
    *["utf-8"] * 12, *["latin-1", "cp1252", "utf-16", "utf-16-le"] * 2,
    "iso2022_jp_2", "hz", "utf-7", "euc_jis_2004", "gb18030",
)  # fmt: skip
FORMATS: dict[str, tuple[str | list[str], ...]] = {
    "date": ("%d.%m.%Y", "%-d/%-m/%y", ["%Y-%m-%d", "%d %b %Y"], "%a %d %B %Y", "%Y%m%d"),
    "time": ("%-H:%M:%S", "%I:%M %p", "%-I:%M:%S %p", ["%H:%M:%S", "%H:%M"], "%H:%M:%S.%f"),
    "datetime": ("%Y-%m-%dT%H:%M:%S%z", "%d/%m/%Y %-H:%M", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"]),
}
BOUNDS: dict[str, tuple[Any, Any]] = {
    "digits": (5, 5000),
    "integer": (-10, 1000),
    "decimal": (-2.5, 99.25),
    "date": ("2024-01-15", "2024-06-30"),
    "time": ("08:00:00", "18:30:00"),
    "datetime": ("2024-01-15T08:00:00", "2024-06-30T12:00:00"),
    "duration": ("0:10:00", "30:00:00"),
}
PATTERNS = ("[A-Z]+", "[a-z0-9]{1,4}", ".*", "[^x]*", "(?:ab|cd)+|é?", "[A-Za-z][A-Za-z0-9 ]*", "A?B?C?.")
ALLOWED: dict[str, list[str]] = {
    "text": ["COMPLETED", "DROPPED", "failed", "é", "ab", "A,B"],
    "digits": ["7", "12", "007"],
    "integer": ["7", "-1", "+3"],
}
CHECKS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("time", "time"), "{0} >= {1}"),
    (("time", "time"), "seconds({0} - {1}) < 3600"),
    (("time",), "{0} < '12:00:00'"),
    (("time",), "seconds({0}) >= 30000"),
    (("date",), "{0} >= '2024-02-01'"),
    (("date",), "weekday({0}) < 5"),
    (("date", "date"), "days({0} - {1}) <= 30"),
    (("datetime",), "'2024-03-01T00:00:00' > {0}"),
    (("datetime",), "weekday({0}) in [0, 1, 6]"),
    (("duration",), "seconds({0}) < 3600"),
    (("duration", "duration"), "{0} <= {1}"),
    (("text",), "length({0}) > 2"),
    (("text",), "upper({0}) == {0}"),
    (("text",), "left({0}, 2) == 'ab' or right({0}, 1) == \"x\""),
    (("text",), "matches({0}, '[a-z0-9]+')"),
    (("text",), "{0} in ['ab', 'COMPLETED', 'x']"),
    (("text",), "not ({0} in ['ab', 'é'])"),
    (("text",), "not empty({0})"),
    (("text", "text"), "{0} + {1} != 'abab'"),
    (("text", "digits"), "lower({0}) < {1}"),
    (("digits",), "{0} != '12'"),
    (("digits", "integer"), "empty({0}) or {1} > 0"),
    (("integer",), "0 <= {0} <= 100"),
    (("integer",), "{0} * 2 + 1 > 7"),
    (("integer", "decimal"), "{0} / {1} > 1"),
    (("integer", "integer"), "{0} - {1} < 10"),
    (("decimal",), "abs({0}) < 20 and -{0} < 5.5"),
    (("integer", "integer"), "coalesce({0}, {1}, 0) >= 0"),
    (("decimal", "integer"), "{0} + {1} == {1} + {0}"),
    (("boolean",), "not {0}"),
    (("boolean", "text"), "{0} or not empty({1})"),
    (("text", "text"), "{0} == 'ab' or {1} != 'ab'"),
    (("text", "text"), "not ({0} == 'ab' or {1} == 'x')"),
    (("integer", "text"), "not ({0} < 0 and {1} == 'x')"),
)


def chance(rng: random.Random, percent: int) -> bool:
    return rng.randrange(100) < percent


def make_contract(rng: random.Random) -> Contract:
    """Give a contract that is valid by section 3 of the specification."""
    source = make_source(rng)
    count = 1 if chance(rng, 8) else rng.randint(2, 7)
    columns = [make_column(rng, place, source) for place in range(count)]
    contract: Contract = {"contract": "fuzz", "version": "1.0.0", "source": source, "columns": columns}
    rules = make_rules(rng, columns)
    if rules:
        contract["rules"] = rules
    return contract


def make_source(rng: random.Random) -> dict[str, Any]:
    source: dict[str, Any] = {"header": rng.choice(["exact", "exact", "any_order", "by_name", "none"])}
    source["encoding"] = rng.choice(ENCODINGS)
    source["delimiter"] = rng.choice([",", ",", ",", ";", "\t", "|", "§", "^"])
    source["quote"] = rng.choice(['"', '"', '"', "'", None])
    if source["quote"] is not None:
        source["multiline"] = chance(rng, 50)
        source["quoting"] = rng.choice(["strict", "strict", "lenient"])
    if chance(rng, 50):
        source["empty_values"] = rng.choice([[""], ["", "NULL"], ["", "N/A", "-"], ["NULL"]])
    if chance(rng, 10) and source["header"] != "none":
        source["header_case"] = "ignore"
    return source


def make_column(rng: random.Random, place: int, source: dict[str, Any]) -> Column:
    kind = rng.choice(KINDS + ("text",) * 3)
    stem = rng.choice([kind, kind, f"the {kind}", f"{kind}+x", f"zahlé {kind}"])
    column: Column = {"name": f"{stem} {place}" if " " in stem else f"{stem}_{place}"}
    if kind != "text" or chance(rng, 20):
        column["type"] = kind
    if kind in FORMATS and chance(rng, 50):
        column["format"] = rng.choice(FORMATS[kind])
    rules = value_rules(rng, kind, column)
    names = list(rules)
    rng.shuffle(names)
    column.update({name: rules[name] for name in names})
    names = [name for name in names if name != "ignore_case" and rules[name] is not False]
    if chance(rng, 20) and names:
        column["severity"] = "warn" if chance(rng, 50) else {rng.choice(names): "warn"}
    if chance(rng, 10) and source["header"] != "none":
        column["aliases"] = [f"other {place}"]
    if chance(rng, 10):
        column["classification"] = rng.choice(["public", "personal", "secret"])
    return column


def value_rules(rng: random.Random, kind: str, column: Column) -> dict[str, Any]:
    """Give rules that can hold together: `allowed` stands without bounds, lengths and patterns."""
    rules: dict[str, Any] = {}
    if chance(rng, 35):
        rules["required"] = chance(rng, 90)
    if chance(rng, 8):
        rules["unique"] = True
    if chance(rng, 12) and kind in ("text", "digits", "decimal"):
        rules["lookup"] = {"file": "agents.csv", "column": LOOKUP_COLUMN}
    if kind in ALLOWED and chance(rng, 25):
        rules["allowed"] = rng.sample(ALLOWED[kind], rng.randint(1, len(ALLOWED[kind])))
        if chance(rng, 40):
            rules["ignore_case"] = True
            rules.pop("unique", None)  # folded keys are in the group `keys`
        return rules
    has_zone = "%z" in str(column.get("format", ""))
    if kind in BOUNDS and not has_zone:
        low, high = BOUNDS[kind]
        rules.update({key: limit for key, limit in (("min", low), ("max", high)) if chance(rng, 35)})
    if kind == "text":
        rules.update(
            {key: length for key, length in (("min_length", 2), ("max_length", 6)) if chance(rng, 25)}
        )
        if chance(rng, 30):
            rules["pattern"] = rng.choice(PATTERNS)
    return rules


def make_rules(rng: random.Random, columns: list[Column]) -> list[dict[str, Any]]:
    """Give record rules whose checks find their columns' types."""
    rules: list[dict[str, Any]] = []
    for place in range(rng.choice([0, 0, 1, 2, 4])):
        rule: dict[str, Any] = {"name": f"rule_{place}"}
        if len(columns) > 1 and chance(rng, 20):
            rule["unique"] = [column["name"] for column in rng.sample(columns, 2)]
        else:
            checks = possible_checks(rng, columns)
            if not checks:
                continue
            if chance(rng, 35):
                rule["when"] = rng.choice(checks)
            rule["check"] = rng.choice(checks)
            if chance(rng, 25):
                mark = rng.choice(["and", "or", "==", "!="])
                rule["check"] = f"({rule['check']}) {mark} (not ({rng.choice(checks)}))"
        if chance(rng, 25):
            rule["severity"] = "warn"
        if chance(rng, 30):
            rule["reason"] = f"rule {place} does not hold"
        rules.append(rule)
    return rules


def possible_checks(rng: random.Random, columns: list[Column]) -> list[str]:
    by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for column in columns:
        if "%z" not in str(column.get("format", "")):
            name = column["name"]
            by_kind[column.get("type", "text")].append(name if name.isidentifier() else f"`{name}`")
    return [
        template.format(*(rng.choice(by_kind[kind]) for kind in kinds))
        for kinds, template in CHECKS
        if all(by_kind[kind] for kind in kinds)
    ]
