"""Loads contracts: text or mapping to a frozen document, with all faults reported together."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path as FilePath
from typing import Any, Protocol

from callcenter_etl.contract.document_text import MAX_BYTES, Document, Path, Place, dotted, parse_document
from callcenter_etl.contract.meaning import check_meaning
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.positions import Positions
from callcenter_etl.contract.rule_locations import rule_positions
from callcenter_etl.contract.size_limits import entry_faults
from callcenter_etl.contract.structure import check_shape
from callcenter_etl.contract.surroundings import surrounding_warnings
from callcenter_etl.diagnostic import Diagnostic, contract_diagnostic
from callcenter_etl.errors import ContractError, SourceError, UsageError
from callcenter_etl.os_errors import translate_os_errors

MAX_FAULTS = 500
_PART = re.compile(r"(.+\.(?:ya?ml|json))#([^#]+)", re.IGNORECASE)
READ_BYTES = MAX_BYTES + 1  # enough to notice that a contract is too long; /dev/zero would never end


@dataclass(frozen=True, slots=True)
class LoadedContract:
    """A contract without faults: its document, the SHA-256 and the path of its text, and positions in the text.

    `rule_positions` has the position of each rule by its id. Rules that no column or record declares
    (`header.order`, `record.fields`, …) have the position of the key that governs them, or of the nearest key around
    it. `positions` has every key and list entry of the text by its path. Both are empty for a contract from a mapping.

    If the text holds several contracts in another format, `part` names this one. `unsupported` has the assertions of
    the other format that no rule here checks. `warnings` are about text with another meaning than it seems to have, and
    about keys that check nothing.
    """

    document: ContractDocument
    sha256: str
    origin: str | None
    rule_positions: Mapping[str, Place] = field(default_factory=dict)
    positions: Positions = field(default_factory=Positions, repr=False)
    part: str | None = None
    unsupported: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    def place_of(self, path: Path) -> Place | None:
        """Return the 1-based line and column of a part of the contract, or of its nearest enclosing part."""
        return self.positions.nearest(path)


class ConvertedDraft(Protocol):
    """A contract converted from another format: plain values, and for each its path in the original document."""

    value: dict[str, Any]
    origins: dict[Path, Path]
    notes: list[Any]
    faults: list[tuple[Path, str]]


@dataclass(frozen=True, slots=True)
class ContractReader:
    """A reader of another contract format: `recognises` a parsed document, and `read` one of its contracts."""

    recognises: Callable[[Any], bool]
    read: Callable[[dict[str, Any], str | None], ConvertedDraft]


def _read_local(path: str) -> bytes:
    with translate_os_errors(path, SourceError), FilePath(path).open("rb") as file:
        return file.read(READ_BYTES)


def load_document(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    read_bytes: Callable[[str], bytes] = _read_local,
    readers: Sequence[ContractReader] = (),
) -> LoadedContract:
    """Load a contract from a file, or from a mapping with the same keys.

    `readers` are tried for documents in other formats; one of several contracts in a file is named `FILE#object`.
    Raises ContractError with every fault found, SourceError if the file cannot be read.
    """
    if isinstance(source, Mapping):
        try:
            # This text is only hashed; the values themselves are checked as they were given.
            text = json.dumps(source, ensure_ascii=False, default=str).encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise ContractError(
                (contract_diagnostic(f"the mapping cannot be a contract: {error}"),)
            ) from error
        return load_parsed(Document(value=dict(source)), text, None)
    origin, part = split_part(os.fspath(source))
    text = read_bytes(origin)
    parsed = parse_document(text, origin)
    reader = next((each for each in readers if each.recognises(parsed.value)), None)
    if reader is None:
        if part is not None:
            raise UsageError(f"{origin} is one contract: leave '#{part}' out")
        return load_parsed(parsed, text, origin)
    converted, notes = convert(parsed, origin, lambda value: reader.read(value, part))
    unsupported = tuple(fault for asserts, fault in notes if asserts)
    return replace(load_parsed(converted, text, origin), part=part, unsupported=unsupported)


def split_part(name: str) -> tuple[str, str | None]:
    """Return the two parts of `FILE#object`; a file that really has such a name is not split."""
    match = _PART.fullmatch(name)
    return (name, None) if match is None or FilePath(name).exists() else (match[1], match[2])


def convert(
    parsed: Document, origin: str | None, read: Callable[[dict[str, Any]], ConvertedDraft]
) -> tuple[Document, list[tuple[bool, Diagnostic]]]:
    """Convert a document of another format to a contract.

    Returns the contract, and a note for each part of the document that the contract does not hold: whether that part
    asserts something about the data, and its position. Raises ContractError if the document violates its own format.
    """
    draft = read(parsed.value)
    locate = _Locator(parsed, origin)
    if draft.faults:
        raise ContractError(tuple(locate.fault(path, message) for path, message in draft.faults))
    notes = [(note.asserts, locate.fault(note.path, note.message)) for note in draft.notes]
    in_order = sorted(notes, key=lambda note: note[1].location.order())
    return replace(parsed, value=draft.value, origins=draft.origins), in_order


def load_parsed(parsed: Document, text: bytes, origin: str | None) -> LoadedContract:
    """Load a contract from a parsed document. Raises ContractError with every fault found."""
    locate = _Locator(parsed, origin)
    # First, since every later step takes time for each entry.
    too_many = tuple(locate.fault(path, message) for path, message in entry_faults(parsed.value))
    if too_many:
        raise ContractError(too_many)
    # Both steps run always: pydantic stops at the shape, and a contract is to be mended in one go.
    document, found_in_shape = check_shape(parsed.value, most=MAX_FAULTS + 1)
    faults = [locate.fault(path, message) for path, message in found_in_shape]
    # One more than is shown, to know whether others are left out.
    wanted = max(0, MAX_FAULTS + 1 - len(faults))
    found = islice(check_meaning(parsed.value), wanted)
    faults += [locate.fault(path, message, offset) for path, message, offset in found]
    if document is None or faults:
        # Shape and meaning may report the same fault.
        unique = dict.fromkeys(faults[:MAX_FAULTS])
        reported = sorted(unique, key=lambda fault: fault.location.order()[1:])
        if len(faults) > MAX_FAULTS:
            reported.append(
                contract_diagnostic(f"and more: only {MAX_FAULTS:,} faults are shown", file=origin)
            )
        raise ContractError(tuple(reported), parsed.warnings)
    return LoadedContract(
        document,
        hashlib.sha256(text).hexdigest(),
        origin,
        rule_positions(document, locate.place),
        parsed.positions,
        warnings=(*parsed.warnings, *_warnings(document, locate)),
    )


def _warnings(document: ContractDocument, locate: _Locator) -> Iterator[Diagnostic]:
    source = document.source
    for path, message in surrounding_warnings({"after_header": source.after_header, "footer": source.footer}):
        yield replace(locate.fault(path, message), severity="warn")


class _Locator:
    """Translates paths in the document to positions in the text."""

    def __init__(self, parsed: Document, origin: str | None) -> None:
        self._parsed = parsed
        self._origin = origin

    def place(self, path: Path) -> Place | None:
        return self._parsed.positions.nearest(self._parsed.there(path))

    def fault(self, path: Path, message: str, offset: int = 0) -> Diagnostic:
        place = self.place(path)
        path = self._parsed.there(path)
        start = self._parsed.positions.find_start(path)
        if offset and start is not None:
            place = (start[0], start[1] + offset)
        line, column = place or (None, None)
        files = self._parsed.files or {}
        file = files.get(path[0], self._origin) if path else self._origin
        return contract_diagnostic(message, path=dotted(path), file=file, line=line, column=column)
