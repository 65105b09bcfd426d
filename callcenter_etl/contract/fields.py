"""The kinds of values that contract keys take, each strict about what it accepts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from callcenter_etl.contract.text import Scalar

_SIZE = re.compile(r"([0-9]+)(?:\s*([KMGT])i?B)?")
_MODE = re.compile(r"0?[0-7]{3}")
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_UNITS = {None: 0, "K": 10, "M": 20, "G": 30, "T": 40}
RULE_KEYS = (
    "required",
    "type",
    "min",
    "max",
    "min_length",
    "max_length",
    "pattern",
    "allowed",
    "unique",
    "lookup",
)


def as_null(value: Any) -> Any:
    """Give None for a YAML null."""
    return None if getattr(value, "tag", None) == "null" else value


def as_text(value: Any) -> str:
    """Take any scalar by its source text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float, Decimal)):
        return str(value)
    raise ValueError(f"a text is expected, not {kind_of(value)}")


def as_optional_text(value: Any) -> str | None:
    """Take any scalar by its source text, null as none."""
    return None if value is None or (isinstance(value, Scalar) and value.tag == "null") else as_text(value)


def as_count(value: Any) -> int:
    """Take a whole number that is not negative."""
    if isinstance(value, Scalar) and value.tag == "int" and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"a whole number of 0 or more is expected, not {show(value)}")


def as_optional_count(value: Any) -> int | None:
    """Take a count, null as none."""
    return None if value is None or (isinstance(value, Scalar) and value.tag == "null") else as_count(value)


def as_seconds(value: Any) -> float:
    """Take a number of seconds, such as 30 or 0.5; not negative."""
    text = str(value)
    quoted = isinstance(value, Scalar) and value.tag not in ("int", "float")
    if quoted or isinstance(value, bool) or _SECONDS.fullmatch(text) is None:
        raise ValueError(f"a number of seconds is expected, such as 30 or 0.5, not {show(value)}")
    return float(text)


def as_flag(value: Any) -> bool:
    """Take true or false."""
    if isinstance(value, Scalar) and value.tag == "bool" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    raise ValueError(f"true or false is expected, not {show(value)}")


def as_texts(value: Any) -> tuple[str, ...]:
    """Take one text or a list of texts."""
    if isinstance(value, (list, tuple)):
        return tuple(as_text(each) for each in value)
    return (as_text(value),)


def as_text_list(value: Any) -> tuple[str, ...]:
    """Take a list of texts."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"a list is expected, not {show(value)}")  # noqa: TRY004  pydantic collects ValueErrors
    return tuple(as_text(each) for each in value)


def as_record(value: Any) -> dict[str, str]:
    """Take a mapping of columns to values, each by its source text."""
    if not isinstance(value, dict):
        raise ValueError(f"a mapping of columns to values is expected, not {show(value)}")  # noqa: TRY004  pydantic collects ValueErrors
    nothing = [
        str(key) for key, each in value.items() if each is None or getattr(each, "tag", None) == "null"
    ]
    if nothing:
        raise ValueError(f'{", ".join(nothing)} has no value (write "" for an empty one)')
    return {str(key): as_text(each) for key, each in value.items()}


def as_size(value: Any) -> int:
    """Take a number of bytes, as `100 GiB` or plain."""
    match = _SIZE.fullmatch(str(value))
    if match is None or isinstance(value, bool):
        raise ValueError(f"a number of bytes is expected, such as 500 MiB or 100 GiB, not {show(value)}")
    return int(match[1][:20]) << _UNITS[match[2]]


def as_file_mode(value: Any) -> str | None:
    """Take the permissions of a file as octal text in quotes, such as "0640"; null as none."""
    if value is None or (isinstance(value, Scalar) and value.tag == "null"):
        return None
    number = isinstance(value, int) or (isinstance(value, Scalar) and value.tag != "str")
    if number and _MODE.fullmatch(str(value)):
        raise ValueError(f'a file mode stands in quotes: "{value}" (without, YAML reads a decimal number)')
    if number or not isinstance(value, str) or _MODE.fullmatch(value) is None:
        raise ValueError(f'a file mode in quotes is expected, such as "0640", not {show(value)}')
    if int(value, 8) & 0o111:
        raise ValueError(f"{value!r} makes files executable (use the digits 0, 2, 4 and 6)")
    if int(value, 8) & 0o600 != 0o600:
        raise ValueError(f"{value!r} keeps the owner from reading or writing the files (begin with 06)")
    return str(value)


def show(value: Any) -> str:
    """Show a wrong value in a message: a scalar as quoted text, the rest by its kind."""
    if isinstance(value, Scalar) and value.tag == "null":
        return "nothing"
    return (
        repr(str(value)[:80])
        if isinstance(value, str)
        else str(value)
        if isinstance(value, (int, float))
        else kind_of(value)
    )


def kind_of(value: Any) -> str:
    """Name the kind of a value for a message."""
    return (
        "a mapping"
        if isinstance(value, dict)
        else "a list"
        if isinstance(value, (list, tuple))
        else "nothing"
    )


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}
_SCALARS_SCHEMA = {"type": "array", "items": _SCALAR_SCHEMA}
Text = Annotated[str, BeforeValidator(as_text), WithJsonSchema({"type": "string"})]
OptionalText = Annotated[
    str | None, BeforeValidator(as_optional_text), WithJsonSchema({"type": ["string", "null"]})
]
Literal_ = Annotated[str | None, BeforeValidator(as_optional_text), WithJsonSchema(_SCALAR_SCHEMA)]
Count = Annotated[int, BeforeValidator(as_count), WithJsonSchema({"type": "integer", "minimum": 0})]
OptionalCount = Annotated[
    int | None,
    BeforeValidator(as_optional_count),
    WithJsonSchema({"type": ["integer", "null"], "minimum": 0}),
]
Seconds = Annotated[float, BeforeValidator(as_seconds), WithJsonSchema({"type": "number", "minimum": 0})]
Flag = Annotated[bool, BeforeValidator(as_flag), WithJsonSchema({"type": "boolean"})]
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(as_texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
TextList = Annotated[tuple[str, ...], BeforeValidator(as_text_list), WithJsonSchema(_SCALARS_SCHEMA)]
OptionalTextList = Annotated[
    tuple[str, ...] | None, BeforeValidator(as_text_list), WithJsonSchema(_SCALARS_SCHEMA)
]
Record = Annotated[
    dict[str, str],
    BeforeValidator(as_record),
    WithJsonSchema({"type": "object", "additionalProperties": _SCALAR_SCHEMA}),
]
Size = Annotated[int, BeforeValidator(as_size), WithJsonSchema({"type": ["integer", "string"]})]
OptionalFileMode = Annotated[
    str | None,
    BeforeValidator(as_file_mode),
    WithJsonSchema({"type": ["string", "null"], "pattern": "^0?6[0246]{2}$"}),
]
