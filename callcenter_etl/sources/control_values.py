"""Read the values of a control file: named groups of a pattern, or the members of a JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from callcenter_etl.contract.quoting import as_written, quoted
from callcenter_etl.contract.side_files import Control
from callcenter_etl.contract.value_fields import CapturedValues, captured, type_faults


def control_values(text: str, control: Control) -> CapturedValues:
    """Return the values of a control file, or the faults for which the source is refused."""
    return _members(text, control) if control.format == "json" else _groups(text, control)


def _groups(text: str, control: Control) -> CapturedValues:
    if control.match is None:  # any text will do, and it has no values
        return CapturedValues({})
    found = captured(control.match, text, control.fields)
    mismatch = f"{quoted(text)} does not match the pattern {as_written(control.match)}"
    return CapturedValues({}, (mismatch,)) if found is None else found


def _members(text: str, control: Control) -> CapturedValues:
    """Return the texts, numbers and booleans of a JSON object; a number as it is written, null as an empty text."""
    try:
        found = json.loads(
            text,
            object_pairs_hook=_unique,
            # As text: a float would round a number, and an int has a limit of digits.
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse,
            strict=False,  # a tab within a text is no reason to refuse a delivery
        )
    except RecursionError:
        return CapturedValues({}, ("is nested too deeply",))
    except ValueError as error:
        return CapturedValues({}, (f"is not JSON: {error}",))
    if not isinstance(found, dict):
        return CapturedValues({}, ("is not a JSON object",))
    texts = {key: _text_of(value) for key, value in found.items()}
    values = {key: value for key, value in texts.items() if value is not None}
    faults = [
        f"{name} is neither text, number nor boolean" if name in found else f"has no {quoted(name)}"
        for name in control.fields
        if name not in values
    ]
    return CapturedValues(values, (*faults, *type_faults(values, control.fields)))


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {quoted(key)} occurs twice")
        found[key] = value
    return found


def _refuse(constant: str) -> str:
    raise ValueError(f"{constant} is no value of JSON")


def _text_of(value: object) -> str | None:
    """Return a value of JSON as text, None for an object or an array."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None
