"""Small objects below one S3 prefix: put, get and list, as the ledger of runs needs them."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store.s3_uploads import Bucket
from callcenter_etl.store.uris import bucket_and_key


class Prefix:
    """The objects below an `s3://` prefix. Methods raise OutputError with the object's address and the cause."""

    def __init__(self, uri: str, options: StorageOptions) -> None:
        name, key = bucket_and_key(uri)
        self._bucket = Bucket(name, options)
        self._start = f"{key.rstrip('/')}/" if key.strip("/") else ""

    def put(self, key: str, data: bytes) -> None:
        """Write an object, replacing an earlier one."""
        self._bucket.put(self._start + key, data)

    def get(self, key: str) -> bytes | None:
        """Return the content of an object, None where it does not exist."""
        answer = self._bucket.read(self._start + key)
        return None if answer is None else bytes(answer["Body"])

    def list(self, prefix: str) -> Iterable[str]:
        """Return the keys below `prefix`, relative to this prefix, in any order."""
        return [key.removeprefix(self._start) for key in self._bucket.keys(self._start + prefix)]
