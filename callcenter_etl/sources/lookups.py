"""Load the values of lookup files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from callcenter_etl.contract.lookup_keys import LookupSource
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.diagnostic import Diagnostic, contract_diagnostic
from callcenter_etl.errors import ContractError, SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.sources.lookup_text import LookupFormatError, NoColumnError, lookup_rows
from callcenter_etl.store.access import read_bytes
from callcenter_etl.store.compression import decompressed, suffix_of
from callcenter_etl.store.uris import is_local, local_path, resolve_relative, shown
from callcenter_etl.uniqueness import composite_keys

MAX_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class LookupFile:
    """A file, its dialect, and the columns of it that a rule needs; `path` is the place of the lookup in the contract."""

    rule: str
    path: str
    uri: str
    columns: tuple[str, ...]
    source: LookupSource


def lookup_files(document: ContractDocument, origin: str | None) -> Iterator[LookupFile]:
    """Yield the lookup of each rule: of columns, then of records."""
    for position, column in enumerate(document.columns):
        if column.lookup is not None:
            uri = resolve_relative(origin, column.lookup.file)
            place, rule = f"columns[{position}].lookup", f"{column.name}.lookup"
            yield LookupFile(rule, place, uri, (column.lookup.column,), column.lookup.source)
    for position, rule_ in enumerate(document.rules):
        if rule_.lookup is not None:
            uri = resolve_relative(origin, rule_.lookup.file)
            columns = tuple(rule_.lookup.columns.values())
            yield LookupFile(rule_.name, f"rules[{position}].lookup", uri, columns, rule_.lookup.source)


def load_lookups(document: ContractDocument, origin: str | None) -> Mapping[str, pa.Array]:
    """Return the distinct values of each lookup by the id of its rule: texts of a column, keys of a record rule.

    Raises SourceError when a lookup file cannot be read, ContractError when it is in another form or lacks a column.
    """
    rows: dict[tuple[str, tuple[str, ...], LookupSource], pa.Table] = {}
    found: dict[str, pa.Array] = {}
    faults: list[Diagnostic] = []
    of_records = {rule.name for rule in document.rules}
    for file in lookup_files(document, origin):
        key = (file.uri, file.columns, file.source)
        try:
            rows[key] = rows[key] if key in rows else _load(file, document.run.storage_options)
        except LookupFormatError as error:
            key_name = "file"
            if isinstance(error, NoColumnError):
                key_name = "columns" if file.rule in of_records else "column"
            faults.append(contract_diagnostic(str(error), path=f"{file.path}.{key_name}", file=origin))
            continue
        columns = rows[key].columns
        found[file.rule] = (
            composite_keys([each.combine_chunks() for each in columns])
            if file.rule in of_records
            else columns[0].combine_chunks()
        )
    if faults:
        raise ContractError(tuple(faults))
    return found


def first_values(document: ContractDocument, origin: str | None, most: int) -> dict[str, list[str]]:
    """Return the first values of each column's lookups, by column, row by row for those of record rules."""
    found: dict[str, list[str]] = {}
    names = {rule.name: tuple(rule.lookup.columns) for rule in document.rules if rule.lookup is not None}
    for file in lookup_files(document, origin):
        table = _load(file, document.run.storage_options)
        for name, values in zip(
            names.get(file.rule, (file.rule.rpartition(".")[0],)), table.columns, strict=True
        ):
            found.setdefault(name, []).extend(values[:most].to_pylist())
    return found


def hash_lookups(document: ContractDocument, origin: str | None) -> dict[str, str]:
    """Return the SHA-256 of each lookup file by its address, without those that cannot be lookups.

    Raises SourceError when one cannot be read.
    """
    hashes: dict[str, str] = {}
    for uri in sorted({file.uri for file in lookup_files(document, origin)}):
        with suppress(LookupFormatError):
            hashes[uri] = hashlib.sha256(_read(uri, document.run.storage_options)).hexdigest()
    return hashes


def _load(file: LookupFile, storage: StorageOptions) -> pa.Table:
    data = _read(file.uri, storage)
    suffix = suffix_of(file.uri)
    if suffix is not None:
        data = b"".join(decompressed(iter((data,)), suffix=suffix, uri=shown(file.uri), max_bytes=MAX_BYTES))
    try:
        rows = lookup_rows(data, file.columns, file.source)
    except LookupFormatError as error:
        raise type(error)(f"{shown(file.uri)}: {error}") from error
    # By position: two columns of a rule may be one column of the file.
    columns = list(zip(*rows, strict=True)) or [()] * len(file.columns)
    names = [str(at) for at in range(len(columns))]
    return pa.table([pa.array(each, type=pa.string()) for each in columns], names=names)


def _read(uri: str, storage: StorageOptions) -> bytes:
    """Return the bytes of a lookup file.

    Raises SourceError where it cannot be read, LookupFormatError for a device or pipe, which may have no end, and for
    a file of more than MAX_BYTES.
    """
    path = Path(local_path(uri)) if is_local(uri) else None
    with translate_os_errors(f"lookup {uri}", SourceError):
        is_other = path is not None and path.exists() and not path.is_file()
    if is_other:
        raise LookupFormatError(f"{uri} is not a regular file (name a CSV)")
    data = read_bytes(uri, storage, most=MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise LookupFormatError(
            f"{shown(uri)} has more than {MAX_BYTES:,} bytes, which is too much to look values up in"
        )
    return data
