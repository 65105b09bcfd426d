"""Checks the shape of a contract: unknown and missing keys, values of a wrong kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.key_types import show
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.storage_options import WHERE_CREDENTIALS_BELONG, is_secret_key
from callcenter_etl.contract.suggestions import did_you_mean


def check_shape(
    value: dict[str, Any], *, most: int
) -> tuple[ContractDocument | None, list[tuple[Path, str]]]:
    """Return the document and no faults, or None and at most `most` faults, each a path and a message."""
    try:
        return ContractDocument.model_validate(value), []
    except ValidationError as error:
        # pydantic also reports a list as too short when its entries are faulty; only an empty list is a fault of its own.
        found = [
            each
            for each in error.errors(include_url=False)
            if each["type"] != "too_short" or not each["input"]
        ]
        return None, [_path_and_message(each, value) for each in found[:most]]


def _path_and_message(error: Any, value: Any) -> tuple[Path, str]:
    path = tuple(error["loc"])
    return _real_path(path, value), _MESSAGES.get(error["type"], _other)(error, path)


def _real_path(path: Path, value: Any) -> Path:
    """Return a path up to the last part that the document has; pydantic appends steps of its own."""
    real: list[str | int] = []
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return (*real, part) if isinstance(value, (dict, list)) else tuple(real)
        real.append(part)
    return tuple(real)


def _unknown_key(error: Any, path: Path) -> str:
    if path[:-1] == ("run", "storage_options") and is_secret_key(str(path[-1])):
        return WHERE_CREDENTIALS_BELONG
    return f"unknown key{did_you_mean(str(path[-1]), _keys_at(path[:-1]))}"


def _keys_at(path: Path) -> list[str]:
    model: Any = ContractDocument
    by_name = False  # the next part of the path is a name of the author's in a mapping, not a key
    for part in path:
        if isinstance(part, int) or model is None or by_name:
            by_name = False
            continue
        fields = {field.alias or key: field for key, field in model.model_fields.items()}
        annotation = fields[part].annotation if part in fields else None
        by_name = get_origin(annotation) is dict
        model = _model_in(annotation)
    known = {} if model is None else model.model_fields
    return [field.alias or key for key, field in known.items() if key != "rule_keys"]


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    # The model may be inside of a tuple, a union with None or an Annotated.
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_in(part))), None)


def _choice(error: Any, path: Path) -> str:
    # pydantic has the choices only as one text for people.
    options = str(error["ctx"]["expected"])
    words = [word.strip("'") for word in options.replace(" or ", ", ").split(", ")]
    return f"{options} is expected, not {show(error['input'])}{did_you_mean(str(error['input']), words)}"


def _own(error: Any, path: Path) -> str:
    return str(error["ctx"]["error"])


def _other(error: Any, path: Path) -> str:
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}"


def _a_mapping(error: Any, path: Path) -> str:
    return f"a mapping of keys is expected, not {show(error['input'])}"


def _a_list(error: Any, path: Path) -> str:
    return f"a list is expected, not {show(error['input'])}"


_MESSAGES: dict[str, Callable[[Any, Path], str]] = {
    "extra_forbidden": _unknown_key,
    "missing": lambda error, path: f"the key {path[-1]!r} is missing",
    "literal_error": _choice,
    "value_error": _own,
    "model_type": _a_mapping,
    "model_attributes_type": _a_mapping,
    "dict_type": _a_mapping,
    "tuple_type": _a_list,
    "too_short": lambda error, path: "at least one column is needed",
    "string_pattern_mismatch": lambda error, path: (
        f"letters, digits, _ and - are expected, not {show(error['input'])}"
    ),
}
