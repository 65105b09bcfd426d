"""Validates an ODCS document with the official pydantic models of the standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from callcenter_etl.contract.document_text import Path, Scalar
from callcenter_etl.contract.key_types import show
from callcenter_etl.contract.suggestions import did_you_mean


def shape_faults(value: dict[str, Any]) -> list[tuple[Path, str]]:
    """Return path and message of each error that the standard's models report."""
    # Imported here: the models take a tenth of a second to import, and few contracts need them.
    from open_data_contract_standard.model import OpenDataContractStandard

    try:
        # Parsed scalars are texts, and the models check for numbers and booleans.
        OpenDataContractStandard.model_validate(native(value))
    except ValidationError as error:
        return [_fault(each, value) for each in error.errors(include_url=False)]
    return []


def _fault(error: Any, value: Any) -> tuple[Path, str]:
    path: list[str | int] = []
    for part in error["loc"]:  # for unions, pydantic's location has steps that are not in the document
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            break
        path.append(part)
    if error["type"] == "extra_forbidden":
        return tuple(error["loc"]), f"ODCS has no such key{did_you_mean(str(error['loc'][-1]), _top_keys())}"
    if error["type"] == "string_type":
        return tuple(path), f"ODCS expects a text here, not {show(value)} (put it in quotes)"
    return tuple(path), f"ODCS: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _top_keys() -> list[str]:
    from open_data_contract_standard.model import OpenDataContractStandard

    return _names(OpenDataContractStandard)


def _names(model: type[BaseModel]) -> list[str]:
    return [about.alias or name for name, about in model.model_fields.items()]


def native(value: Any) -> Any:
    """Return a parsed document with its scalars as Python values."""
    if isinstance(value, Mapping):
        return {key: native(each) for key, each in value.items()}
    if isinstance(value, list):
        return [native(each) for each in value]
    return _scalar(value) if isinstance(value, Scalar) else value


def _scalar(value: Scalar) -> Any:
    try:
        return _NATIVE.get(value.tag, str)(value)
    except ValueError:
        return str(value)


_NATIVE: dict[str, Any] = {
    # int(text, 0) refuses 007, which is a decimal number in YAML 1.2.
    "int": lambda text: int(text, 0) if text.lstrip("+-").lower().startswith(("0x", "0o")) else int(text),
    "float": lambda text: float(text.replace(".inf", "inf").replace(".nan", "nan").lower()),
    "bool": lambda text: text.lower() == "true",
    "null": lambda _: None,
}


def about_left(path: Path) -> tuple[str, bool]:
    """Return the note about a key that was not read, and whether the key asserts something about the data."""
    from open_data_contract_standard import model

    key = str(path[-1])
    # By the length of the path: schema/N/key of an object, schema/N/properties/N/key of a property.
    levels: dict[int, type[BaseModel]] = {3: model.SchemaObject, 5: model.SchemaProperty}
    described = levels.get(len(path)) if path[0] == "schema" and isinstance(path[-2], int) else None
    # The models ignore unknown keys below the top level, so misspelled ones are found here.
    if described is not None and key not in _names(described):
        return f"ODCS has no key {key!r}{did_you_mean(key, _names(described))}, nothing is made of it", True
    if any(part in _ASSERTING for part in path):
        return f"{key!r} is not asked: no rule here says it", True
    return f"{key!r} is not taken over", False


_ASSERTING = ("quality", "relationships", "enum", "logicalTypeOptions", "items", "map")
