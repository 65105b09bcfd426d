"""Loads contracts: text or mapping to a frozen document, with every fault told at once."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from callcenter_etl.contract import semantics
from callcenter_etl.contract.bounds import entry_faults, unique_rules_fault
from callcenter_etl.contract.examples import FailingExample
from callcenter_etl.contract.fields import Record
from callcenter_etl.contract.interop.odcs_words import is_odcs
from callcenter_etl.contract.interop.values import Draft
from callcenter_etl.contract.layout import Layout, layout_faults
from callcenter_etl.contract.model import Column, ContractDocument, RecordRule, SourceFormat
from callcenter_etl.contract.positions import Positions
from callcenter_etl.contract.rule_places import rule_positions
from callcenter_etl.contract.shape import check_shape
from callcenter_etl.contract.text import MAX_BYTES, Document, Path, Place, parse_document
from callcenter_etl.errors import ContractError, Fault, SourceError, UsageError

MOST_FAULTS = 500
_PART = re.compile(r"(.+\.(?:ya?ml|json))#([^#]+)", re.IGNORECASE)
READ_BYTES = MAX_BYTES + 1  # enough to see that a contract is too long, and no more of a file without end


@dataclass(frozen=True, slots=True)
class LoadedContract:
    """A contract without faults: its document, the hash of its text, where it came from, where its parts stand.

    `rule_positions` also has what no rule of a column or record asks (`header.order`, `record.fields`, …): there
    the key that decides about it, or the nearest one around it. `positions` has every key and list entry of the text
    by its path. Both are empty for a contract from a mapping.

    Where the text holds several contracts in another format, `part` names this one. `unasked` tells what the other
    format says about the data that no rule here asks.
    """

    document: ContractDocument
    sha256: str
    origin: str | None
    rule_positions: Mapping[str, Place] = field(default_factory=dict)
    positions: Positions = field(default_factory=Positions, repr=False)
    part: str | None = None
    unasked: tuple[Fault, ...] = ()

    def place_of(self, path: Path) -> Place | None:
        """Give where a part of the contract stands, or the nearest part around it that is written down."""
        return self.positions.nearest(path)


def _read_local(path: str) -> bytes:
    try:
        with FilePath(path).open("rb") as file:
            return file.read(READ_BYTES)
    except OSError as error:
        raise SourceError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def load_document(
    source: str | os.PathLike[str] | Mapping[str, Any], *, read_bytes: Callable[[str], bytes] = _read_local
) -> LoadedContract:
    """Load a contract from a file, or from a mapping with the same keys.

    An Open Data Contract Standard file is taken as well; one with several objects is named as `FILE#object`.
    Raises ContractError with every fault found, SourceError when the file cannot be read.
    """
    if isinstance(source, Mapping):
        try:
            text = json.dumps(source, ensure_ascii=False, default=str).encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise ContractError((Fault(f"the mapping cannot be a contract: {error}"),)) from error
        return load_parsed(Document(value=dict(source)), text, None)
    origin, part = split_part(os.fspath(source))
    text = read_bytes(origin)
    parsed = parse_document(text, origin)
    if not is_odcs(parsed.value):
        if part is not None:
            raise UsageError(f"{origin} is one contract: leave '#{part}' out")
        return load_parsed(parsed, text, origin)
    from callcenter_etl.contract.interop.odcs_read import read_odcs  # few contracts need it

    converted, notes = convert(parsed, origin, lambda value: read_odcs(value, part))
    unasked = tuple(fault for asserts, fault in notes if asserts)
    return replace(load_parsed(converted, text, origin), part=part, unasked=unasked)


def split_part(name: str) -> tuple[str, str | None]:
    """Split `FILE#object`; a file that has such a name is taken as it is."""
    match = _PART.fullmatch(name)
    return (name, None) if match is None or FilePath(name).exists() else (match[1], match[2])


def convert(
    parsed: Document, origin: str | None, read: Callable[[dict[str, Any]], Draft]
) -> tuple[Document, list[tuple[bool, Fault]]]:
    """Read a contract out of a document in another format.

    Gives the contract, and what it does not hold: whether that says something about the data, and where it stands.
    Raises ContractError where the other format is not kept.
    """
    draft = read(parsed.value)
    locate = _Locator(parsed, origin)
    if draft.faults:
        raise ContractError(tuple(locate.fault(path, message) for path, message in draft.faults))
    notes = [(note.asserts, locate.fault(note.path, note.message)) for note in draft.notes]
    in_order = sorted(notes, key=lambda note: (note[1].file or "", note[1].line or 0, note[1].column or 0))
    return replace(parsed, value=draft.value, origins=draft.origins), in_order


def load_parsed(parsed: Document, text: bytes, origin: str | None) -> LoadedContract:
    """Load a contract that is parsed already. Raises ContractError with every fault found."""
    locate = _Locator(parsed, origin)
    too_many = tuple(locate.fault(path, message) for path, message in entry_faults(parsed.value))
    if too_many:
        raise ContractError(too_many)
    document, found_in_shape = check_shape(parsed.value, most=MOST_FAULTS + 1)
    faults = [locate.fault(path, message) for path, message in found_in_shape]
    wanted = max(0, MOST_FAULTS + 1 - len(faults))
    found = islice(_check_meaning(parsed.value), wanted)
    faults += [locate.fault(path, message, offset) for path, message, offset in found]
    if document is None or faults:
        unique = dict.fromkeys(faults[:MOST_FAULTS])
        told = sorted(unique, key=lambda fault: (fault.line or 0, fault.column or 0))
        if len(faults) > MOST_FAULTS:
            told.append(Fault(f"and more: only {MOST_FAULTS:,} faults are told", file=origin))
        raise ContractError(tuple(told))
    return LoadedContract(
        document,
        hashlib.sha256(text).hexdigest(),
        origin,
        rule_positions(document, locate.place),
        parsed.positions,
    )


class _Locator:
    """Turns paths in the document into places in the text."""

    def __init__(self, parsed: Document, origin: str | None) -> None:
        self._parsed = parsed
        self._origin = origin

    def place(self, path: Path) -> Place | None:
        return self._parsed.positions.nearest(self._parsed.there(path))

    def fault(self, path: Path, message: str, offset: int = 0) -> Fault:
        place = self.place(path)
        path = self._parsed.there(path)
        start = self._parsed.positions.find_start(path)
        if offset and start is not None:
            place = (start[0], start[1] + offset)
        line, column = place or (None, None)
        files = self._parsed.files or {}
        file = files.get(path[0], self._origin) if path else self._origin
        return Fault(message, path=_dotted(path), file=file, line=line, column=column)


def _dotted(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _check_meaning(value: dict[str, Any]) -> Iterator[tuple[Path, str, int]]:
    """Check the parts that have a sound shape, each on its own, so that no fault hides another."""
    columns = list(_sound(Column, value.get("columns")))
    rules = list(_sound(RecordRule, value.get("rules")))
    for index, column in columns:
        yield from semantics.column_faults(column, ("columns", index))
    types = {column.name: column.type for _, column in columns}
    declared = value.get("columns")
    sound = isinstance(declared, (list, tuple)) and len(columns) == len(declared)
    for index, rule in rules:
        yield from semantics.record_rule_faults(rule, ("rules", index), types if sound else None)
    yield from semantics.name_faults(columns, rules)
    too_many = unique_rules_fault(columns, rules)
    if too_many is not None:
        yield *too_many, 0
    for _, source in _sound(SourceFormat, [value["source"]] if "source" in value else []):
        if source.quote == source.delimiter:
            yield ("source", "quote"), f"quote and delimiter are both {source.quote!r}", 0
        try:
            f"{source.delimiter}{source.quote or ''}".encode(source.encoding)
        except UnicodeEncodeError:
            yield (
                ("source", "encoding"),
                f"{source.encoding} has no {source.delimiter!r} or {source.quote!r}",
                0,
            )
        if source.filename is not None:
            yield from semantics.file_name_faults(source.filename, ("source", "filename"))
    if sound:
        yield from _layout_faults(value, [column for _, column in columns])
        yield from _example_faults(value, [column for _, column in columns])


def _layout_faults(value: dict[str, Any], columns: list[Column]) -> Iterator[tuple[Path, str, int]]:
    run = value.get("run")
    if isinstance(run, dict) and "layout" in run:
        for _, layout in _sound(Layout, [run["layout"]]):
            yield from layout_faults(layout, columns, ("run", "layout"))


def _example_faults(value: dict[str, Any], columns: list[Column]) -> Iterator[tuple[Path, str, int]]:
    examples = value.get("examples")
    if not isinstance(examples, dict):
        return
    rules = value.get("rules")
    # Rules with faults of their own too, so that an example that names one is not blamed for it.
    entries = [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, (list, tuple)) else []
    known = semantics.Known(columns, [str(rule.get("name")) for rule in entries], _encoding(value))
    for index, record in _sound(Record, examples.get("pass")):
        yield from semantics.record_faults(record, ("examples", "pass", index), known)
    for index, example in _sound(FailingExample, examples.get("fail")):
        yield from semantics.failing_example_faults(example, ("examples", "fail", index), known)


def _encoding(value: dict[str, Any]) -> str:
    found = [source.encoding for _, source in _sound(SourceFormat, [value.get("source", {})])]
    return found[0] if found else "utf-8"


def _sound(kind: Any, values: Any) -> Iterator[tuple[int, Any]]:
    """Give the entries that can be read as `kind`, with their index."""
    read = TypeAdapter(kind)
    for index, value in enumerate(values if isinstance(values, (list, tuple)) else []):
        try:
            yield index, read.validate_python(value)
        except ValidationError:
            continue  # its faults of shape are told by the whole document's check
