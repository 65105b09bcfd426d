"""Read requests to S3, made on the event loop of s3fs and retried."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError
from callcenter_etl.store import store_errors
from callcenter_etl.store.retry import call_with_retries
from callcenter_etl.store.s3_session import filesystem
from callcenter_etl.store.uris import shown

PIECE_BYTES = 2**18
PAGE_KEYS = 1000

_T = TypeVar("_T")


class Store:
    """An S3 store as one set of options reaches it."""

    def __init__(self, uri: str, options: StorageOptions) -> None:
        self.options = options
        try:
            self._filesystem = filesystem(options)
        except Exception as error:
            raise SourceError(
                f"{shown(uri)}: {store_errors.sentence(error, needs='s3:GetObject')}"
            ) from error

    def start(self, call: Callable[[], Awaitable[_T]]) -> Future[_T]:
        """Start a call on the loop of the filesystem; the future can be cancelled."""

        async def run() -> _T:
            return await call()

        return asyncio.run_coroutine_threadsafe(run(), self._filesystem.loop)

    def ask(self, call: Callable[[], Awaitable[_T]], *, uri: str, needs: str) -> _T:
        """Return the result of a call, which is retried. Raises MissingError for a missing object, else SourceError."""

        async def with_retries() -> _T:
            return await call_with_retries(call, name=uri, options=self.options)

        try:
            return self.start(with_retries).result()
        except Exception as error:
            missing = store_errors.code_of(error) in store_errors.MISSING_CODES
            kind = store_errors.MissingError if missing else SourceError
            raise kind(f"{shown(uri)}: {store_errors.sentence(error, needs=needs)}") from error

    async def head(self, bucket: str, key: str) -> dict[str, Any]:
        """Return the response to a HEAD of an object. Raises what botocore raises."""
        try:
            return dict(await self._filesystem._call_s3("head_object", Bucket=bucket, Key=key))  # noqa: SLF001
        except Exception as error:
            if store_errors.is_transient(error) or store_errors.status_of(error) is None:
                raise
            # A refused HEAD has no body, and so no error code: the same GET is refused with one.
            answer = await self._filesystem._call_s3("get_object", Bucket=bucket, Key=key)  # noqa: SLF001
            answer.pop("Body").close()
            return dict(answer)

    async def sizes(self, bucket: str, prefix: str) -> dict[str, int]:
        """Return the size in bytes of each object under a prefix, by key. Raises what botocore raises."""
        found: dict[str, int] = {}
        token: dict[str, str] = {}
        while True:

            async def page(token: dict[str, str] = token) -> Any:
                return await self._filesystem._call_s3(  # noqa: SLF001  the async names of fsspec have one underscore
                    "list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=PAGE_KEYS, **token
                )

            # Each page has a retry budget of its own, so that a prefix of a million keys is listed in spite of faults.
            answer = await call_with_retries(page, name=f"s3://{bucket}/{prefix}", options=self.options)
            found |= {str(each["Key"]): int(each["Size"]) for each in answer.get("Contents", [])}
            if not answer.get("IsTruncated"):
                return found
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    async def read_range(
        self, bucket: str, key: str, *, start: int, stop: int, etag: str, into: bytearray
    ) -> None:
        """Append the bytes from `start` to `stop` (exclusive) of one version of an object to `into`.

        After an error, `into` holds the bytes that arrived before it, so that the caller can continue there. Raises
        what botocore raises, ConnectionError where the body ends early, ChangedError for another version.
        """
        answer = await self._filesystem._call_s3(  # noqa: SLF001  as above
            "get_object", Bucket=bucket, Key=key, Range=f"bytes={start}-{stop - 1}", IfMatch=f'"{etag}"'
        )
        async with answer["Body"] as body:
            # Some stores ignore If-Match, and some ignore Range: neither may pass as the bytes that were asked for.
            if str(answer.get("ETag", "")).strip('"') != etag:
                raise ChangedError
            if not str(answer.get("ContentRange", "")).startswith(f"bytes {start}-"):
                raise OSError("the store does not answer a request for a range with that range")
            wanted = stop - start
            while wanted:
                piece = await body.read(min(wanted, PIECE_BYTES))
                if not piece:
                    raise ConnectionError("the answer ended early")
                into += piece
                wanted -= len(piece)


class ChangedError(Exception):
    """An object was replaced by another version than the pinned one."""
