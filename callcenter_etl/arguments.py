"""Checks the argument types of the Python API, so that a call with a wrong type fails before it does anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from callcenter_etl.errors import ArgumentTypeError

SHOWN = 80


def path_of(name: str, value: object, *, instead: str = "") -> str:
    """Return a path or address as text. Raises ArgumentTypeError, with the advice `instead`, for anything else."""
    if isinstance(value, str):
        return value
    # A path-like object may give bytes, which are refused as any other type.
    text = os.fspath(value) if isinstance(value, os.PathLike) else None
    if isinstance(text, str):
        return text
    raise ArgumentTypeError(f"{name}: a path or an address is expected, not {kind_of(value)}{instead}")


def check_types(values: Mapping[str, object], kinds: Mapping[str, str]) -> None:
    """Check that each value is None or of its kind, a name in `KINDS`. Raises ArgumentTypeError."""
    for name, kind in kinds.items():
        value = values[name]
        if value is not None and not KINDS[kind](value):
            raise ArgumentTypeError(f"{name}: {kind} is expected, not {kind_of(value)}")


def kind_of(value: object) -> str:
    """Return the type of a value for a message, with its article, and the value itself if it is short and plain."""
    if value is None:
        return "None"
    name = type(value).__name__
    article = "an" if name[:1].lower() in "aeio" else "a"
    shown = repr(value) if isinstance(value, (bool, int, float, bytes)) else ""
    return f"{article} {name}" + (f" ({shown})" if 0 < len(shown) <= SHOWN else "")


def is_frame(value: object) -> bool:
    """Return whether a value is a DataFrame of pandas or another library, without importing one."""
    return any(base.__name__ in ("DataFrame", "LazyFrame") for base in type(value).__mro__)


def _is_whole(value: Any) -> bool:
    # bool is a subclass of int, but True is not meant as a number.
    return isinstance(value, Integral) and not isinstance(value, bool)


KINDS: Mapping[str, Callable[[Any], bool]] = {
    "a whole number": _is_whole,
    "a number": lambda value: isinstance(value, Real) and not isinstance(value, bool),
    "True or False": lambda value: isinstance(value, bool),
    "a text": lambda value: isinstance(value, str),
    "a path or an address": lambda value: isinstance(value, (str, os.PathLike)),
    "a function": callable,
}
