"""Return paths and URIs of sources and contracts in the form that CI systems expect."""

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
    """Return the folder for relative paths: the checkout of a GitHub job, else the working folder."""
    here = working_folder()
    workspace = environ.get(_WORKSPACE)
    # The variable counts only for a command that runs within the checkout.
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
    """Return the address of a file outside the root as a valid URI without credentials."""
    if uri == STANDARD_INPUT:
        return "stdin"
    if is_local(uri):
        return _whole(uri).as_uri()
    # In an S3 key ? and & belong to the name, in a web address they separate its query.
    return quote(shown(uri), safe="/:" if is_s3(uri) else "/:?&=%*")


def _whole(uri: str) -> Path:
    """Return the absolute path of a local file without resolving symbolic links."""
    return Path(os.path.normpath(working_folder() / local_path(uri)))


def quoted_path(path: str) -> str:
    """Return a relative path as a URI; undecodable bytes of a name are percent-encoded."""
    return quote(os.fsencode(path))
