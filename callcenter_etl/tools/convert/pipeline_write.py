"""Exports a contract as a pipeline configuration: file name rules, positions, mandatory columns, allowed values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS, describe_format
from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.tools.convert.residual import keep_by_name
from callcenter_etl.tools.convert.vendor_columns import for_other_tools

Written = dict[str, Any]
EXTENSION = "callcenter_etl"


def to_pipeline_config(document: ContractDocument, version: str) -> Written:
    """Return the pipeline configuration of a contract; it has no warnings, so rules of severity `warn` are left out."""
    document = for_other_tools(document)
    written: Written = {"pipeline": {"name": document.contract, "version": document.version}}
    if document.description is not None:
        written["pipeline"]["description"] = document.description
    if isinstance(document.run.source, str):
        written["paths"] = {"source": document.run.source}
    if document.run.output is not None:
        written.setdefault("paths", {})["output"] = document.run.output
    name = document.source.filename
    if name is not None:
        rules = {
            "filename_pattern": name.pattern,
            "expected_filename_length": name.length,
            "allowed_extensions": list(name.extensions) or None,
        }
        written["file_validation"] = {key: value for key, value in rules.items() if value is not None}
    columns = document.columns
    written["schema"] = {
        "expected_column_count": len(columns),
        "expected_columns": {column.name: place for place, column in enumerate(columns)},
    }
    lists = {
        "mandatory_fields": [each.name for each in columns if _is_error(each, "required")],
        "unique_fields": [each.name for each in columns if _is_error(each, "unique")],
        "numeric_fields": [
            each.name for each in columns if _is_error(each, "type") and each.type == "digits"
        ],
        "time_fields": [each.name for each in columns if _is_time(each)],
        "date_fields": [each.name for each in columns if _is_date(each)],
    }
    written |= {key: names for key, names in lists.items() if names}
    if lists["time_fields"]:
        written["time_format"] = {"pattern": describe_format(DEFAULT_FORMATS["time"][0])}
    domains = {
        column.name: list(column.allowed)
        for column in columns
        if column.allowed is not None and not column.ignore_case and _is_error(column, "allowed")
    }
    return written | ({"domain_values": domains} if domains else {})


def keep_in_config(written: Written, whole: Written, columns: Mapping[int, Written]) -> None:
    """Store the residual under an extension key."""
    kept = keep_by_name(whole, columns, list(written["schema"]["expected_columns"]))
    if kept:
        written[EXTENSION] = kept


def _is_error(column: Column, key: str) -> bool:
    return key in column.rule_keys and column.severity_of(key) == "error"


def _is_time(column: Column) -> bool:
    # The configuration has one `time_format` for all columns, so that only the default format is written.
    return column.type == "time" and column.format == DEFAULT_FORMATS["time"] and _is_error(column, "type")


def _is_date(column: Column) -> bool:
    return column.type == "date" and column.format == DEFAULT_FORMATS["date"] and _is_error(column, "type")
