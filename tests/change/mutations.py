"""Random changes to generated contracts, in their plain dict form."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence

from tests.oracle.contracts import (
    ALLOWED,
    BOUNDS,
    FORMATS,
    KINDS,
    LOOKUP_COLUMN,
    PATTERNS,
    Column,
    Contract,
    chance,
    make_column,
    make_rules,
)

Mutation = Callable[[random.Random, Contract], None]
BOUND_STEPS: dict[str, tuple[object, ...]] = {
    "digits": (4, 5, 7, 5000, 5001),
    "integer": (-11, -10, 0, 7, 1000, 1001),
    "decimal": (-2.51, -2.5, 0, 1.5, 99.25, 99.3),
    "date": ("2024-01-14", "2024-01-15", "2024-02-29", "2024-06-30", "2024-07-01"),
    "time": ("00:00:00", "08:00:00", "10:20:30", "18:30:00", "18:30:01"),
    "datetime": ("2024-01-15T08:00:00", "2024-03-01T00:00:00", "2024-06-30T12:00:01"),
    "duration": ("0:09:59", "0:10:00", "1:00:00", "30:00:00", "30:00:01"),
}


def mutated(
    rng: random.Random, contract: Contract, most: int = 3, mutations: Sequence[Mutation] | None = None
) -> Contract:
    """Return a copy with one to `most` random changes; it need not be a valid contract any more."""
    copied = copy.deepcopy(contract)
    for _ in range(rng.randint(1, most)):
        rng.choice(mutations or MUTATIONS)(rng, copied)
    return copied


def a_column(rng: random.Random, contract: Contract) -> Column:
    return dict.__getitem__(contract, "columns")[rng.randrange(len(contract["columns"]))]  # type: ignore[no-any-return]


def put(column: Column, key: str, value: object) -> None:
    if value is None:
        column.pop(key, None)
    else:
        column[key] = value


def flip_required(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    put(column, "required", None if column.get("required") else True)


def flip_unique(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    put(column, "unique", None if column.get("unique") else True)


def change_type(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    column.pop("format", None)
    wider = {"digits": ["integer", "decimal", "text"], "integer": ["decimal", "text"]}
    old = column.get("type", "text")
    column["type"] = rng.choice(wider.get(old, ["text"])) if chance(rng, 70) else rng.choice(KINDS)
    if column["type"] == "text" or chance(rng, 30):
        for key in ("min", "max"):
            column.pop(key, None)


def change_format(rng: random.Random, contract: Contract) -> None:
    columns = [column for column in contract["columns"] if column.get("type") in FORMATS]
    if not columns:
        return
    column = rng.choice(columns)
    old = column.get("format", [])
    old = [old] if isinstance(old, str) else list(old)
    other = rng.choice(FORMATS[column["type"]])
    more = [other] if isinstance(other, str) else list(other)
    column["format"] = rng.choice([old + more, more + old, more, old[:1] or more])


def change_bound(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    steps = BOUND_STEPS.get(column.get("type", "text"))
    if steps is not None:
        put(column, rng.choice(["min", "max"]), rng.choice([*steps, None]))


def change_length(rng: random.Random, contract: Contract) -> None:
    put(
        a_column(rng, contract),
        rng.choice(["min_length", "max_length"]),
        rng.choice([0, 1, 2, 3, 6, 7, 50, None]),
    )


def change_pattern(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    old = column.get("pattern")
    choices = [rng.choice(PATTERNS), None]
    if old is not None:
        choices += [f"{old}|{rng.choice(PATTERNS)}"] * 3
    put(column, "pattern", rng.choice(choices))


def change_allowed(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    pool = ALLOWED.get(column.get("type", "text"))
    if pool is None:
        return
    old = list(column.get("allowed", []))
    more = sorted({*old, *rng.sample(pool, rng.randint(1, len(pool)))})
    put(column, "allowed", rng.choice([more, more, old[1:] or None, None]))
    if "allowed" not in column:
        column.pop("ignore_case", None)
    elif chance(rng, 40):
        column["ignore_case"] = chance(rng, 70)


def change_lookup(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    put(column, "lookup", None if "lookup" in column else {"file": "agents.csv", "column": LOOKUP_COLUMN})


def change_severity(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    keys = [
        key for key in column if key in ("required", "type", "min", "max", "max_length", "pattern", "allowed")
    ]
    keys = [key for key in keys if column[key] not in (False, "text")]
    choices: list[object] = ["warn", "error", "warn"]
    if keys:
        choices.append({rng.choice(keys): rng.choice(["warn", "error"])})
    column["severity"] = rng.choice(choices)


def change_words(rng: random.Random, contract: Contract) -> None:
    put(a_column(rng, contract), "classification", rng.choice(["public", "personal", "secret"]))
    put(a_column(rng, contract), "description", "for people")
    contract["version"] = "2.0.0"
    contract["run"] = {"workers": 2}


def change_empty_values(rng: random.Random, contract: Contract) -> None:
    contract["source"]["empty_values"] = rng.choice(
        [[""], ["", "NULL"], ["", "N/A", "-"], ["", "7", "ab"], [" "]]
    )


def change_quoting(rng: random.Random, contract: Contract) -> None:
    if contract["source"]["quote"] is not None:
        contract["source"]["quoting"] = rng.choice(["strict", "lenient"])


def change_multiline(rng: random.Random, contract: Contract) -> None:
    if contract["source"]["quote"] is not None:
        contract["source"]["multiline"] = not contract["source"].get("multiline", False)


def change_mark(rng: random.Random, contract: Contract) -> None:
    contract["source"][rng.choice(["quote", "delimiter"])] = rng.choice([",", ";", '"', "'"])


def change_encoding(rng: random.Random, contract: Contract) -> None:
    contract["source"]["encoding"] = rng.choice(["utf-8", "latin-1", "cp1252", "ascii"])


def change_header(rng: random.Random, contract: Contract) -> None:
    contract["source"]["header"] = rng.choice(
        ["exact", "any_order", "by_name", "by_name", "any_order", "none"]
    )


def change_header_case(rng: random.Random, contract: Contract) -> None:
    contract["source"]["header_case"] = rng.choice(["exact", "ignore"])


def change_order(rng: random.Random, contract: Contract) -> None:
    rng.shuffle(contract["columns"])


def drop_column(rng: random.Random, contract: Contract) -> None:
    if len(contract["columns"]) > 1:
        contract["columns"].remove(rng.choice(contract["columns"]))


def add_column(rng: random.Random, contract: Contract) -> None:
    place = rng.randint(0, len(contract["columns"]))
    column = make_column(rng, 90 + place, contract["source"])
    if chance(rng, 40):
        column["name"] = rng.choice(["extra 0", "extra 1"])
    contract["columns"].insert(place, column)


def rename(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    old = column["name"]
    column["name"] = rng.choice([f"{old} new", "extra 0", *column.get("aliases", [])])
    if chance(rng, 70) and contract["source"]["header"] != "none":
        column["aliases"] = [old]
    for rule in contract.get("rules", []):
        if "unique" in rule:
            rule["unique"] = [column["name"] if name == old else name for name in rule["unique"]]


def change_aliases(rng: random.Random, contract: Contract) -> None:
    column = a_column(rng, contract)
    put(
        column,
        "aliases",
        rng.choice([None, ["extra 0"], [*column.get("aliases", []), "another"], ["Extra 1"]]),
    )


def change_rules(rng: random.Random, contract: Contract) -> None:
    rules = contract.setdefault("rules", [])
    made = make_rules(rng, contract["columns"])
    if not rules or chance(rng, 20):
        rules += [{**rule, "name": f"more_{place}"} for place, rule in enumerate(made)]
        return
    rule = rng.choice(rules)
    check = rule.get("check")
    other = next((each["check"] for each in made if "check" in each), None)
    names = [column["name"] for column in contract["columns"]]
    edits: list[Callable[[], object]] = [
        lambda: rules.remove(rule),
        lambda: put(rule, "severity", rng.choice(["warn", "error"])),
        lambda: put(rule, "reason", "another reason"),
    ]
    if check is not None:
        edits += [
            lambda: put(rule, "when", rng.choice([None, other])),
            lambda: put(rule, "check", f"({check})"),
        ]
        if other is not None:
            edits += [
                lambda: put(rule, "check", f"({check}) or ({other})"),
                lambda: put(rule, "check", f"({check}) and ({other})"),
                lambda: put(rule, "check", other),
                lambda: put(rule, "when", f"({rule['when']}) and ({other})" if "when" in rule else other),
            ]
        edits += [lambda: put(rule, "check", stepped(rng, check))] * 3
    elif "unique" in rule:
        edits += [lambda: put(rule, "unique", sorted({*rule["unique"], rng.choice(names)}))] * 2
        edits += [lambda: put(rule, "unique", rule["unique"][:1])]
    rng.choice(edits)()


def stepped(rng: random.Random, check: str) -> str:
    """Move a bound or a list in an expression, where there is one that is known."""
    steps = (
        ("<= 30", "<= 60"), ("< 3600", "< 7200"), ("<= 100", "<= 1000"), ("> 7", "> 5"), ("< 20", "< 10"),
        ("['ab', 'é']", "['ab']"), ("['ab', 'COMPLETED', 'x']", "['ab', 'COMPLETED', 'x', 'B']"), (">= 30000", ">= 3"),
        ("'12:00:00'", "'13:00:00'"), ("[0, 1, 6]", "[0, 1, 2, 6]"), ("'2024-02-01'", "'2024-01-01'"),
    )  # fmt: skip
    known = [(old, new) for old, new in (*steps, *((new, old) for old, new in steps)) if old in check]
    return check.replace(*rng.choice(known)) if known else check


MUTATIONS: tuple[Mutation, ...] = (
    flip_required, flip_unique, change_type, change_type, change_type, change_format, change_bound, change_bound,
    change_length, change_pattern, change_pattern, change_allowed, change_allowed, change_lookup, change_severity,
    change_severity, change_severity, change_words, change_empty_values, change_empty_values, change_quoting,
    change_multiline, change_mark, change_encoding, change_header, change_header_case, change_order, drop_column,
    add_column, rename, rename, change_aliases, change_rules, change_rules, change_rules, change_rules,
)  # fmt: skip
assert BOUNDS.keys() == BOUND_STEPS.keys()
