"""Collects the warnings about escapes in double quotes while a document is read."""

from __future__ import annotations

from typing import Any

from callcenter_etl.contract.escapes import advice, suspicious_escape
from callcenter_etl.contract.positions import Path
from callcenter_etl.contract.quoting import shortened
from callcenter_etl.diagnostic import Diagnostic, contract_diagnostic

MAX_WARNINGS = 100


class EscapeWarnings:
    """The warnings of one text, at most one for each position: an alias repeats the scalar of its anchor."""

    def __init__(self, origin: str, text: str) -> None:
        self.found: list[Diagnostic] = []
        self._origin = origin
        self._text = text
        self._is_json = text.lstrip().startswith("{")
        self._warned: set[tuple[int, str]] = set()

    def check(self, event: Any, path: Path) -> None:
        """Add a warning if a scalar event in double quotes has a suspicious escape."""
        if event.style != '"' or len(self.found) > MAX_WARNINGS:
            return
        # The marks' offsets count characters, so that the text between the quotes is a slice.
        raw = self._text[event.start_mark.index + 1 : event.end_mark.index - 1]
        if "\\" not in raw:
            return
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        suspicious = suspicious_escape(raw, key)
        if suspicious is None or (event.start_mark.index, key) in self._warned:
            return
        self._warned.add((event.start_mark.index, key))
        self.found.append(self._warning(event, path, raw, *suspicious))

    def _warning(self, event: Any, path: Path, raw: str, offset: int, meaning: str) -> Diagnostic:
        if len(self.found) == MAX_WARNINGS:
            message = f"and more: only {MAX_WARNINGS:,} warnings are shown"
            return contract_diagnostic(message, file=self._origin, severity="warn")
        # A scalar in double quotes may run over lines; the column then counts from the last line break.
        breaks = raw.count("\n", 0, offset)
        line, start = event.start_mark.line + 1 + breaks, event.start_mark.column + 1
        column = start + 1 + offset if not breaks else offset - raw.rfind("\n", 0, offset)
        message = advice(raw[offset : offset + 2], meaning, json=self._is_json)
        return contract_diagnostic(
            message, path=dotted(path), file=self._origin, line=line, column=column, severity="warn"
        )


def dotted(path: Path) -> str:
    """Return a path as messages show it: `columns[3].type`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{shortened(part)}" for part in path)
    return "".join(parts).removeprefix(".")
