"""The strict types of a contract's keys, and the base class of its frozen models."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from callcenter_etl.contract.document_text import Scalar
from callcenter_etl.contract.quoting import quoted, shortened

_SIZE = re.compile(r"([0-9]+)\s*([KMGT])i?B")
_MODE = re.compile(r"0?[0-7]{3}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
MAX_COUNT_DIGITS = 18  # a count fits into 64 bits
MAX_WRITTEN_DIGITS = 50  # a longer whole number keeps the notation of the contract
_MAX_SECONDS = 10**9
_MAX_SIZE = Decimal(10**20)  # more bytes than any source has
_UNITS = {"K": 10, "M": 20, "G": 30, "T": 40}


class FrozenModel(BaseModel):
    """The base of a contract's models: immutable, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_null(value: Any) -> Any:
    """Return None for a YAML null, any other value unchanged."""
    return None if getattr(value, "tag", None) == "null" else value


def as_text(value: Any) -> str:
    """Return the source text of a scalar. Raises ValueError for a mapping, a list or null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float, Decimal)):
        return str(value)
    raise ValueError(f"a text is expected, not {kind_of(value)}")


def as_optional_text(value: Any) -> str | None:
    """Return the source text of a scalar, None for null."""
    return None if value is None or (isinstance(value, Scalar) and value.tag == "null") else as_text(value)


def number_in(text: str) -> Decimal | None:
    """Return the number in a text, in the notation of YAML; None if the text is not a number."""
    if _NUMBER.fullmatch(text) is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent that no number has
        return None


def is_whole(number: Decimal) -> bool:
    """Check that a number has no fraction: 1.0 and 1e3 are whole numbers, 1.5 is not."""
    # By the digits, not by the value: int(Decimal("1e999999")) would have a million digits.
    _, digits, exponent = number.as_tuple()
    return isinstance(exponent, int) and (exponent >= 0 or not any(digits[exponent:]))


def plain_whole_number(text: str) -> str:
    """Return a whole number without point and exponent; any other text unchanged."""
    if text.isdigit() or (number := number_in(text)) is None or not is_whole(number):
        return text
    return text if number.adjusted() >= MAX_WRITTEN_DIGITS else f"{int(number)}"


def as_count(value: Any) -> int:
    """Return a whole number that is not negative; 10.0 and 1e1 are 10."""
    number = _plain_number(value)
    if number is None or number < 0 or not is_whole(number):
        raise ValueError(f"a whole number of 0 or more is expected, not {show(value)}{_nearest(number)}")
    if number.adjusted() >= MAX_COUNT_DIGITS:
        raise ValueError(
            f"a whole number of at most {MAX_COUNT_DIGITS} digits is expected, not {show(value)}"
        )
    return int(number)


def _nearest(number: Decimal | None) -> str:
    """Return the advice for a number with a fraction: the whole numbers next to it."""
    if number is None or number <= 0 or number.adjusted() >= MAX_COUNT_DIGITS:
        return ""
    below = int(number)
    return f" (write {below} or {below + 1})"


def _plain_number(value: Any) -> Decimal | None:
    """Return the number of an unquoted scalar, or of a number in Python; None for all else."""
    if isinstance(value, Scalar):
        return number_in(value) if value.tag in ("int", "float") else None
    # bool is a subclass of int, but true is not a count.
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _finite(value)
    return None


def _finite(value: float | Decimal) -> Decimal | None:
    # The repr of a float is its shortest text: 0.1, not 0.1000000000000000055.
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() else None


def as_optional_count(value: Any) -> int | None:
    """Return a count as `as_count` does, None for null."""
    return None if value is None or (isinstance(value, Scalar) and value.tag == "null") else as_count(value)


def as_seconds(value: Any) -> float:
    """Return a number of seconds, such as 30 or 0.5. Raises ValueError for a negative number."""
    # A plain str is from the environment, where values have no type.
    number = number_in(value) if type(value) is str else _plain_number(value)
    if number is None or not 0 <= number < _MAX_SECONDS:
        raise ValueError(f"a number of seconds is expected, such as 30 or 0.5, not {show(value)}")
    return float(number)


def as_flag(value: Any) -> bool:
    """Return true or false as a bool. Raises ValueError for anything else, also for `yes` and `1`."""
    if isinstance(value, Scalar) and value.tag == "bool" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    raise ValueError(f"true or false is expected, not {show(value)}")


def as_optional_flag(value: Any) -> bool | None:
    """Return a flag as `as_flag` does, None for null."""
    return None if as_null(value) is None else as_flag(value)


def as_texts(value: Any) -> tuple[str, ...]:
    """Return a tuple of texts from one text or a list."""
    if isinstance(value, (list, tuple)):
        return tuple(as_text(each) for each in value)
    return (as_text(value),)


def as_text_list(value: Any) -> tuple[str, ...]:
    """Return a tuple of texts from a list. Raises ValueError for a single text."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"a list is expected, not {show(value)}")  # noqa: TRY004  pydantic collects ValueErrors
    return tuple(as_text(each) for each in value)


def as_record(value: Any) -> dict[str, str]:
    """Return a mapping of columns to the source text of their values."""
    if not isinstance(value, dict):
        raise ValueError(f"a mapping of columns to values is expected, not {show(value)}")  # noqa: TRY004  pydantic collects ValueErrors
    nothing = [
        shortened(str(key))
        for key, each in value.items()
        if each is None or getattr(each, "tag", None) == "null"
    ]
    if nothing:
        raise ValueError(f'{", ".join(nothing)} has no value (write "" for an empty one)')
    return {str(key): as_text(each) for key, each in value.items()}


def as_size(value: Any) -> int:
    """Return a number of bytes from `100 GiB` (binary units) or a plain number."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        # Twenty digits are beyond any source already, and Python refuses integers of thousands.
        return int(match[1][:20]) << _UNITS[match[2]]
    number = number_in(value) if isinstance(value, str) else _plain_number(value)
    if number is None or number < 0 or not is_whole(number):
        raise ValueError(f"a number of bytes is expected, such as 500 MiB or 100 GiB, not {show(value)}")
    return int(min(number, _MAX_SIZE))


def as_file_mode(value: Any) -> str | None:
    """Return the permissions of a file as octal text, None for null.

    They must be in quotes, such as "0640": YAML 1.2 reads 0640 without quotes as the decimal number 640.
    """
    if value is None or (isinstance(value, Scalar) and value.tag == "null"):
        return None
    number = isinstance(value, int) or (isinstance(value, Scalar) and value.tag != "str")
    if number and _MODE.fullmatch(str(value)):
        raise ValueError(f'a file mode stands in quotes: "{value}" (without, YAML reads a decimal number)')
    if number or not isinstance(value, str) or _MODE.fullmatch(value) is None:
        raise ValueError(f'a file mode in quotes is expected, such as "0640", not {show(value)}')
    if int(value, 8) & 0o111:
        raise ValueError(f"{quoted(value)} makes files executable (use the digits 0, 2, 4 and 6)")
    if int(value, 8) & 0o600 != 0o600:
        raise ValueError(f"{quoted(value)} keeps the owner from reading or writing the files (begin with 06)")
    return str(value)


def show(value: Any) -> str:
    """Return a wrong value for a message: a scalar as quoted text, any other value by its kind."""
    if isinstance(value, Scalar) and value.tag == "null":
        return "nothing"
    return (
        quoted(str(value))
        if isinstance(value, str)
        else shortened(str(value))
        if isinstance(value, (int, float))
        else kind_of(value)
    )


def kind_of(value: Any) -> str:
    """Return the kind of a value for a message, with its article."""
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
OptionalFlag = Annotated[
    bool | None, BeforeValidator(as_optional_flag), WithJsonSchema({"type": ["boolean", "null"]})
]
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


def one_character(value: str | None) -> str | None:
    """Return a value of one character as it is, None as well. Raises ValueError for any other value."""
    if value is not None and (len(value) != 1 or value in "\r\n"):
        raise ValueError(f"one character that is no line break is expected, not {quoted(value)}")
    return value
