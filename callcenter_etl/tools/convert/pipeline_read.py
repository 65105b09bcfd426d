"""Imports a contract from a configuration such as `pipeline_config.json`, alone or with its validation rules.

Such files follow no standard, so keys are normalised: `mandatory_fields`, `mandatoryColumns` and `Required Columns`
are one key, in whatever section.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from callcenter_etl.contract.document_text import Path
from callcenter_etl.tools.convert.import_draft import Draft, is_null, is_number
from callcenter_etl.tools.convert.pipeline_columns import COLUMN_LISTS, read_columns
from callcenter_etl.tools.convert.pipeline_keys import COLUMNS, SECTION, PipelineKey, key_of
from callcenter_etl.tools.convert.pipeline_rules import RULES
from callcenter_etl.tools.convert.pipeline_write import EXTENSION
from callcenter_etl.tools.convert.residual import restore_by_name

_SECTION_OF_STORE = re.compile(r"s3|local|gcs|azure|hdfs|sftp")


def is_pipeline_config(value: Any) -> bool:
    """Return whether a parsed document has a list of columns under one of the known keys."""
    if not isinstance(value, dict) or "contract" in value:
        return False
    return any(found.key in COLUMNS for found in _settings(value, ()))


def read_pipeline_config(value: dict[str, Any], part: str | None) -> Draft:
    """Return the draft of the contract for a pipeline configuration."""
    draft = Draft()
    settings = list(_settings(value, ()))
    extension = next((found for found in settings if found.path == (EXTENSION,)), None)
    other = [found for found in settings if _is_other_store(found, value)]
    for found in other:
        draft.note(found.path, f"{found.path[-1]!r} is of a store that is not in use")
    used = [found for found in settings if found is not extension and found not in other]
    columns = next((found for found in used if found.key in COLUMNS), None)
    if columns is None:
        draft.fault((), "no columns: 'expected_columns' with names and positions, or 'columns', is expected")
        return draft
    draft.put(("contract",), "pipeline", ())
    read_columns(draft, columns)
    if draft.faults:
        return draft
    joined = _join_paths(draft, used)
    # Lists of columns first: a format of times applies to the columns that they make times.
    for found in sorted(used, key=lambda each: each.key not in COLUMN_LISTS):
        if found is not columns and found not in joined:
            _read(draft, found)
    draft.arrange()
    if extension is not None:
        # Last: the residual has precedence over the terms of the configuration.
        restore_by_name(draft, extension.value, extension.path)
    return draft


def _read(draft: Draft, found: PipelineKey) -> None:
    reader: Callable[[Draft, PipelineKey], bool] | None = RULES.get(found.key) or COLUMN_LISTS.get(found.key)
    if reader is None or not reader(draft, found):
        # Settings in these sections configure the program and do not constrain the data.
        asserts = found.section not in (
            "logging",
            "log",
            "pipeline",
            "paths",
            "path",
            "storage",
            "s3",
            "local",
        )
        draft.note(found.path, f"{found.path[-1]!r} is not taken over", asserts=asserts)


def _settings(value: Any, path: Path) -> Iterator[PipelineKey]:
    """Yield every setting: known keys with their whole value, the leaves of unknown sections one by one."""
    known = {*COLUMNS, *RULES, *COLUMN_LISTS}
    for name, below in value.items():
        here = (*path, name)
        key = "columns" if key_of(here) == SECTION and _lists_columns(below) else key_of(here)
        if is_null(below):
            continue
        if isinstance(below, dict) and key not in known and here != (EXTENSION,):
            yield from _settings(below, here)
        else:
            yield PipelineKey(key, here, below)


def _lists_columns(value: Any) -> bool:
    """Return whether a value is a list of columns, or a mapping of names to positions."""
    if isinstance(value, dict):
        return bool(value) and all(is_number(each) for each in value.values())
    return isinstance(value, list)


def _is_other_store(found: PipelineKey, value: dict[str, Any]) -> bool:
    """Return whether a setting belongs to a store that the configuration does not use."""
    storage = value.get("storage")
    used = str(storage.get("type", "")).lower() if isinstance(storage, dict) else ""
    if not used or found.path[0] != "storage" or len(found.path) < 3:
        return False
    return _SECTION_OF_STORE.fullmatch(str(found.path[1]).lower()) is not None and found.path[1] != used


def _join_paths(draft: Draft, settings: list[PipelineKey]) -> list[PipelineKey]:
    """Set the source to folder and file name, or to bucket and key. Returns the settings used for it."""
    parts = {found.key: found for found in settings}
    for folder, name, scheme in (
        ("sourcedir", "sourcefilename", ""),
        ("sourcedirectory", "sourcefilename", ""),
        ("bucket", "sourcekey", "s3://"),
    ):
        if folder in parts and name in parts:
            source = f"{scheme}{str(parts[folder].value).rstrip('/')}/{parts[name].value}"
            draft.put(("run", "source"), source, parts[name].path)
            return [parts[folder], parts[name]]
    return []
