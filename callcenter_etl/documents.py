"""Reads JSON documents of this program that may have been changed since: summaries, checkpoints, ledger rows.

They are on disks and in buckets that others can write to, as are manifests and lock files. All of them are read
through this module, so that size, depth and types are always checked.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TypeVar

from pydantic import Field

if TYPE_CHECKING:
    from pydantic import TypeAdapter

# A summary of a contract with 100,000 columns has about 10 MB, so this program never writes a larger document.
MAX_DOCUMENT_BYTES = 64 * 2**20
_BLOCK_BYTES = 2**20
_MAX_CAUSES = 3
_Form = TypeVar("_Form")
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
# A count. A forged number that is negative, or too large for SQLite or Parquet, is refused when it is read.
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]


class DocumentError(ValueError):
    """The error of a document that this program did not write.

    Its message quotes no value of the document, which may be any text.
    """


def parse_object(text: bytes | str) -> dict[str, Any]:
    """Return the members of a JSON object. Raises DocumentError for any other text, however large or deep."""
    found = _parsed(text)
    if not isinstance(found, dict):
        raise DocumentError(f"an object is expected, not {_kind_of(found)}")
    return found


def parse_array(text: bytes | str) -> list[Any]:
    """Return the elements of a JSON array. Raises DocumentError for any other text, however large or deep."""
    found = _parsed(text)
    if not isinstance(found, list):
        raise DocumentError(f"an array is expected, not {_kind_of(found)}")
    return found


def to_form(form: type[_Form], values: object) -> _Form:
    """Return the dataclass `form` with these values, after a check of all types and bounds.

    Unknown keys are ignored, since later versions of this program may add some. Raises DocumentError.
    """
    from pydantic import ValidationError

    try:
        # Through text, because pydantic's strict mode accepts lists for tuples and objects for dataclasses in JSON only.
        found: _Form = _adapter_of(form).validate_json(json.dumps(values, allow_nan=False), strict=True)
    except ValidationError as error:
        raise DocumentError(_causes_of(error)) from None  # pydantic's own message quotes values
    except RecursionError:
        raise DocumentError("is nested too deeply") from None
    except (TypeError, ValueError) as error:
        raise DocumentError(f"holds what JSON cannot hold: {type(error).__name__}") from None
    return found


def read_regular_file(path: str | Path, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> bytes:
    """Return the content of a file. Raises OSError if it cannot be read, DocumentError if it is too large.

    A pipe, device or socket of that name is an OSError too: reading it could block for ever.
    """
    data = bytearray()
    with open_regular_file(path) as file:
        while block := file.read(_BLOCK_BYTES):
            data += block
            if len(data) > max_bytes:
                raise DocumentError(f"has more than {max_bytes:,} bytes")
    return bytes(data)


def open_regular_file(path: str | Path) -> BinaryIO:
    """Open a file for reading. Raises OSError, also for a pipe, a device or a socket."""
    # O_NONBLOCK: opening a pipe without a writer would block before fstat could recognise it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", os.fspath(path))
    return os.fdopen(descriptor, "rb")


def _parsed(text: bytes | str) -> object:
    """Return a parsed JSON text. pydantic's parser accepts UTF-8 only, and at most 200 levels of nesting."""
    from pydantic_core import from_json

    if len(text) > MAX_DOCUMENT_BYTES:
        raise DocumentError(f"has more than {MAX_DOCUMENT_BYTES:,} bytes")
    try:
        found: object = from_json(text.encode() if isinstance(text, str) else text, allow_inf_nan=False)
    except ValueError as error:
        cause = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise DocumentError(f"is not JSON: {cause}") from None
    return found


def _kind_of(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _causes_of(error: Any) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    # The type of an error and not its message, which quotes values.
    causes = [f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['type']}" for each in found]
    more = len(causes) - _MAX_CAUSES
    return ", ".join(causes[:_MAX_CAUSES]) + (f" and {more:,} more" if more > 0 else "")


def _adapter_of(form: type[Any]) -> TypeAdapter[Any]:
    """Return the validator of a dataclass, from a cache: building one takes milliseconds."""
    from pydantic import TypeAdapter

    if form not in _ADAPTERS:
        _ADAPTERS[form] = TypeAdapter(form)
    return _ADAPTERS[form]
