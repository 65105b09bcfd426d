"""Finds the folder of real files and corpora that lies beside the repository and is not part of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def shared(*parts: str) -> Path:
    """Give a path in the shared folder, which need not exist."""
    root = os.environ.get("CALLCENTER_ETL_SHARED")
    folder = Path(root) if root else REPOSITORY.parent / "shared"
    return folder.joinpath(*parts)


def shared_or_skip(*parts: str) -> Path:
    """Give a path in the shared folder; skips the test where it does not exist."""
    path = shared(*parts)
    if not path.exists():
        pytest.skip(f"{path} is absent (not part of the repository; say CALLCENTER_ETL_SHARED=folder)")
    return path
