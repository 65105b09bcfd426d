"""Load the values of lookup files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.diagnostic import Diagnostic, contract_diagnostic
from callcenter_etl.errors import ContractError, SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.sources.lookup_text import LookupFormatError, NoColumnError, lookup_values
from callcenter_etl.store.access import read_bytes
from callcenter_etl.store.uris import is_local, local_path, resolve_relative, shown

MAX_BYTES = 2**30


def load_lookups(document: ContractDocument, origin: str | None) -> Mapping[str, pa.Array]:
    """Return the distinct values of each column's lookup, by column name.

    Raises SourceError when a lookup file cannot be read, ContractError when it is in another form or lacks the column.
    """
    sets: dict[tuple[str, str], pa.Array] = {}
    found: dict[str, pa.Array] = {}
    faults: list[Diagnostic] = []
    for position, column in enumerate(document.columns):
        if column.lookup is None:
            continue
        uri = resolve_relative(origin, column.lookup.file)
        key = (uri, column.lookup.column)
        try:
            sets[key] = (
                sets[key] if key in sets else _load(uri, column.lookup.column, document.run.storage_options)
            )
        except LookupFormatError as error:
            key_name = "column" if isinstance(error, NoColumnError) else "file"
            faults.append(
                contract_diagnostic(str(error), path=f"columns[{position}].lookup.{key_name}", file=origin)
            )
            continue
        found[column.name] = sets[key]
    if faults:
        raise ContractError(tuple(faults))
    return found


def hash_lookups(document: ContractDocument, origin: str | None) -> dict[str, str]:
    """Return the SHA-256 of each lookup file by its address, without those that cannot be lookups.

    Raises SourceError when one cannot be read.
    """
    files = {column.lookup.file for column in document.columns if column.lookup is not None}
    hashes: dict[str, str] = {}
    for uri in sorted(resolve_relative(origin, file) for file in files):
        with suppress(LookupFormatError):
            hashes[uri] = hashlib.sha256(_read(uri, document.run.storage_options)).hexdigest()
    return hashes


def _load(uri: str, column: str, storage: StorageOptions) -> pa.Array:
    data = _read(uri, storage)
    try:
        values = lookup_values(data, column)
    except LookupFormatError as error:
        raise type(error)(f"{shown(uri)}: {error}") from error
    return pa.array(values, type=pa.string())


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
