"""Uniqueness of corrected records, among themselves and against published records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.engines.block_steps import BlockFormat, parse_block
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.record_rules import find_first_lines
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.source_reader import SourceReader
from callcenter_etl.tools.reprocess.rejected_file import as_published
from callcenter_etl.uniqueness import make_registries

# Added to the lines of published files, so that they differ from all lines of the source.
_PUBLISHED = 10**15
_IN_REASON = re.compile(r"\bline ([0-9]{16,18})\b")


class KnownKeys:
    """The keys of published records and of the corrected ones so far. Use within `with`."""

    def __init__(self, validator: Validator, scratch: Path) -> None:
        self._validator = validator
        self._registries = make_registries(
            {rule.id: scratch / f"keys-{number}" for number, rule in enumerate(validator.rules) if rule.key}
        )
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for registry in self._registries.values():
            self._stack.enter_context(registry)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @property
    def wanted(self) -> bool:
        """True if the contract has rules of uniqueness."""
        return bool(self._registries)

    def add_published(self, uris: Iterable[str], document: ContractDocument) -> None:
        """Add the keys of published targets. Raises SourceError if one cannot be read."""
        for uri in uris if self._registries else ():
            with SourceReader(uri, as_published(document)) as reader:
                layout = reader.open().layout
                shape = BlockFormat(layout, reader.dialect)
                for item in reader.blocks(layout):
                    for chunk in () if isinstance(item, OversizedRecord) else parse_block(item, shape).chunks:
                        columns = self._validator.columns_of(chunk, layout)
                        columns.lines = columns.lines + _PUBLISHED
                        self.find_first_lines(columns)

    def find_first_lines(self, columns: ChunkColumns) -> None:
        """Fill in the first lines of repeated keys, and remember the new ones."""
        columns.first_lines = {
            rule.id: find_first_lines(columns, rule.key, self._registries[rule.id].first_lines)
            for rule in self._validator.rules
            if rule.key
        }


def as_published_lines(reasons: pa.StringArray) -> list[str]:
    """Return reasons that name the lines of published files as such."""
    return [_IN_REASON.sub(_published_line, reason) for reason in pc.fill_null(reasons, "").to_pylist()]


def _published_line(match: re.Match[str]) -> str:
    line = int(match[1]) - _PUBLISHED
    return f"line {line} of the target" if np.int64(line) > 0 else match[0]
