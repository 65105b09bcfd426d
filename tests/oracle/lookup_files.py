"""Files that generated contracts look values up in, written in several dialects."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.contracts import LOOKUP_COLUMN, LOOKUPS, Contract

Rows = list[dict[str, str]]
VALUES = sorted(LOOKUPS["agents.csv"])
# Two pairs of three are rows of the tables.
PAIRS = [(one, other) for i, one in enumerate(VALUES) for j, other in enumerate(VALUES) if (i + j) % 3 != 0]
SAME_NAMES = "same_names.csv"


@dataclass(frozen=True, slots=True)
class LookupFile:
    """A file of one or two columns; `source` is what the contract says of it."""

    name: str
    columns: tuple[str, ...]
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        return [(value,) for value in VALUES] if len(self.columns) == 1 else list(PAIRS)

    def content(self) -> bytes:
        """Return the bytes of the file; quotes are where the dialect needs them."""
        text = io.StringIO()
        writer = csv.writer(
            text,
            delimiter=self.source.get("delimiter", ","),
            quotechar=self.source.get("quote", '"'),
            quoting=csv.QUOTE_ALL if "quote" in self.source else csv.QUOTE_MINIMAL,
            lineterminator="\n",
        )
        writer.writerows([self.columns, *self.rows])
        data = text.getvalue().encode(self.source.get("encoding", "utf-8"))
        return gzip.compress(data, mtime=0) if self.name.endswith(".gz") else data


# By name: files of one column, and of two.
SINGLE = (
    LookupFile("agents_de.csv", ("nümmer",), {"delimiter": ";", "quote": "'", "encoding": "cp1252"}),
    LookupFile("agents.tsv.gz", (LOOKUP_COLUMN,), {"delimiter": "\t", "encoding": "utf-16"}),
)
DOUBLE = (
    LookupFile("sites.csv", ("agent", "site")),
    LookupFile("sites_de.csv", ("agent", "the site"), {"delimiter": ";", "quote": "'", "encoding": "cp1252"}),
    LookupFile("sites.csv.gz", ("agent", "site"), {"delimiter": "|"}),
)


def files_for(contract: Contract) -> list[LookupFile]:
    """Return the files that the contract may name; one has the names of the contract's own columns."""
    own = [
        LookupFile(SAME_NAMES, tuple(rule["lookup"]["columns"]))
        for rule in contract.get("rules", [])
        if rule.get("lookup", {}).get("file") == SAME_NAMES
    ]
    return [*SINGLE, *DOUBLE, *own[:1]]


def all_lookups() -> dict[str, frozenset[str]]:
    """Return the values of each file of one column."""
    return LOOKUPS | {file.name: frozenset(VALUES) for file in SINGLE}


def all_tables(contract: Contract) -> dict[str, Rows]:
    """Return the rows of each file of two columns."""
    return {
        file.name: [dict(zip(file.columns, row, strict=True)) for row in file.rows]
        for file in files_for(contract)
        if len(file.columns) > 1
    }


def write_lookups(contract: Contract, folder: Path) -> None:
    """Write the files that the contract names, and the plain one always."""
    for name, values in LOOKUPS.items():
        (folder / name).write_text("\n".join([LOOKUP_COLUMN, *sorted(values)]) + "\n", encoding="utf-8")
    text = str(contract)
    for file in files_for(contract):
        if file.name in text:
            (folder / file.name).write_bytes(file.content())
