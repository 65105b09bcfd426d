"""Uniqueness of corrected records, among themselves and against published records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.judge.unique_keys import UniqueKeys
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.sources.published import as_published
from callcenter_etl.sources.source_formats import open_source

# Added to the lines of published files, so that they differ from all lines of the source.
_PUBLISHED = 10**15
# 16 digits or more: lines of published files, to which 10**15 was added.
_IN_REASON = re.compile(r"\bline ([0-9]{16,18})\b")


class KnownKeys:
    """The keys of published records and of the corrected ones so far. Use within `with`."""

    def __init__(self, validator: Validator, scratch: Path) -> None:
        self._validator = validator
        self._keys = UniqueKeys.in_folder(validator.rules, scratch)

    def __enter__(self) -> Self:
        self._keys.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._keys.__exit__(*exc)

    @property
    def wanted(self) -> bool:
        """True if the contract has rules of uniqueness."""
        return bool(self._keys)

    def add_published(self, uris: Iterable[str], document: ContractDocument) -> None:
        """Add the keys of published targets. Raises SourceError if one cannot be read."""
        for uri in uris if self._keys else ():
            with open_source(uri, as_published(document)) as source:
                layout = source.open().layout
                for chunk in source.chunks():
                    columns = self._validator.columns_of(chunk, layout)
                    # Called only to register the keys: published records are not judged again.
                    self._keys.first_lines(replace(columns, lines=columns.lines + _PUBLISHED))

    def first_lines(self, columns: ChunkColumns) -> Mapping[str, NDArray[np.int64]]:
        """Return the first lines of repeated keys, and remember the new ones; see `KeyLines`."""
        return self._keys.first_lines(columns)


def as_published_lines(reasons: pa.StringArray) -> list[str]:
    """Return reasons that name the lines of published files as such."""
    return [_IN_REASON.sub(_published_line, reason) for reason in pc.fill_null(reasons, "").to_pylist()]


def _published_line(match: re.Match[str]) -> str:
    line = int(match[1]) - _PUBLISHED
    return f"line {line} of the target" if np.int64(line) > 0 else match[0]
