"""Read S3 objects as sources: identify, list, and open a stream pinned to one version."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.s3_reads import Store
from callcenter_etl.store.s3_stream import RangeStream
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.uris import bucket_and_key, scheme_of, shown


def identify(uri: str, options: StorageOptions) -> FileVersion:
    """Return size, ETag and, where the ETag is an MD5, the MD5 of an object. Raises SourceError."""
    bucket, key = bucket_and_key(uri)
    if not key or key.endswith("/"):
        raise SourceError(
            f"{shown(uri)}: is a prefix, not an object (name an object, or a glob such as {shown(uri)}*.csv)"
        )
    store = Store(uri, options)
    return identity_of(store.ask(lambda: store.head(bucket, key), uri=uri, needs="s3:GetObject"))


def identity_of(answer: dict[str, Any]) -> FileVersion:
    """Return the version of an object from the store's response to HEAD or GET."""
    # The ETag is the MD5 of the content unless the object came in parts or is encrypted with a key of its own.
    etag = str(answer["ETag"]).strip('"')
    plain = not str(answer.get("ServerSideEncryption", "")).startswith("aws:kms")
    is_md5 = plain and not answer.get("SSECustomerAlgorithm") and re.fullmatch("[0-9a-f]{32}", etag)
    return FileVersion(size=int(answer["ContentLength"]), version=etag, md5=etag if is_md5 else None)


@contextmanager
def open_stream(uri: str, identity: FileVersion, options: StorageOptions) -> Iterator[IO[bytes]]:
    """Open one version of an object as a stream that prefetches ranges. Raises SourceError."""
    stream = RangeStream(uri, identity, Store(uri, options))
    try:
        yield cast("IO[bytes]", stream)
    finally:
        stream.close()


@contextmanager
def open_range(
    uri: str, identity: FileVersion, start: int, stop: int, options: StorageOptions
) -> Iterator[IO[bytes]]:
    """Open the bytes from `start` to `stop` (exclusive) of one version of an object. Raises SourceError."""
    stream = RangeStream(uri, identity, Store(uri, options), start=start, stop=stop)
    try:
        yield cast("IO[bytes]", stream)
    finally:
        stream.close()


def expand(uri: str, options: StorageOptions) -> tuple[str, ...]:
    """Return the objects that match a glob, or all under a prefix that ends in /; sorted.

    Folder markers (keys that end in /) are left out. A glob that is itself the key of an object means that object.
    Raises MissingError where no object matches, SourceError where the bucket cannot be listed.
    """
    bucket, pattern = bucket_and_key(uri)
    if glob.has_magic(bucket):
        raise SourceError(f"{shown(uri)}: the name of a bucket cannot be a glob")
    if pattern and not pattern.endswith("/") and not glob.has_magic(pattern):
        return (uri,)
    store = Store(uri, options)
    # S3 lists by a literal prefix alone: the part before the first wildcard narrows what has to be listed.
    literal = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    sizes = store.ask(lambda: store.sizes(bucket, literal), uri=uri, needs="s3:ListBucket")
    matches = _matcher(pattern)
    names = [name for name in sizes if not name.endswith("/")]
    found = [pattern] if pattern in names else [name for name in names if matches(name)]
    if not found:
        raise MissingError(f"{shown(uri)}: no object matches")
    return tuple(f"{scheme_of(uri)}://{bucket}/{name}" for name in sorted(found))


def sizes_in(prefix: str, options: StorageOptions) -> dict[str, int]:
    """Return the size in bytes of each object directly below a prefix, by name; empty where there are none."""
    bucket, key = bucket_and_key(f"{prefix.rstrip('/')}/")
    store = Store(prefix, options)
    found = store.ask(lambda: store.sizes(bucket, key), uri=prefix, needs="s3:ListBucket")
    below = {name.removeprefix(key): size for name, size in found.items()}
    return {name: size for name, size in below.items() if name and "/" not in name}


def _matcher(pattern: str) -> Callable[[str], object]:
    from fsspec.utils import glob_translate

    everything_below = "**/*" if not pattern or pattern.endswith("/") else ""
    return re.compile(glob_translate(pattern + everything_below)).match
