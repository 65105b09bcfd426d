"""Renders summaries and the faults of contracts as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from callcenter_etl.diagnostic import Diagnostic

if TYPE_CHECKING:  # it imports pyarrow, for which a list of runs need not wait
    from callcenter_etl.diagnostics.findings import Report


def render_json(report: Report, stream: TextIO) -> None:
    """Write the summary of one source as an object, those of several as an array."""
    values = [source.summary.to_dict() for source in report.sources]
    write_json(values[0] if len(values) == 1 else values, stream)


def render_contracts_json(files: Sequence[str], faults: Sequence[Diagnostic], stream: TextIO) -> None:
    """Write the faults and warnings of contracts as one object, in ASCII."""
    found: dict[str, list[dict[str, object]]] = {"error": [], "warn": []}
    for fault in faults:
        place = fault.location
        found[fault.severity].append(
            {
                "message": fault.message,
                "path": fault.path,
                "file": place.file,
                "line": place.line,
                "column": place.column,
            }
        )
    # ASCII: the name of a file may hold lone surrogates, which UTF-8 cannot hold.
    json.dump({"files": files, "faults": found["error"], "warnings": found["warn"]}, stream, indent=2)
    stream.write("\n")


def write_json(value: Any, stream: TextIO) -> None:
    """Write a value as JSON."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:  # a stream in another encoding: the same JSON, spelled in ASCII
        text = json.dumps(value, indent=2)
    stream.write(text + "\n")
