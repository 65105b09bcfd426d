"""Renders summaries as JSON: one as an object, several as an array."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from callcenter_etl.run.summary import Summary


def render_json(summaries: Sequence[Summary], stream: TextIO) -> None:
    """Write the summaries and nothing else."""
    values = [summary.to_dict() for summary in summaries]
    write_json(values[0] if len(values) == 1 else values, stream)


def write_json(value: Any, stream: TextIO) -> None:
    """Write a value and nothing else."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:  # a stream in another encoding: the same JSON, spelled in ASCII
        text = json.dumps(value, indent=2)
    stream.write(text + "\n")
