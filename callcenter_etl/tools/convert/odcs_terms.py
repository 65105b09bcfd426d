"""The versions and terms of ODCS for reader and writer."""

from __future__ import annotations

from typing import Any

EXTENSION = "callcenterEtl"
VERSIONS = {"3.0.2": "v3.0.2", "3.1.0": "v3.1.0", "3.2.0": "v3.2.0"}
KIND = "DataContract"
# ODCS does not define the words of `severity`.
WARNING_SEVERITIES = ("warning", "warn", "info", "low", "minor", "trivial")


def is_odcs(value: Any) -> bool:
    """Return whether a parsed document is an Open Data Contract Standard contract."""
    return isinstance(value, dict) and "apiVersion" in value and value.get("kind") == KIND
