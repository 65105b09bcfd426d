"""The text of a summary's file, and of one of which only publishing told all."""

from __future__ import annotations

import json
from typing import Any


def summary_bytes(told: dict[str, Any]) -> bytes:
    """Return a summary's plain values as the text of its file."""
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def with_commit(summary: bytes, name: str, **known: Any) -> bytes:
    """Return a summary's text with what is known of one of its outputs since a table took it."""
    told = json.loads(summary)
    told["outputs"][name] |= known
    return summary_bytes(told)
