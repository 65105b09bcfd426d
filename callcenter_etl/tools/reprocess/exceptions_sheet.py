"""Reads an exceptions file that a spreadsheet may have saved with another delimiter, encoding, line end or order."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.contract.names import REJECT_COLUMNS
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import SourceError
from callcenter_etl.store import access
from callcenter_etl.writers.csv_injection import unescape

LINE, RULES, REASONS, RAW = REJECT_COLUMNS
NEEDED = (LINE, RULES, RAW)
MAX_PROBLEMS = 20
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FALLBACK = "cp1252"
_BLOCK_BYTES = 2**20
# Spreadsheets may write 12 as 12.0; 15 digits are fewer than those of lines in `known_keys.py`.
_NUMBER = re.compile(r"\s*([0-9]{1,15})(?:\.0*)?\s*", re.ASCII)
_MAX_CELL_CHARACTERS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet: its line in the source, its source values, and its reject columns."""

    line: int
    values: tuple[str, ...]
    rules: str
    raw: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """An exceptions file: its format, the names of its source columns, and the positions of the reject columns."""

    uri: str
    storage: StorageOptions
    encoding: str
    delimiter: str
    bytes: int
    sha256: str
    marked: bool
    header: tuple[str, ...]
    names: tuple[str, ...] = field(default=())

    @property
    def has_our_columns(self) -> bool:
        """True if this is an exceptions file."""
        return LINE in self.header

    def cells(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number, as in a spreadsheet, and the cells of each row that is not empty, without the header.

        Raises SourceError if quotes do not close.
        """
        # The default of 128 KiB is less than the text of one record may have.
        csv.field_size_limit(_MAX_CELL_CHARACTERS)
        identity = access.identify(self.uri, self.storage)
        with access.open_stream(self.uri, identity, self.storage) as stream:
            text = io.TextIOWrapper(stream, encoding=self.encoding, newline="")
            # Without `strict`, an open quote at the end of the file would take in the last rows silently.
            rows = csv.reader(text, delimiter=self.delimiter, strict=True)
            try:
                for number, cells in enumerate(rows, start=1):
                    if number > 1 and any(cells):
                        yield number, [unescape(cell) for cell in cells] if self.marked else cells
            except (csv.Error, UnicodeDecodeError) as error:
                raise SourceError(f"{self.uri}: line {rows.line_num + 1:,}: {error}") from error
            finally:  # a wrapper that is garbage-collected would close the stream of the `with`
                text.detach()

    def lines(self, problems: list[Diagnostic]) -> NDArray[np.int64]:
        """Return the source line of each row, and append the problems of rows without a line of their own."""
        at, width = self.header.index(LINE), len(self.header)
        found: dict[int, int] = {}
        for number, cells in self.cells():
            if any(cells[width:]):
                problems.append(
                    Diagnostic("record.fields", f"row {number:,} has more cells than the header ({width})")
                )
            text = cells[at] if len(cells) > at else ""
            match = _NUMBER.fullmatch(text)
            if match is None:
                problems.append(
                    Diagnostic(LINE, f"row {number:,}: {LINE} is {text!r}, the line's number expected")
                )
                continue
            line = int(match[1])
            if line in found:
                problems.append(
                    Diagnostic(LINE, f"row {number:,}: line {line:,} is also in row {found[line]:,}")
                )
            found[line] = number
            if len(problems) >= MAX_PROBLEMS:
                problems.append(Diagnostic("file", f"only {MAX_PROBLEMS} problems are shown"))
                break
        return np.fromiter(found, dtype=np.int64, count=len(found))

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of the file; missing cells are empty."""
        places = {name: self.header.index(name) for name in NEEDED}
        ours = set(REJECT_COLUMNS)
        values_at = [at for at, name in enumerate(self.header) if name not in ours]
        width = len(self.header)
        for _, cells in self.cells():
            # Spreadsheets leave out empty cells at the end of a row.
            padded = cells + [""] * (width - len(cells))
            match = _NUMBER.fullmatch(padded[places[LINE]])
            if match is None:
                raise RuntimeError("rows are read before their lines are known to be numbers")
            values = tuple(padded[at] for at in values_at)
            yield Row(int(match[1]), values, padded[places[RULES]], padded[places[RAW]])


def open_sheet(uri: str, storage: StorageOptions, *, marked: bool) -> Sheet:
    """Detect the format of a file; `marked` if its cells are escaped (`run.exceptions.excel_safe`).

    Raises SourceError if it cannot be read.
    """
    # The whole file is read for its encoding: a byte that is not UTF-8 may be in the last row.
    encoding, size, sha256 = _look(uri, storage)
    identity = access.identify(uri, storage)
    with access.open_stream(uri, identity, storage) as stream:
        # Undecodable bytes are left to `cells`, where the error names the line.
        text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
        start = text.read(_BLOCK_BYTES)
        text.detach()
    delimiter, header = _header_of(start, marked=marked)
    ours = set(REJECT_COLUMNS)
    return Sheet(
        uri=uri,
        storage=storage,
        encoding=encoding,
        delimiter=delimiter,
        bytes=size,
        sha256=sha256,
        marked=marked,
        header=header,
        names=tuple(name for name in header if name not in ours),
    )


def _look(uri: str, storage: StorageOptions) -> tuple[str, int, str]:
    """Return encoding, size and hash. Without a byte-order mark, the encoding is UTF-8 or else that of Windows."""
    digest, size, start = hashlib.sha256(), 0, b""
    decoder = codecs.getincrementaldecoder("utf-8")()
    sound = True
    with access.open_stream(uri, access.identify(uri, storage), storage) as stream:
        while block := stream.read(_BLOCK_BYTES):
            start = start or block[:4]
            digest.update(block)
            size += len(block)
            if sound:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    sound = False
    marked = next((encoding for bom, encoding in _BOMS if start.startswith(bom)), None)
    return marked or ("utf-8" if sound else _FALLBACK), size, digest.hexdigest()


def _header_of(start: str, *, marked: bool) -> tuple[str, tuple[str, ...]]:
    """Return the delimiter with which the reject columns are found, and the header without empty cells at its end."""
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), [])
        except csv.Error:
            continue
        names = [unescape(cell) if marked else cell for cell in cells]
        if LINE in names:
            # Spreadsheets write empty cells at the end of rows when another row is wider.
            while names and not names[-1]:
                names.pop()
            return delimiter, tuple(names)
    return _DELIMITERS[0], ()
