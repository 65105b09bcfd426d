"""Says where sources and contracts lie, as programs that show files want to hear it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from callcenter_etl.store.uris import (
    STANDARD_INPUT,
    is_local,
    is_s3,
    local_path,
    shown,
    working_folder,
)

_WORKSPACE = "GITHUB_WORKSPACE"


def root_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder that paths are reported relative to: GitHub's checkout where this is one, else the current one."""
    here = working_folder()
    workspace = environ.get(_WORKSPACE)
    if workspace and here.is_relative_to(Path(workspace).resolve()):
        return Path(workspace).resolve()
    return here


def path_below(uri: str, root: Path) -> str | None:
    """Return the path of a local file relative to `root`; None for any other file, and for standard input."""
    if uri == STANDARD_INPUT or not is_local(uri):
        return None
    path = _whole(uri)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None


def address_of(uri: str) -> str:
    """Return the address of a file that does not lie below the root, as a valid URI without credentials."""
    if uri == STANDARD_INPUT:
        return "stdin"
    if is_local(uri):
        return _whole(uri).as_uri()
    return quote(shown(uri), safe="/:" if is_s3(uri) else "/:?&=%*")


def _whole(uri: str) -> Path:
    """Return the whole path of a local file; symbolic links stay as they are."""
    return Path(os.path.normpath(working_folder() / local_path(uri)))


def quoted_path(path: str) -> str:
    """Return a relative path as a URI; bytes of a name that are no text keep their values."""
    return quote(os.fsencode(path))
