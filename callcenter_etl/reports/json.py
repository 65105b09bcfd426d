"""Renders summaries as JSON: one as an object, several as an array."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TextIO

from callcenter_etl.summary import Summary


def render_json(summaries: Sequence[Summary], stream: TextIO) -> None:
    """Write the summaries and nothing else."""
    values = [summary.to_dict() for summary in summaries]
    value = values[0] if len(values) == 1 else values
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:  # a stream in another encoding: the same JSON, spelled in ASCII
        text = json.dumps(value, indent=2)
    stream.write(text + "\n")
