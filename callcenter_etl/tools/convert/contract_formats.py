"""The table of other contract formats by name: writer, reader, detection, and extension properties."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.tools.convert.contract_mapping import yaml_text
from callcenter_etl.tools.convert.csvw_read import read_csvw
from callcenter_etl.tools.convert.csvw_terms import is_csvw
from callcenter_etl.tools.convert.frictionless_read import read_frictionless
from callcenter_etl.tools.convert.frictionless_terms import is_package, is_table_schema
from callcenter_etl.tools.convert.frictionless_write import (
    finite_numbers,
    keep_in_schema,
    to_package,
    to_table_schema,
)
from callcenter_etl.tools.convert.import_draft import Draft
from callcenter_etl.tools.convert.odcs_read import read_odcs
from callcenter_etl.tools.convert.odcs_terms import VERSIONS, is_odcs
from callcenter_etl.tools.convert.odcs_write import keep_in_odcs, own_checks, to_odcs
from callcenter_etl.tools.convert.pandera_read import read_pandera
from callcenter_etl.tools.convert.pandera_write import is_pandera, keep_in_metadata, to_pandera
from callcenter_etl.tools.convert.pipeline_read import is_pipeline_config, read_pipeline_config
from callcenter_etl.tools.convert.pipeline_write import keep_in_config, to_pipeline_config

Written = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ContractFormat:
    """The functions and properties of one format.

    `text` is its usual syntax (a key of TEXTS), `spread` whether a contract may consist of several files. `keep`
    stores the residual, that is the parts that the format cannot express, under `place`. The last of `versions` is
    the default.
    """

    write: Callable[[ContractDocument, str], Written]
    keep: Callable[[Written, Written, Mapping[int, Written]], None]
    read: Callable[[dict[str, Any], str | None], Draft]
    text: str
    is_it: Callable[[dict[str, Any]], bool]
    place: str
    # Yields a line for each part that only this program understands.
    own: Callable[[Written], Iterator[str]] = lambda written: iter(())
    versions: tuple[str, ...] = ()
    spread: bool = False


def _json_text(value: Written) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


TEXTS: dict[str, Callable[[Written], str]] = {"yaml": yaml_text, "json": _json_text}
Reader = Callable[[dict[str, Any], str | None], Draft]
# Formats that are imported alone, with their detection.
IMPORTS: dict[str, tuple[Callable[[dict[str, Any]], bool], Reader]] = {"csvw": (is_csvw, read_csvw)}
MODEL = "pandera-model"  # Python code, which is imported and not parsed, so it is not in FORMATS
FORMATS: dict[str, ContractFormat] = {
    "odcs": ContractFormat(
        write=to_odcs,
        keep=keep_in_odcs,
        read=read_odcs,
        text="yaml",
        is_it=is_odcs,
        place="customProperties",
        own=own_checks,
        versions=tuple(VERSIONS),
    ),
    "frictionless": ContractFormat(
        write=to_table_schema,
        keep=keep_in_schema,
        read=read_frictionless,
        text="json",
        is_it=is_table_schema,
        place="callcenter_etl",
        own=finite_numbers,
    ),
    "frictionless-package": ContractFormat(
        write=to_package,
        keep=keep_in_schema,
        read=read_frictionless,
        text="json",
        is_it=is_package,
        place="callcenter_etl",
        own=finite_numbers,
    ),
    "pandera": ContractFormat(
        write=to_pandera,
        keep=keep_in_metadata,
        read=read_pandera,
        text="yaml",
        is_it=is_pandera,
        place="metadata",
    ),
    # Last, since `guess` takes the first match: `fields` of a Table Schema and `columns` of pandera
    # match the loose detection of a pipeline configuration too.
    "pipeline-config": ContractFormat(
        write=to_pipeline_config,
        keep=keep_in_config,
        read=read_pipeline_config,
        text="json",
        is_it=is_pipeline_config,
        place="callcenter_etl",
        # The rules of such a configuration are often in a second file.
        spread=True,
    ),
}


def guess(value: dict[str, Any]) -> str | None:
    """Return the format of a parsed document, None if it is unknown."""
    known = {name: is_it for name, (is_it, _) in IMPORTS.items()}
    known |= {name: form.is_it for name, form in FORMATS.items()}
    return next((name for name, is_it in known.items() if is_it(value)), None)


def reader_of(name: str) -> Reader | None:
    """Return the reader of a format, None if no format has that name."""
    return IMPORTS[name][1] if name in IMPORTS else FORMATS[name].read if name in FORMATS else None
