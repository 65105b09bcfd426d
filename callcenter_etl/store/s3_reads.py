"""The few calls that reading from S3 takes, each on s3fs's own loop and each in patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError
from callcenter_etl.store import store_errors
from callcenter_etl.store.retry import patiently
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
        """Wait for a call, tried again in patience. Raises SourceError, MissingError for what is not there."""

        async def in_patience() -> _T:
            return await patiently(call, name=uri, options=self.options)

        try:
            return self.start(in_patience).result()
        except Exception as error:
            missing = store_errors.code_of(error) in store_errors.MISSING_CODES
            kind = store_errors.MissingError if missing else SourceError
            raise kind(f"{shown(uri)}: {store_errors.sentence(error, needs=needs)}") from error

    async def head(self, bucket: str, key: str) -> dict[str, Any]:
        """Return what the store says of an object.

        An answer to HEAD has no body, so it cannot say why it refuses: a GET, refused too, can.
        """
        try:
            return dict(await self._filesystem._call_s3("head_object", Bucket=bucket, Key=key))  # noqa: SLF001
        except Exception as error:
            if store_errors.is_transient(error) or store_errors.status_of(error) is None:
                raise
            answer = await self._filesystem._call_s3("get_object", Bucket=bucket, Key=key)  # noqa: SLF001
            answer.pop("Body").close()
            return dict(answer)

    async def sizes(self, bucket: str, prefix: str) -> dict[str, int]:
        """Return the keys of all objects under a prefix, with their bytes."""
        found: dict[str, int] = {}
        token: dict[str, str] = {}
        while True:

            async def page(token: dict[str, str] = token) -> Any:
                return await self._filesystem._call_s3(  # noqa: SLF001  the async names of fsspec have one underscore
                    "list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=PAGE_KEYS, **token
                )

            answer = await patiently(page, name=f"s3://{bucket}/{prefix}", options=self.options)
            found |= {str(each["Key"]): int(each["Size"]) for each in answer.get("Contents", [])}
            if not answer.get("IsTruncated"):
                return found
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    async def read_range(
        self, bucket: str, key: str, *, start: int, stop: int, etag: str, into: bytearray
    ) -> None:
        """Read the bytes from `start` to `stop` of one version of an object; what has arrived is in `into`.

        Raises what botocore raises, ConnectionError where the body ends early, ChangedError for another version.
        """
        answer = await self._filesystem._call_s3(  # noqa: SLF001  as above
            "get_object", Bucket=bucket, Key=key, Range=f"bytes={start}-{stop - 1}", IfMatch=f'"{etag}"'
        )
        async with answer["Body"] as body:
            if str(answer.get("ETag", "")).strip('"') != etag:  # a store that does not know If-Match
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
    """An object is no longer the version that was pinned."""
