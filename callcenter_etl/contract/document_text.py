"""Parses YAML 1.2 or JSON text to plain values that keep their source text and position."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callcenter_etl.contract.escape_warnings import EscapeWarnings, dotted
from callcenter_etl.contract.positions import Path, Place, Positions
from callcenter_etl.contract.scalar import Scalar
from callcenter_etl.contract.yaml_events import (
    MAX_SLOW_BYTES,
    YamlSyntaxError,
    exact_events,
    fast_events,
)
from callcenter_etl.contract.yaml_reader import DocumentReader, TooManyValuesError
from callcenter_etl.diagnostic import Diagnostic, contract_diagnostic
from callcenter_etl.errors import ContractError

MAX_BYTES = 64 * 2**20
MAX_VALUES = 2_000_000

_NOT_PRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
__all__ = ["MAX_BYTES", "Document", "Path", "Place", "Scalar", "dotted", "parse_document"]


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: mappings, lists and scalars, and the position of each key and list entry (1-based).

    If the value was converted from another format, `origins` maps its paths to the paths in the original document. If
    it was read from several files, `files` maps each top-level key to its file. `warnings` are about text with
    another meaning in YAML than it seems to have.
    """

    value: dict[str, Any]
    positions: Positions = field(default_factory=Positions)
    origins: Mapping[Path, Path] | None = None
    files: Mapping[str | int, str] | None = None
    warnings: tuple[Diagnostic, ...] = ()

    def there(self, path: Path) -> Path:
        """Return the path in the original document of a path in the value, or of its nearest enclosing part."""
        if self.origins is None:
            return path
        around = (path[:length] for length in range(len(path), -1, -1))
        return next((self.origins[part] for part in around if part in self.origins), ())


def parse_document(text: bytes, origin: str) -> Document:
    """Parse the text of a contract in UTF-8. Raises ContractError with every fault and its position."""
    decoded = _decode(text, origin)
    reader = _read_text(decoded, len(text), origin)
    value = reader.value
    if not isinstance(value, dict) and not reader.faults:
        kind = "empty" if value is None else f"a {'list' if isinstance(value, list) else 'single value'}"
        message = f"the document is {kind}, a mapping with the key 'contract' expected"
        reader.faults.append(contract_diagnostic(message, file=origin, line=1, column=1))
    if reader.faults or not isinstance(value, dict):
        raise ContractError(tuple(reader.faults), tuple(reader.warnings.found))
    return Document(value=value, positions=reader.positions, warnings=tuple(reader.warnings.found))


def _decode(text: bytes, origin: str) -> str:
    if len(text) > MAX_BYTES:
        message = f"the contract has more than {MAX_BYTES:,} bytes, which no contract needs"
        raise ContractError((contract_diagnostic(message, file=origin),))
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _line_and_column(text[: error.start].decode("utf-8-sig"))
        message = f"byte 0x{text[error.start]:02X} is not UTF-8"
        raise ContractError((contract_diagnostic(message, file=origin, line=line, column=column),)) from error
    # libyaml and ruamel.yaml report these characters differently, and JSON text would pass with them.
    control = _NOT_PRINTABLE.search(decoded)
    if control is not None:
        line, column = _line_and_column(decoded[: control.start()])
        message = f"not YAML: the control character {control[0]!r} must be written as an escape"
        raise ContractError((contract_diagnostic(message, file=origin, line=line, column=column),))
    return decoded


def _read_text(text: str, size: int, origin: str) -> DocumentReader:
    """Parse with libyaml; if it rejects the text, ruamel.yaml decides, for texts up to its size limit."""
    fast = fast_events(text, MAX_VALUES)
    refused: YamlSyntaxError | None = None
    if fast is not None:
        try:
            return DocumentReader(
                origin, fast, EscapeWarnings(origin, text), max_characters=MAX_BYTES
            ).read_document()
        except YamlSyntaxError as error:
            refused = error
    # libyaml implements YAML 1.1 and refuses some texts of 1.2, so its refusal alone is not a verdict.
    if size > MAX_SLOW_BYTES:
        raise ContractError((_too_long_for_exact(refused, size, origin),))
    try:
        return DocumentReader(
            origin, exact_events(text), EscapeWarnings(origin, text), max_characters=MAX_BYTES
        ).read_document()
    except YamlSyntaxError as error:
        raise ContractError((_located(error, origin),)) from error
    except TooManyValuesError:
        # The slow parser gave up on the number of values: the fast parser's syntax error is then the better message.
        if refused is None:
            raise
        raise ContractError((_located(refused, origin),)) from None


def _located(fault: YamlSyntaxError, origin: str) -> Diagnostic:
    if fault.line is None or fault.column is None:
        return contract_diagnostic(f"not YAML: {fault.message}", file=origin)
    return contract_diagnostic(
        f"not YAML: {fault.message}", file=origin, line=fault.line + 1, column=fault.column + 1
    )


def _too_long_for_exact(refused: YamlSyntaxError | None, size: int, origin: str) -> Diagnostic:
    if refused is not None:
        return _located(refused, origin)
    message = (
        f"the contract has {size:,} bytes; more than {MAX_SLOW_BYTES:,} are read only with PyYAML's C extension, "
        "and without the characters U+0085, U+2028 and U+2029 (write these as escapes)"
    )
    return contract_diagnostic(message, file=origin)


def _line_and_column(before: str) -> Place:
    """Return the 1-based line and column that follow the text `before`."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")
