"""Parse addresses: scheme, bucket, key, name, relative paths, and a form without secrets."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from callcenter_etl.contract.paths import holds_nul
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.errors import UsageError

STANDARD_INPUT = "-"
S3_SCHEMES = ("s3", "s3a")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_WITH_QUERY = ("http", "https")
_USER = re.compile(r"(\w[\w+.-]*://)[^/?#@\s\"']*@")
_HALVES = re.compile("[\ud800-\udfff]")
_QUERY = re.compile(r"(https?://[^?\s\"']*)\?[^\s\"']*", re.IGNORECASE)


def scheme_of(uri: str) -> str | None:
    """Return the scheme of an address in lower case, None for a plain path."""
    match = _SCHEME.match(uri)
    return None if match is None else match[1].lower()


def is_local(uri: str) -> bool:
    """Return whether an address is a path of this machine."""
    return scheme_of(uri) in (None, "file")


def is_s3(uri: str) -> bool:
    """Return whether an address is an S3 object or prefix."""
    return scheme_of(uri) in S3_SCHEMES


def local_path(uri: str) -> str:
    """Return the path of a local address, `file://` or plain. Raises UsageError for a NUL character."""
    check_path(uri)
    return uri if scheme_of(uri) is None else unquote(urlsplit(uri).path, errors="surrogateescape")


def check_path(*uris: str | os.PathLike[str] | None) -> None:
    """Raise UsageError for a path or address with a NUL character."""
    # The operating system's functions raise a ValueError for it, which names neither the path nor the option.
    for uri in uris:
        if uri is not None and holds_nul(os.fspath(uri)):
            raise UsageError(f"a path holds no NUL character, got {quoted(os.fspath(uri))}")


def absolute(uri: str) -> str:
    """Return an address that does not depend on the working folder."""
    return str(Path(local_path(uri)).absolute()) if is_local(uri) else uri


def has_query(uri: str) -> bool:
    """Return whether a web address has a query, which `shown` leaves out."""
    return scheme_of(uri) in _WITH_QUERY and "?" in uri


def same_place(one: str, other: str) -> bool:
    """Return whether two addresses are spellings of the same place."""
    return one_spelling(one) == one_spelling(other)


def one_spelling(uri: str) -> str:
    """Return the canonical spelling of an address."""
    if is_local(uri):
        return real_path(local_path(uri))
    start, _, rest = uri.partition("://")
    return f"{'s3' if is_s3(uri) else start}://{rest.rstrip('/')}"


def real_path(path: str) -> str:
    """Return a path without symbolic links, absolute unless the working folder was removed."""
    try:
        return os.path.realpath(path)
    except FileNotFoundError:
        return os.path.normpath(path)


def working_folder() -> Path:
    """Return the working folder, `/` where it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return the bucket and the key of an S3 address; the key may be empty."""
    bucket, _, key = uri.split("://", 1)[1].partition("/")
    return bucket, key


def base_name(uri: str) -> str:
    """Return the last part of a path or address, without the query of a web address."""
    if scheme_of(uri) is None:
        return os.path.basename(uri)
    if scheme_of(uri) in _WITH_QUERY:
        return unquote(posixpath.basename(urlsplit(uri).path.rstrip("/")))
    return uri.rstrip("/").replace("\\", "/").rsplit("/", 1)[-1]


def resolve_relative(origin: str | None, name: str) -> str:
    """Return the address of `name`, a relative path being relative to the folder of the file `origin`.

    `..` is resolved in addresses too, and never leaves the bucket or host.
    """
    if origin is None or scheme_of(name) is not None or os.path.isabs(name):
        return name
    if scheme_of(origin) is None:
        return os.path.join(os.path.dirname(origin), name)
    start, _, rest = origin.partition("://")
    host, _, path = rest.partition("/")
    if start.lower() in _WITH_QUERY:
        path = path.partition("?")[0]
    return f"{start}://{host}{posixpath.normpath(posixpath.join('/', posixpath.dirname(path), name))}"


def beside(uri: str, name: str) -> str:
    """Return the address of a file of this name in the folder of another file; a query of a web address is left out."""
    if scheme_of(uri) in _WITH_QUERY:
        uri, name = uri.partition("?")[0], quote(name)
    folder, slash, _ = uri.rpartition("/")
    return f"{folder}{slash}{name}"


def within(folder: str, name: str) -> str:
    """Return the address of `name` in a folder or prefix."""
    return f"{folder.rstrip('/')}/{name}"


def shown(text: str) -> str:
    r"""Return an address, or a message that holds addresses, without users, passwords and signed queries.

    Bytes of a file name that are not UTF-8 become `\xNN`.
    """
    return _QUERY.sub(r"\1?...", _USER.sub(r"\1***@", encodable(text)))


def encodable(text: str) -> str:
    r"""Return text with `\xNN` for each lone surrogate, by which Python represents a byte of a file name that is not UTF-8.

    JSON and SQLite refuse lone surrogates.
    """
    if text.isascii() or _HALVES.search(text) is None:
        return text
    return _HALVES.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", text)
