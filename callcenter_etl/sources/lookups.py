"""Loads the value sets of lookups."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import pyarrow as pa

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.storage import StorageOptions
from callcenter_etl.contract.suggest import did_you_mean
from callcenter_etl.errors import ContractError, Fault, SourceError
from callcenter_etl.storage.access import read_bytes
from callcenter_etl.storage.addresses import beside, shown


def load_lookups(document: ContractDocument, origin: str | None) -> Mapping[str, pa.Array]:
    """Give the distinct values of each column's lookup, by column name.

    Raises SourceError when a lookup file cannot be read, ContractError when it lacks the column.
    """
    sets: dict[tuple[str, str], pa.Array] = {}
    found: dict[str, pa.Array] = {}
    faults: list[Fault] = []
    for position, column in enumerate(document.columns):
        if column.lookup is None:
            continue
        uri = beside(origin, column.lookup.file)
        key = (uri, column.lookup.column)
        try:
            sets[key] = (
                sets[key] if key in sets else _load(uri, column.lookup.column, document.run.storage_options)
            )
        except KeyError as error:
            faults.append(Fault(str(error.args[0]), path=f"columns[{position}].lookup.column", file=origin))
            continue
        found[column.name] = sets[key]
    if faults:
        raise ContractError(tuple(faults))
    return found


def _load(uri: str, column: str, storage: StorageOptions) -> pa.Array:
    try:
        text = read_bytes(uri, storage).decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(rows, [])
        if column not in header:
            raise KeyError(f"{shown(uri)} has no column {column!r}{did_you_mean(column, header)}")
        at = header.index(column)
        values = dict.fromkeys(row[at] for row in rows if len(row) > at)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"lookup {shown(uri)}: {error}") from error
    return pa.array(list(values), type=pa.string())
