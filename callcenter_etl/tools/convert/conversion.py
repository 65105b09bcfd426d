"""Exports contracts to other formats and imports them, with a list of the parts that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from callcenter_etl.contract.document_text import Document, parse_document
from callcenter_etl.contract.loader import (
    LoadedContract,
    convert,
    load_document,
    load_parsed,
    split_part,
)
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.positions import Positions
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.diagnostic import Diagnostic, contract_diagnostic
from callcenter_etl.errors import ContractError, UsageError
from callcenter_etl.tools.convert.contract_formats import (
    FORMATS,
    IMPORTS,
    MODEL,
    TEXTS,
    ContractFormat,
    guess,
    reader_of,
)
from callcenter_etl.tools.convert.contract_mapping import contract_text, plain_of
from callcenter_etl.tools.convert.pandera_model import model_text
from callcenter_etl.tools.convert.residual import kept_lines, residual_of


@dataclass(frozen=True, slots=True)
class Exported:
    """A contract in another format; `kept` lists the parts in extension properties, `place` is their key."""

    text: str
    kept: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A contract imported from another format: loaded, as YAML, and notes about parts that it does not hold."""

    loaded: LoadedContract
    text: str
    form: str
    notes: tuple[Diagnostic, ...]


def export_contract(
    document: ContractDocument, to: str, *, version: str | None = None, text: str | None = None
) -> Exported:
    """Convert a contract to another format, in one of its versions; `text` is yaml or json.

    The result is read back and compared; a difference raises AssertionError. Raises UsageError for an unknown format
    or version, and for a contract that the format cannot hold.
    """
    if to == MODEL:
        return Exported(model_text(document), (), "")
    form = _format(to)
    write = TEXTS[text or form.text]
    chosen = _version(form, to, version)
    wanted = plain_of(document)
    written = form.write(document, chosen)
    # The residual is the difference between the contract and what a reader makes of the format's own terms. Reading the
    # result back, instead of a list of supported keys, makes it complete by construction.
    # Through the text, so that the reader gets the same scalars as from a file.
    draft = form.read(_parsed(write(written)).value, None)
    whole, columns = residual_of(draft.value, wanted)
    form.keep(written, whole, columns)
    said = write(written)
    again = _parsed(said)
    back = load_parsed(convert(again, None, lambda value: form.read(value, None))[0], b"", None)
    if back.document != document:
        # A difference is a defect of this program and not of the contract, so it is not a ContractError.
        raise AssertionError(f"{to}: what was written is not the contract that was read")
    return Exported(said, (*kept_lines(whole, columns, wanted), *form.own(written)), form.place)


def import_contract(
    names: list[str], form: str | None = None, *, read_bytes: Callable[[str], bytes]
) -> Imported:
    """Import a contract from a file in another format, which is guessed if `form` is None.

    Only a pipeline configuration may consist of several files. Raises ContractError with every fault, UsageError if
    the format is unknown or does not fit, SourceError if a file cannot be read.
    """
    files = [split_part(name) for name in names]
    texts = [read_bytes(origin) for origin, _ in files]
    parsed = [parse_document(text, origin) for text, (origin, _) in zip(texts, files, strict=True)]
    # The first file decides: a second one, with validation rules alone, has no columns to detect.
    chosen = form or guess(parsed[0].value)
    if chosen is None:
        known = ", ".join((*FORMATS, *IMPORTS))
        raise UsageError(f"{names[0]}: no known format (say which one with --from: {known})")
    if len(files) > 1 and (chosen in IMPORTS or not _format(chosen).spread):
        raise UsageError(f"{names[1]}: one file is imported at a time, several only as pipeline-config")
    together = _together(parsed, [origin for origin, _ in files])
    return _read(together, b"".join(texts), *files[0], chosen)


def import_value(value: dict[str, Any], origin: str, form: str) -> Imported:
    """Import a contract from a document that is not a file, as `import_contract` does."""
    return _read(Document(value=value), b"", origin, None, form)


def import_text(text: str, origin: str) -> Imported:
    """Import a contract from its text, which is embedded in another document."""
    loaded = load_document(origin, read_bytes=lambda _: text.encode())
    return Imported(loaded, contract_text(plain_of(loaded.document)), MODEL, ())


def _read(parsed: Document, text: bytes, origin: str, part: str | None, form: str) -> Imported:
    read = reader_of(form) or _format(form).read
    converted, notes = convert(parsed, origin, lambda value: read(value, part))
    loaded = load_parsed(converted, text, origin)
    said = contract_text(plain_of(loaded.document))
    if load_document("contract.yaml", read_bytes=lambda _: said.encode()).document != loaded.document:
        raise AssertionError("what was written is not the contract that was read")
    return Imported(loaded, said, form, tuple(fault for _, fault in notes))


def _format(name: str) -> ContractFormat:
    if name not in FORMATS:
        known = ", ".join((*FORMATS, MODEL))
        raise UsageError(f"unknown format {name!r}{did_you_mean(name, FORMATS)} (there are: {known})")
    return FORMATS[name]


def _version(form: ContractFormat, name: str, version: str | None) -> str:
    if version is None:
        return form.versions[-1] if form.versions else ""
    if not form.versions:
        raise UsageError(f"{name} has no versions to choose from")
    # `3.1` is enough for 3.1.0; `3` is ambiguous.
    near = [known for known in form.versions if known == version or known.startswith(f"{version}.")]
    if len(near) != 1:
        raise UsageError(f"{name} is written as {', '.join(form.versions)}, not {version!r}")
    return near[0]


def _parsed(text: str) -> Document:
    return parse_document(text.encode(), "")


def _together(parsed: list[Document], origins: list[str]) -> Document:
    """Return several documents merged into one. Raises ContractError if two have the same key."""
    value: dict[str, Any] = {}
    positions = Positions()
    for document, origin in zip(parsed, origins, strict=True):
        for key in document.value:
            if key in value:
                line, column = document.positions.nearest((key,)) or (None, None)
                fault = contract_diagnostic(
                    f"the key is in {origins[0]} too", path=key, file=origin, line=line, column=column
                )
                raise ContractError((fault,))
        value |= document.value
        positions.update(document.positions)
    # Each top-level key keeps its file, so that a message names the file with the fault.
    owners: dict[str | int, str] = {
        key: origin for document, origin in zip(parsed, origins, strict=True) for key in document.value
    }
    warnings = tuple(chain.from_iterable(document.warnings for document in parsed))
    return Document(value=value, positions=positions, files=owners, warnings=warnings)
