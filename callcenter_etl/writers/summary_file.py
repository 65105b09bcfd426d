"""Text of the summary file, also with values that are known only after a table commit."""

from __future__ import annotations

import json
from typing import Any


def summary_bytes(values: dict[str, Any]) -> bytes:
    """Return the text of a summary file, from its JSON values."""
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def with_commit(summary: bytes, name: str, **known: Any) -> bytes:
    """Return the text of a summary with further values of one of its outputs."""
    values = json.loads(summary)
    values["outputs"][name] |= known
    return summary_bytes(values)
