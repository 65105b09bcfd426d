"""Read one version of an S3 object as a stream, with the next ranges prefetched."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future
from functools import partial

from callcenter_etl.errors import SourceError
from callcenter_etl.store import store_errors
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.retry import call_with_retries
from callcenter_etl.store.s3_reads import ChangedError, Store
from callcenter_etl.store.uris import bucket_and_key, shown

RANGE_BYTES = 8 * 2**20
RANGES_AHEAD = 2


class RangeStream:
    """A stream of an object, or of its bytes from `start` to `stop` (exclusive).

    It holds RANGES_AHEAD + 2 ranges of RANGE_BYTES at most, whatever the size of the object.
    """

    def __init__(
        self, uri: str, identity: FileVersion, store: Store, *, start: int = 0, stop: int | None = None
    ) -> None:
        self.uri = shown(uri)
        self._bucket, self._key = bucket_and_key(uri)
        self._store = store
        self._identity = identity
        self._size = identity.size or 0
        self._stop = self._size if stop is None else stop
        self._etag = identity.version or ""
        self._planned = start
        self._ahead: deque[Future[bytes]] = deque()
        self._held = memoryview(b"")
        # The store's MD5 is of the whole object, so a range cannot be checked against it.
        whole = (start, self._stop) == (0, self._size)
        self._md5 = None if identity.md5 is None or not whole else hashlib.md5(usedforsecurity=False)

    def read(self, size: int) -> bytes:
        """Return up to `size` of the next bytes, an empty value at the end.

        Raises SourceError where the object was replaced, cannot be read within the retry budget, or does not have the
        MD5 that the store reported.
        """
        if not self._held:
            self._held = memoryview(self._next_range())
        piece, self._held = self._held[:size], self._held[size:]
        return bytes(piece)

    def close(self) -> None:
        """Cancel the prefetched ranges."""
        for future in self._ahead:
            future.cancel()
        self._ahead.clear()

    def _next_range(self) -> bytes:
        self._plan(RANGES_AHEAD + 1)
        if not self._ahead:
            self._check_md5()
            return b""
        data = self._ahead.popleft().result()
        self._plan(RANGES_AHEAD)
        if self._md5 is not None:
            self._md5.update(data)
        return data

    def _plan(self, most: int) -> None:
        while self._planned < self._stop and len(self._ahead) < most:
            start, stop = self._planned, min(self._planned + RANGE_BYTES, self._stop)
            self._ahead.append(self._store.start(partial(self._fetch, start, stop)))
            self._planned = stop

    async def _fetch(self, start: int, stop: int) -> bytes:
        """Return the bytes of a range. After a failure reading continues at the byte reached."""
        got = bytearray()
        # Each pass of the loop has a new retry budget, and begins only when bytes arrived in the pass before: a slow,
        # faulty connection may take as long as it needs, a dead one ends after one budget.
        while len(got) < stop - start:
            reached = len(got)

            async def more(reached: int = reached) -> None:
                try:
                    await self._store.read_range(
                        *(self._bucket, self._key),
                        start=start + len(got),
                        stop=stop,
                        etag=self._etag,
                        into=got,
                    )
                except Exception as error:
                    # A transient failure after progress ends this pass without an error.
                    if len(got) == reached or not store_errors.is_transient(error):
                        raise

            try:
                await call_with_retries(more, name=self.uri, options=self._store.options)
            except Exception as error:
                raise SourceError(await self._sentence(error, start + len(got))) from error
        return bytes(got)

    async def _sentence(self, error: Exception, offset: int) -> str:
        """Return why reading ended."""
        code = store_errors.code_of(error)
        if code in store_errors.MISSING_CODES and code != "NoSuchBucket":
            return f"{self.uri}: was deleted while it was read (run again when the sender has finished)"
        changed = isinstance(error, ChangedError) or code in (
            store_errors.PRECONDITION,
            store_errors.NO_RANGE,
        )
        # Stores report a replaced object in many ways, so after any other error its ETag is compared as well.
        if changed or (
            not isinstance(error, store_errors.RetriesExhaustedError) and await self._is_another_version()
        ):
            return f"{self.uri}: was replaced while it was read (run again when the sender has finished)"
        return f"{self.uri}: {store_errors.sentence(error, needs='s3:GetObject')} (at byte {offset:,} of {self._size:,})"

    async def _is_another_version(self) -> bool:
        try:
            answer = await self._store.head(self._bucket, self._key)
        except Exception:  # noqa: BLE001  the error of the read is reported, not that of this comparison
            return False
        return str(answer.get("ETag", "")).strip('"') != self._etag

    def _check_md5(self) -> None:
        if self._md5 is None or self._identity.md5 == self._md5.hexdigest():
            return
        raise SourceError(
            f"{self.uri}: the bytes that arrived do not have the MD5 that the store gives, {self._identity.md5}"
            " (they were damaged on the way: run again)"
        )
