"""Messy calls with a clean twin, and files rewritten as spreadsheets do."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from callcenter_etl import load_contract
from callcenter_etl.tools.reprocess import Reprocessed, ReprocessPlan, reprocess

OURS = ["reject_line", "reject_rules", "reject_reasons", "reject_raw"]
NAMES = ["id", "start", "end", "status", "note"]
CONTRACT: dict[str, Any] = {
    "contract": "calls",
    "columns": [
        {"name": "id", "type": "digits", "required": True, "unique": True},
        {"name": "start", "type": "time", "required": True},
        {"name": "end", "type": "time"},
        {"name": "status", "required": True, "allowed": ["COMPLETED", "DROPPED"]},
        {"name": "note", "max_length": 30},
    ],
    "rules": [{"name": "ends_after_start", "check": "end >= start"}],
}
Row = list[str]


def clean_rows(count: int, seed: int) -> list[Row]:
    rng = random.Random(seed)
    notes = ("", "ok", "a, b", 'said "no"', "-5", "=1+1", "'quoted", "Łódź", "é")
    return [
        [
            f"{number:05}",
            f"08:{rng.randrange(60):02}:00",
            f"09:{rng.randrange(60):02}:00",
            rng.choice(("COMPLETED", "DROPPED")),
            rng.choice(notes),
        ]
        for number in range(count)
    ]


def messed(rows: list[Row], seed: int) -> tuple[bytes, dict[int, int]]:
    """Give a source in which about a third is broken, and the number of the broken row by line."""
    rng = random.Random(seed)
    lines, broken = [text_of([NAMES]).decode()], {}
    for number, row in enumerate(rows):
        mess = rng.randrange(len(MESSES) * 3)
        if mess < len(MESSES) and number:
            lines.append(MESSES[mess](list(row), rows[0][0]))
            broken[number + 2] = number
        else:
            lines.append(text_of([row]).decode())
    return "".join(lines).encode(), broken


def _with(place: int, value: str) -> Callable[[Row, str], str]:
    return lambda row, _: text_of([[*row[:place], value, *row[place + 1 :]]]).decode()


MESSES: tuple[Callable[[Row, str], str], ...] = (
    _with(0, ""),
    _with(0, "x1"),
    _with(1, "8:00"),
    _with(2, "07:00:00"),
    _with(3, "LOST"),
    _with(4, "-" * 31),
    lambda row, first: text_of([[first, *row[1:]]]).decode(),
    lambda row, _: text_of([row[:3]]).decode(),
    lambda row, _: text_of([[*row, "more"]]).decode(),
    lambda row, _: f'{row[0]},{row[1]},"{row[2]}\n',
)


def text_of(
    rows: list[Row], *, delimiter: str = ",", line_end: str = "\n", quoting: Any = csv.QUOTE_MINIMAL
) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    return text.getvalue().encode()


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def corrected(rows: list[Row], clean: dict[int, Row], wanted: set[int]) -> list[Row]:
    """Put the wanted lines right, as a person in a spreadsheet would: in the columns."""
    header, *others = rows
    at = header.index("reject_line")
    done = []
    for row in others:
        line = int(row[at])
        done.append([*clean[line], *row[at:]] if line in wanted else row)
    return [header, *done]


def as_plain(rows: list[Row], path: Path) -> None:
    path.write_bytes(text_of(rows))


def as_excel_germany(rows: list[Row], path: Path) -> None:
    plain = [[cell.replace("Łódź", "é") for cell in row] for row in rows]
    text = text_of(plain, delimiter=";", line_end="\r\n").decode()
    path.write_bytes(text.encode("cp1252"))


def as_excel_utf8(rows: list[Row], path: Path) -> None:
    padded = [[*row, "", ""] for row in rows]
    path.write_bytes(b"\xef\xbb\xbf" + text_of(padded, line_end="\r\n"))


def as_excel_unicode(rows: list[Row], path: Path) -> None:
    path.write_bytes(text_of(rows, delimiter="\t", line_end="\r\n").decode().encode("utf-16"))


def as_sorted_otherwise(rows: list[Row], path: Path) -> None:
    header, *others = rows
    random.Random(1).shuffle(others)
    path.write_bytes(text_of([header, *others], quoting=csv.QUOTE_ALL))


def as_trimmed(rows: list[Row], path: Path) -> None:
    """Excel leaves the delimiters of empty cells at the end of a row out."""
    cut = []
    for row in rows:
        short = list(row)
        while short and not short[-1]:
            short.pop()
        cut.append(short)
    path.write_bytes(text_of([*cut, [], [""] * 9]))


def as_pandas(rows: list[Row], path: Path) -> None:
    plain = path.with_suffix(".plain")
    plain.write_bytes(text_of(rows))
    frame = pd.read_csv(plain, dtype=dict.fromkeys([*NAMES, *OURS[1:]], str))
    frame["reject_line"] = frame["reject_line"].astype(float)
    frame.to_csv(path, index=False)


WRITERS = (
    as_plain,
    as_excel_germany,
    as_excel_utf8,
    as_excel_unicode,
    as_sorted_otherwise,
    as_trimmed,
    as_pandas,
)


def again(file: Path, contract: dict[str, Any] | None = None, **options: Any) -> Reprocessed:
    given: dict[str, Any] = {
        name: str(value) if isinstance(value, Path) else value for name, value in options.items()
    }
    plan = ReprocessPlan(str(file), **given)
    return reprocess(plan, load_contract(contract or CONTRACT).loaded)
