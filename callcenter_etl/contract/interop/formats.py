"""The other formats by name: how each is written, read, told from the others, and where it keeps the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from callcenter_etl.contract.interop.frictionless_read import read_frictionless
from callcenter_etl.contract.interop.frictionless_words import is_package, is_table_schema
from callcenter_etl.contract.interop.frictionless_write import keep_in_schema, to_package, to_table_schema
from callcenter_etl.contract.interop.odcs_read import read_odcs
from callcenter_etl.contract.interop.odcs_words import VERSIONS, is_odcs
from callcenter_etl.contract.interop.odcs_write import keep_in_odcs, to_odcs
from callcenter_etl.contract.interop.pandera_text import (
    is_pandera,
    keep_in_metadata,
    read_pandera,
    to_pandera,
)
from callcenter_etl.contract.interop.plain import yaml_text
from callcenter_etl.contract.interop.values import Draft
from callcenter_etl.contract.model import ContractDocument

Written = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `spread`: it may be spread over several files. `versions`: the last one is the default."""

    write: Callable[[ContractDocument, str], Written]
    keep: Callable[[Written, Written, Mapping[int, Written]], None]
    read: Callable[[dict[str, Any], str | None], Draft]
    text: Callable[[Written], str]
    is_it: Callable[[dict[str, Any]], bool]
    place: str
    versions: tuple[str, ...] = ()
    spread: bool = False


def _json_text(value: Written) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


FORMATS: dict[str, Format] = {
    "odcs": Format(
        write=to_odcs,
        keep=keep_in_odcs,
        read=read_odcs,
        text=yaml_text,
        is_it=is_odcs,
        place="customProperties",
        versions=tuple(VERSIONS),
    ),
    "frictionless": Format(
        write=to_table_schema,
        keep=keep_in_schema,
        read=read_frictionless,
        text=_json_text,
        is_it=is_table_schema,
        place="callcenter_etl",
    ),
    "frictionless-package": Format(
        write=to_package,
        keep=keep_in_schema,
        read=read_frictionless,
        text=_json_text,
        is_it=is_package,
        place="callcenter_etl",
    ),
    "pandera": Format(
        write=to_pandera,
        keep=keep_in_metadata,
        read=read_pandera,
        text=yaml_text,
        is_it=is_pandera,
        place="metadata",
    ),
}


def guess(value: dict[str, Any]) -> str | None:
    """Tell which format a parsed document is in."""
    return next((name for name, form in FORMATS.items() if form.is_it(value)), None)
