"""For generated files of every type: the inferred contract accepts its sample, but for the outliers that it lists."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter_etl import load_contract, validate
from callcenter_etl.tools.infer import InferOptions, infer_contract

RECORDS = 120
DAY = date(2024, 11, 3)
Maker = Callable[[random.Random, int], str]

# A column's expected type, and a value of it by random number and place.
MAKERS: dict[str, tuple[str, Maker]] = {
    "flag": ("boolean", lambda r, _: r.choice(["true", "False", "TRUE"])),
    "order_id": ("digits", lambda r, i: f"{i * 7:05}"),
    "count": ("integer", lambda r, _: str(r.randrange(-500, 5000))),
    "price": (
        "decimal",
        lambda r, _: r.choice(["1.5", "-0.25", "1e3", f"{r.randrange(999)}.{r.randrange(99)}"]),
    ),
    "day": ("date", lambda r, i: (DAY + timedelta(r.randrange(400))).isoformat()),
    "us_day": ("date", lambda r, i: f"{(DAY + timedelta(i)):%m/%d/%Y}"),
    "german_day": ("date", lambda r, i: f"{(DAY + timedelta(i)):%d.%m.%y}"),
    "named_day": ("date", lambda r, i: f"{(DAY + timedelta(i)):%d-%b-%Y}"),
    "at": ("time", lambda r, _: f"{r.randrange(24):02}:{r.randrange(60):02}:{r.randrange(60):02}"),
    "loose": ("time", lambda r, _: f"{r.randrange(24)}:{r.randrange(60):02}:{r.randrange(60):02}"),
    "half": ("time", lambda r, _: f"{r.randrange(1, 13):02}:{r.randrange(60):02} {r.choice(['AM', 'PM'])}"),
    "moment": (
        "datetime",
        lambda r, i: f"{(DAY + timedelta(i)):%Y-%m-%d}T{r.randrange(24):02}:00:{r.randrange(60):02}Z",
    ),
    "us_moment": (
        "datetime",
        lambda r, i: f"{(DAY + timedelta(i)):%m/%d/%Y} {r.randrange(1, 13):02}:{r.randrange(60):02}:59 PM",
    ),
    "talk": ("duration", lambda r, _: f"{r.randrange(40)}:{r.randrange(60):02}:{r.randrange(60):02}"),
    "state": ("text", lambda r, _: r.choice(["OPEN", "CLOSED", "won't fix"])),
    "code": ("text", lambda r, i: f"AB-{i % 900:03}"),
    "story": ("text", lambda r, i: f'{"so, " * r.randrange(1, 9)}"{i}" {r.choice(["ä", "€", "x"])}'),
}
DIRT = (
    "",
    " ",
    "?",
    "NULL",
    "n/a",
    "-",
    "oops",
    "25:99:00",
    "31/31/2024",
    "9" * 25,
    "1.5.2",
    "9.19812E+11",
    "1,5E+12",
    "12E12",
    "#####",
    "#REF!",
    "1-Feb",
    "+49301234567",
    "open ",
    "Closed",
    "'",
    '"',
    "ß,;|\t",
)


@dataclass(frozen=True)
class Sample:
    """A generated file, and its columns."""

    data: bytes
    columns: tuple[str, ...]


def sample_of(seed: int, columns: tuple[str, ...], *, dirty: float, delimiter: str, encoding: str) -> Sample:
    r = random.Random(seed)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=r.choice(["\n", "\r\n"]))
    writer.writerow(columns)
    for i in range(RECORDS):
        record = [MAKERS[name][1](r, i) for name in columns]
        writer.writerow([r.choice(DIRT) if r.random() < dirty else value for value in record])
    return Sample(text.getvalue().encode(encoding, "replace"), columns)


def listed(text: str) -> dict[str, int]:
    """Give how many outliers the comments of a contract list, by column or structural rule."""
    found: dict[str, int] = {}
    for count, what in re.findall(
        r"# outliers: ([0-9,]+) (?:values? of (\S+)|records? malformed by \S+) ?", text
    ):
        found[what] = found.get(what, 0) + int(count.replace(",", ""))
    return found


@given(
    seed=st.integers(0, 10**6),
    columns=st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=6, unique=True),
    dirty=st.sampled_from([0.0, 0.004, 0.02, 0.3]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_only_listed_outliers_are_rejected(
    tmp_path: Path, *, seed: int, columns: list[str], dirty: float, delimiter: str, encoding: str
) -> None:
    sample = sample_of(seed, tuple(columns), dirty=dirty, delimiter=delimiter, encoding=encoding)
    source, contract = tmp_path / "sample.csv", tmp_path / "contract.yaml"
    source.write_bytes(sample.data)
    inference = infer_contract(InferOptions((str(source),)))
    contract.write_text(inference.text, encoding="utf-8")
    summary = validate(source, load_contract(contract), output=tmp_path / "out", force=True).summary
    assert summary["status"] != "refused", summary["problems"]
    broken: dict[str, int] = {}
    for rule, counts in summary["rules"].items():
        if counts["broken"] and counts["severity"] != "info":
            column = rule.rpartition(".")[0]
            broken[column if not rule.startswith("record.") else ""] = (
                broken.get(column if not rule.startswith("record.") else "", 0) + counts["broken"]
            )
    assert broken == listed(inference.text)
    assert summary["records"]["accepted"] == inference.outcome.accepted
    assert infer_contract(InferOptions((str(source),))).text == inference.text


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "cp1252"), ("\t", "utf-16")])
def test_clean_columns_get_their_types_and_nothing_is_rejected(
    tmp_path: Path, seed: int, delimiter: str, encoding: str
) -> None:
    sample = sample_of(seed, tuple(MAKERS), dirty=0, delimiter=delimiter, encoding=encoding)
    source = tmp_path / "sample.csv"
    source.write_bytes(sample.data)
    inference = infer_contract(InferOptions((str(source),)))
    document = inference.contract.document
    assert {column.name: column.type for column in document.columns} == {
        name: kind for name, (kind, _) in MAKERS.items()
    }
    assert (document.source.delimiter, document.source.encoding) == (delimiter, encoding)
    assert all("required" in column.rule_keys for column in document.columns)
    assert inference.outcome.accepted == inference.outcome.read == RECORDS
    by_name = {column.name: column for column in document.columns}
    assert (by_name["us_day"].format, by_name["german_day"].format) == (("%m/%d/%Y",), ("%d.%m.%y",))
    assert by_name["loose"].format == ("%-H:%M:%S",)
    assert by_name["code"].pattern == "AB-[0-9]{3}"
    assert sorted(by_name["state"].allowed or ()) == ["CLOSED", "OPEN", "won't fix"]
    assert by_name["order_id"].unique


def test_few_outliers_leave_a_type_and_many_do_not(tmp_path: Path) -> None:
    source = tmp_path / "sample.csv"
    for wrong, kind in ((2, "integer"), (3, "text")):
        values = [*map(str, range(200 - wrong)), *["oops"] * wrong]
        source.write_text("x,n\n" + "".join(f"x,{value}\n" for value in values), encoding="utf-8")
        inference = infer_contract(InferOptions((str(source),)))
        assert inference.contract.document.columns[1].type == kind
        assert inference.outcome.accepted == (200 - wrong if kind == "integer" else 200)


@pytest.mark.parametrize(
    ("first", "instead"),
    [("%d/%m/%Y", "%m/%d/%Y"), ("%m/%d/%Y", "%d/%m/%Y")],
)
def test_day_and_month_are_told_apart_by_another_column(tmp_path: Path, first: str, instead: str) -> None:
    days = [DAY.replace(day=1 + i % 12, month=1 + i % 11) for i in range(40)]
    certain = [DAY.replace(day=13 + i % 9) for i in range(40)]
    lines = [f"{a:{first}},{b:{first}}\n" for a, b in zip(days, certain, strict=True)]
    source = tmp_path / "sample.csv"
    source.write_text("a,b\n" + "".join(lines), encoding="utf-8")
    inference = infer_contract(InferOptions((str(source),)))
    assert [column.format for column in inference.contract.document.columns] == [(first,), (first,)]
    assert f"all would also do as {instead}" in inference.text
