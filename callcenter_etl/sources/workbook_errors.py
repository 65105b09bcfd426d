"""Error cells of .xlsx workbooks, such as #DIV/0!, which the reader of workbooks returns as empty cells."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from xml.parsers import expat

_BLOCK_BYTES = 2**20
_MARKS = (b't="e"', b"t='e'")
_REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")


def error_cells(archive: zipfile.ZipFile, sheet: str) -> dict[tuple[int, int], str]:
    """Return the text of each error cell of a sheet by its 0-based row and column.

    Raises KeyError or expat.ExpatError where the workbook is damaged.
    """
    part = _part_of(archive, sheet)
    # Mostly there is none, which a look at the bytes shows faster than a parser.
    if not any(_holds_mark(block) for block in _overlapping(archive, part)):
        return {}
    cells = _ErrorCells()
    _parse(archive, part, cells.start, cells.end, cells.text)
    return cells.found


def _holds_mark(block: bytes) -> bool:
    return any(mark in block for mark in _MARKS)


def _overlapping(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    before = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK_BYTES):
            yield before + block
            before = block[-len(_MARKS[0]) :]


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part that holds a sheet."""
    workbook = next(
        target for kind, _, target in _relations(archive, "_rels/.rels", "") if kind == "officeDocument"
    )
    folder, name = posixpath.split(workbook)
    identities: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "sheet":
            by_name = {_local(key): value for key, value in attributes.items()}
            identities[by_name["name"]] = by_name["id"]

    _parse(archive, workbook, start)
    relations = _relations(archive, f"{folder}/_rels/{name}.rels".lstrip("/"), folder)
    return next(target for _, identity, target in relations if identity == identities[sheet])


def _relations(archive: zipfile.ZipFile, part: str, folder: str) -> list[tuple[str, str, str]]:
    """Return kind, id and target of the relations of a part."""
    found: list[tuple[str, str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship":
            target = posixpath.join("/", folder, attributes["Target"]).lstrip("/")
            kind = attributes["Type"].rsplit("/", 1)[-1]
            found.append((kind, attributes["Id"], posixpath.normpath(target)))

    _parse(archive, part, start)
    return found


def _local(name: str) -> str:
    return name.rsplit(":", 1)[-1]


def _ignore(*_: object) -> None:
    """Ignore a part of a document."""


def _refuse(*_: object) -> None:
    raise KeyError("a document type, which no workbook has")


def _parse(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = _ignore,
    text: Callable[[str], None] = _ignore,
) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    # Entities could grow without bound.
    parser.StartDoctypeDeclHandler = _refuse
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK_BYTES):
            parser.Parse(block, False)  # noqa: FBT003  the parser takes it by position
    parser.Parse(b"", True)  # noqa: FBT003  same


class _ErrorCells:
    """Handlers that collect the error cells of a sheet."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], str] = {}
        self._row = self._column = -1
        self._is_error = self._in_value = False
        self._text = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note where a row, a cell or a value begins."""
        name = _local(tag)
        if name == "row":
            # References may be left out: then rows and cells follow each other.
            self._row, self._column = int(attributes.get("r", self._row + 2)) - 1, -1
        elif name == "c":
            self._column = _column_of(attributes.get("r"), self._column + 1)
            self._is_error, self._text = attributes.get("t") == "e", ""
        self._in_value = self._is_error and name == "v"

    def text(self, text: str) -> None:
        """Collect the text of an error."""
        if self._in_value:
            self._text += text

    def end(self, tag: str) -> None:
        """Keep an error at the end of its cell."""
        self._in_value = False
        if _local(tag) == "c" and self._is_error:
            self.found[self._row, self._column] = self._text


def _column_of(reference: str | None, following: int) -> int:
    match = None if reference is None else _REFERENCE.fullmatch(reference)
    if match is None:
        return following
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1
