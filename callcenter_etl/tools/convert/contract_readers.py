"""The other formats that `--contract` accepts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from callcenter_etl.contract.loader import ContractReader, LoadedContract, load_document
from callcenter_etl.tools.convert.csvw_terms import is_csvw
from callcenter_etl.tools.convert.odcs_terms import is_odcs

if (
    TYPE_CHECKING
):  # the models of the standard take a tenth of a second to import, and few contracts need them
    from callcenter_etl.tools.convert.import_draft import Draft


def _read_odcs(value: dict[str, Any], part: str | None) -> Draft:
    from callcenter_etl.tools.convert.odcs_read import read_odcs

    return read_odcs(value, part)


def _read_csvw(value: dict[str, Any], part: str | None) -> Draft:
    from callcenter_etl.tools.convert.csvw_read import read_csvw

    return read_csvw(value, part)


CONTRACT_READERS = (ContractReader(is_odcs, _read_odcs), ContractReader(is_csvw, _read_csvw))


def load_any_document(
    source: str | os.PathLike[str] | Mapping[str, Any], *, read_bytes: Callable[[str], bytes] | None = None
) -> LoadedContract:
    """Load a contract in this program's format or in one of CONTRACT_READERS.

    Raises ContractError with every fault, SourceError if the file cannot be read.
    """
    if read_bytes is None:
        return load_document(source, readers=CONTRACT_READERS)
    return load_document(source, read_bytes=read_bytes, readers=CONTRACT_READERS)
