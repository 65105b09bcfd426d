"""Random keys of `source` for files as vendors write them: surroundings and dialects."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.contracts import Contract, chance

LONG_DELIMITERS = ("||", "~|~", ";;", "::", "<>", "§§", "\t\t", "||||||||", "|~", ", ", "-|-")
ESCAPES = ("\\", "\\", "\\", "^", "~", "!")
COMMENTS = ("#", "#", "--", "//", "*", "rem ", "##", "é!")


@dataclass(frozen=True, slots=True)
class Sample:
    """A pattern of a surrounding line with texts that match it, and texts with values of another type."""

    pattern: str
    texts: tuple[str, ...]
    mistyped: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


ANY_TEXT = ("Calls of the day", "", "=", 'a "quoted', "1,2,3", ";;;", "# no comment?", "x" * 150, "é")
PREAMBLE = (
    Sample("Report: .*", ("Report: calls", "Report: ", 'Report: "a,b', "Report: " + "y" * 200)),
    Sample(
        "Period (?P<from>[0-9-]+) to (?P<to>[0-9-]+)",
        ("Period 2024-01-01 to 2024-01-31", "Period 2024-02-29 to 2024-03-01"),
        ("Period 2024-02-30 to 2024-03-01", "Period - to -"),
        {"from": "date", "to": {"type": "date", "format": "%Y-%m-%d"}},
    ),
    Sample("sep=.", ("sep=;", "sep=,", "sep=|")),
    Sample("(?P<site>[A-Za-zé]*)", ("Hyderabad", "é", "")),
    Sample(
        "Pages: (?P<pages>.+)", ("Pages: 7", "Pages: -1"), ("Pages: x", "Pages: 1.5"), {"pages": "integer"}
    ),
)
AFTER_HEADER = (
    Sample(r"(INTEGER|VARCHAR\([0-9]+\))([,;|].*)?", ("INTEGER,VARCHAR(20)", "VARCHAR(3)", 'INTEGER;"')),
    Sample("-+[-+ ]*", ("-----", "--- + ---", "-")),
    Sample("<.*>", ("<units>", "<s><s>", "<>")),
)
FOOTER = (
    Sample(
        "Total;(?P<records>[0-9]+);(?P<seconds>[0-9]+)",
        ("Total;12;3456", "Total;0;0"),
        (),
        {"records": "integer", "seconds": "integer"},
    ),
    Sample(
        "Sum (?P<amount>.+)", ("Sum 12.5", "Sum 1e3"), ("Sum 1,5", "Sum x"), {"amount": {"type": "decimal"}}
    ),
    Sample(
        "End of (?P<day>[0-9.]+)",
        ("End of 31.01.2024",),
        ("End of 31.02.2024", "End of ."),
        {"day": {"type": "date", "format": "%d.%m.%Y"}},
    ),
    Sample('"?Rows"?[,;|](?P<rows>.*)', ('"Rows",12', 'Rows;"a', "Rows|")),
    Sample(r"\.", (".",)),
    Sample("Totals?[^0-9]*", ("Total,,,,", "Totals ;;", "Total" + " " * 120)),
)


def declared_lines(rng: random.Random, samples: tuple[Sample, ...], *, optional: int) -> dict[str, Any]:
    """Return `lines`, with or without patterns, types of values, and now and then `optional`."""
    count = rng.choice([1, 1, 2, 3])
    chosen = rng.sample(samples, count)
    declared: dict[str, Any] = {"lines": count}
    # One pattern for several lines must not name a group twice.
    style = rng.choice(["none", "one", "list", "list"])
    if style == "one" and count > 1:
        chosen = [next(sample for sample in samples if "(?P<" not in sample.pattern)] * count
    if style == "none":
        return declared
    declared["match"] = chosen[0].pattern if style == "one" else [sample.pattern for sample in chosen]
    fields = {name: body for sample in chosen for name, body in sample.fields.items()}
    if fields and chance(rng, 60):
        declared["fields"] = fields
    if chance(rng, optional):
        declared["optional"] = True
    return declared


def preamble(rng: random.Random, contract: Contract) -> None:
    if chance(rng, 70):
        contract["source"]["preamble"] = declared_lines(rng, PREAMBLE, optional=25)
        return
    # Every line of such a preamble has an equals sign, and the header has none.
    contract["source"]["preamble"] = {"until": "[^=]*"} | ({"match": ".*=.*"} if chance(rng, 30) else {})


def header_lines(rng: random.Random, contract: Contract) -> None:
    # A second line of one column may be empty, and so blank.
    if contract["source"]["header"] != "none" and len(contract["columns"]) > 1:
        contract["source"]["header_lines"] = rng.choice([1, 2, 2, 3])


def after_header(rng: random.Random, contract: Contract) -> None:
    if contract["source"]["header"] != "none":
        declared = declared_lines(rng, AFTER_HEADER, optional=30)
        contract["source"]["after_header"] = declared


def comment(rng: random.Random, contract: Contract) -> None:
    source = contract["source"]
    taken = (source["delimiter"], source["quote"] or source["delimiter"], source.get("escape", "\n"))
    possible = [text for text in COMMENTS if not text.startswith(taken)]
    source["comment"] = rng.choice(possible)


def footer(rng: random.Random, contract: Contract) -> None:
    contract["source"]["footer"] = declared_lines(rng, FOOTER, optional=25)


def escape(rng: random.Random, contract: Contract) -> None:
    source = contract["source"]
    comments = source.get("comment", "")
    possible = [mark for mark in ESCAPES if mark not in (source["delimiter"], source["quote"])]
    source["escape"] = rng.choice([mark for mark in possible if mark not in source["delimiter"] + comments])
    if source["quote"] is not None and chance(rng, 40):
        source["double_quote"] = chance(rng, 50)
    if chance(rng, 40):
        source["empty_values"] = rng.choice([["", source["escape"] + "N"], [source["escape"] + "N", "NULL"]])


def double_quote(rng: random.Random, contract: Contract) -> None:
    source = contract["source"]
    if source["quote"] is not None:
        source["double_quote"] = chance(rng, 30)


def long_delimiter(rng: random.Random, contract: Contract) -> None:
    source = contract["source"]
    taken = (source["quote"] or "\n", source.get("escape", "\n"))
    possible = [mark for mark in LONG_DELIMITERS if not any(part in mark for part in taken)]
    source["delimiter"] = rng.choice(possible)
    if source.get("comment", "").startswith(source["delimiter"]):
        del source["comment"]


def initial_space(rng: random.Random, contract: Contract) -> None:
    contract["source"]["skip_initial_space"] = True


def trailing_delimiter(rng: random.Random, contract: Contract) -> None:
    contract["source"]["trailing_delimiter"] = True


def short_records(rng: random.Random, contract: Contract) -> None:
    contract["source"]["short_records"] = "empty"


def unexpected(rng: random.Random, contract: Contract) -> None:
    source = contract["source"]
    if source["header"] != "none":
        source["unexpected_columns"] = rng.choice(["warn", "ignore", "warn", "refuse"])


def file_values(rng: random.Random, contract: Contract) -> None:
    """Declare a pattern of the file's name, which is always the same, with values of the run."""
    patterns = ("(?P<stem>[a-z]+)[.]csv", "(?P<stem>s)(?P<rest>.*)", "source[.](?P<end>[a-z]*)")
    contract["source"]["filename"] = {"pattern": rng.choice(patterns)}
