"""Makes files as open-data portals publish them: plain, titled, with repeated names, several header lines, ragged."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

NAMES = ("station", "district", "day", "calls", "share", "note")
DISTRICTS = ("North", "South", "East", "West", "Old Town")
RECORDS = 40


@dataclass(frozen=True)
class OpenFile:
    """A file, the number of its columns, and the number of its sound records."""

    kind: str
    text: str
    columns: int
    sound: int = RECORDS
    encoding: str = "utf-8"


def _records(r: random.Random) -> list[list[str]]:
    return [
        [
            f"S{100 + i}",
            r.choice(DISTRICTS),
            f"2024-{1 + i % 12:02}-{1 + i % 28:02}",
            str(r.randrange(5000)),
            f"{r.randrange(1000) / 10}",
            r.choice(["", "", "estimated", "revised twice"]),
        ]
        for i in range(RECORDS)
    ]


def _lines(records: list[list[str]], delimiter: str, *, quoted: bool = False) -> str:
    cells = ([f'"{cell}"' for cell in record] if quoted else record for record in records)
    return "".join(delimiter.join(record) + "\n" for record in cells)


def _plain(r: random.Random) -> Iterator[OpenFile]:
    for delimiter in (",", ";", "\t", "|"):
        for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
            for quoted in (False, True):
                text = _lines([[*NAMES], *_records(r)], delimiter, quoted=quoted)
                yield OpenFile("plain", text, 6, encoding=encoding)
    for delimiter in (",", ";", "\t", "|"):
        yield OpenFile("plain", _lines(_records(r), delimiter), 6)
        yield OpenFile(
            "plain", _lines([["Straße", *NAMES[1:]], *_records(r)], delimiter), 6, encoding="cp1252"
        )
    for count in range(2, 7):
        yield OpenFile(
            "plain", _lines([[*NAMES][:count], *(record[:count] for record in _records(r))], ","), count
        )
        text = _lines([[*NAMES][:count], *(record[:count] for record in _records(r))], ";").replace(
            "\n", "\r\n"
        )
        yield OpenFile("plain", text, count)
    for note in ('said ""no""', "a, b", "line one\nline two"):
        records = _records(r)
        records[7][5] = note
        yield OpenFile("plain", _lines([[*NAMES], *records], ",", quoted=True), 6)


PREAMBLES = (
    "Calls by station\n",
    "Calls by station\n\n",
    "Calls by station\nAs of: 2024-12-31\nSource: city of Example\n",
    "Calls by station{d}{d}{d}{d}{d}\n",
    "Calls by station{d}{d}{d}{d}{d}\n{d}{d}{d}{d}{d}\n",
    '"Calls by station, 2024"\n\n',
    "Report{d}Calls by station\nFrom{d}2024-01-01\nTo{d}2024-12-31\n\n",
    "sep={d}\n",
    "# Calls by station\n# made on 2024-12-31\n",
    "Calls by station\n" + "".join(f"Remark {i}: see the handbook\n" for i in range(8)),
    "Table 3.1: calls, shares and notes\n",
    "\nCalls by station\n\n\n",
    "Kunde;4711\nDatum;31.12.2024\n",
    "GEMEINDE EXAMPLE{d}{d}{d}{d}{d}\nCalls{d}2024{d}{d}{d}{d}\n",
)


def _titled(r: random.Random) -> Iterator[OpenFile]:
    for place, preamble in enumerate(PREAMBLES):
        delimiter = ",;"[place % 2]
        text = preamble.replace("{d}", delimiter) + _lines([[*NAMES], *_records(r)], delimiter)
        yield OpenFile("preamble", text, 6)


def _repeated(r: random.Random) -> Iterator[OpenFile]:
    for first, second in ((0, 1), (4, 5), (3, 4), (1, 5), (2, 3)):
        for delimiter in ",;":
            names = [*NAMES]
            names[second] = names[first]
            yield OpenFile("repeated", _lines([names, *_records(r)], delimiter), 6)


def _headed(r: random.Random) -> Iterator[OpenFile]:
    headers = (
        [["", "", "2024", "", "", ""], [*NAMES]],
        [["Where", "", "When", "How many", "", ""], [*NAMES]],
        [[*NAMES], ["", "", "(ISO)", "(number)", "(%)", ""]],
        [
            [*NAMES],
            ["VARCHAR(10)", "VARCHAR(50)", "DATE", "INTEGER", "DECIMAL(5,1)".replace(",", ""), "TEXT"],
        ],
        [["Place", "Place", "Time", "Figures", "Figures", "Other"], [*NAMES]],
        [["Place", "", "", "Figures", "", ""], [*NAMES], ["", "", "ISO", "count", "percent", ""]],
    )
    for header in headers:
        yield OpenFile("header lines", _lines([*header, *_records(r)], ";"), 6)


def _ragged(r: random.Random) -> Iterator[OpenFile]:
    header = _lines([[*NAMES]], ",")
    yield OpenFile("ragged", header.replace("\n", ",\n") + _lines(_records(r), ",").replace("\n", ",\n"), 6)
    yield OpenFile("ragged", header + _lines(_records(r), ",").replace("\n", ",\n"), 6)
    for cut in (1, 2):
        records = _records(r)
        for record in records[::5]:
            del record[-cut:]
        yield OpenFile("ragged", header + _lines(records, ","), 6)
    stripped = [record if record[-1] else record[:-1] for record in _records(r)]
    yield OpenFile("ragged", header + _lines(stripped, ","), 6)
    records = _records(r)
    total = sum(int(record[3]) for record in records)
    for footer in (
        f"Total,,,{total},,\n",
        f"\nTotal: {RECORDS} records\n",
        "\nSource: city of Example\nNotes: shares are rounded\n",
        f"{RECORDS} rows\n",
        f"Sum,{total}\n",
    ):
        yield OpenFile("ragged", header + _lines(records, ",") + footer, 6)
    for extra in (",,\n", ",see below\n"):
        lines = _lines(_records(r), ",").splitlines(keepends=True)
        lines[11] = lines[11].rstrip("\n") + extra
        yield OpenFile("ragged", header + "".join(lines), 6, RECORDS - 1)
    lines = _lines(_records(r), ",").splitlines(keepends=True)
    yield OpenFile("ragged", header + "\n".join(lines), 6)


MAKERS: tuple[Callable[[random.Random], Iterator[OpenFile]], ...] = (
    _plain,
    _titled,
    _repeated,
    _headed,
    _ragged,
)


def open_files() -> list[OpenFile]:
    """Return the files of all kinds, the same ones every time."""
    return [file for maker in MAKERS for file in maker(random.Random(17))]
