"""Write objects to S3 in two steps: upload all parts, which no reader sees, then complete the uploads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store import store_errors
from callcenter_etl.store.retry import retry_until_complete
from callcenter_etl.store.s3_session import client
from callcenter_etl.store.uris import shown

# boto3's transfer manager is not used: it completes each upload by itself, and publishing needs all files uploaded
# before the first of them becomes visible.
PART_BYTES = 8 * 2**20
MAX_PARTS = 10_000  # a limit of S3
MAX_PARALLEL_PARTS = 4
_MD5 = re.compile("[0-9a-f]{32}")
_CONTENT_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Content:
    """Content of a new object: a finished local file, its size in bytes and SHA-256."""

    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload with all its parts, not completed yet; `id` is None for an empty object, which has no parts."""

    key: str
    content: Content
    id: str | None
    parts: tuple[dict[str, Any], ...]


class DamagedError(Exception):
    """The store received other bytes than were sent."""


class Bucket:
    """Writes to one bucket. Methods raise OutputError with the object's address, the cause and the remedy."""

    def __init__(self, name: str, options: StorageOptions) -> None:
        self.name = name
        self._options = options
        with self.report_errors(""):
            self._client = client(options)

    def prepare(self, key: str, content: Content, labels: Mapping[str, str]) -> Upload:
        """Upload a file in parts that stay invisible until `complete`."""
        if not content.bytes:  # some stores refuse an empty part
            return Upload(key, content, None, ())
        with self.report_errors(key):
            begun = self._client.create_multipart_upload(**self._new(key, labels))
            upload = Upload(key, content, begun["UploadId"], ())
            try:
                return Upload(key, content, upload.id, self._parts(upload, encrypted=_is_kms(begun)))
            except BaseException:
                self.abandon(upload)
                raise

    def complete(self, upload: Upload, labels: Mapping[str, str]) -> None:
        """Complete an upload, which makes the object visible, and compare the object with what was sent."""
        with self.report_errors(upload.key):
            if upload.id is None:
                self._client.put_object(**self._new(upload.key, labels), Body=b"")
            else:
                self._complete_parts(upload)
            self._compare(upload, labels)

    def abandon(self, upload: Upload) -> None:
        """Remove the parts of an upload that was not completed, as far as the store allows it."""
        if upload.id is None:
            return
        try:
            self._client.abort_multipart_upload(**self._at(upload.key), UploadId=upload.id)
        except Exception:  # noqa: BLE001  the parts stay invisible; a lifecycle rule removes them
            return

    def check_writable(self, key: str) -> None:
        """Raise OutputError where an object of that key could not be written."""
        # An upload that is begun and aborted needs the same permissions as publishing, and leaves nothing behind.
        with self.report_errors(key):
            begun = self._client.create_multipart_upload(**self._new(key, {}))
        self.abandon(Upload(key, Content(Path(), 0, ""), begun["UploadId"], ()))

    def put_if_absent(self, key: str, body: bytes, labels: Mapping[str, str]) -> bool:
        """Put a small object where none exists; return whether it was put.

        False may also mean that an earlier try put it and its response was lost: the caller compares the content.
        """
        with self.report_errors(key):
            try:
                self._client.put_object(**self._new(key, labels), Body=body, IfNoneMatch="*")
            except self._client.exceptions.ClientError as error:
                # 409: another conditional put of that key is under way
                if store_errors.code_of(error) in (
                    store_errors.PRECONDITION,
                    "ConditionalRequestConflict",
                    "409",
                ):
                    return False
                raise
        return True

    def put(self, key: str, body: bytes) -> None:
        """Put a small object, replacing an earlier one."""
        with self.report_errors(key):
            self._client.put_object(**self._new(key, {}), Body=body)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that start with `prefix`, in the order of the store."""
        with self.report_errors(prefix, needs="s3:ListBucket"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            return [str(each["Key"]) for page in pages for each in page.get("Contents", [])]

    def read(self, key: str) -> Mapping[str, Any] | None:
        """Return the response to a GET of a small object with its content as `Body`, None where it does not exist."""
        with self.report_errors(key, needs="s3:GetObject"):
            try:
                return retry_until_complete(
                    lambda: self._read_once(key), name=self.uri(key), options=self._options
                )
            except self._client.exceptions.ClientError as error:
                if store_errors.code_of(error) in store_errors.MISSING_CODES:
                    return None
                raise

    def delete(self, key: str) -> None:
        """Delete an object where it exists."""
        # Runs into a new prefix work without the permission to delete.
        if self.head(key) is None:
            return
        with self.report_errors(key, needs="s3:DeleteObject"):
            self._client.delete_object(**self._at(key))

    def head(self, key: str) -> Mapping[str, Any] | None:
        """Return the response to a HEAD of an object, None where it does not exist."""
        with self.report_errors(key, needs="s3:GetObject"):
            try:
                return dict(self._client.head_object(**self._at(key)))
            except self._client.exceptions.ClientError as error:
                # A missing bucket is a 404 as well, and a mistake of the user that has to be reported.
                if store_errors.code_of(error) == "NoSuchBucket" or store_errors.status_of(error) != 404:
                    raise
                return None

    def uri(self, key: str) -> str:
        """Return the address of an object."""
        return f"s3://{self.name}/{key}"

    @contextmanager
    def report_errors(self, key: str, *, needs: str = "s3:PutObject") -> Iterator[None]:
        """Turn every error of a call into an OutputError; `needs` is the permission that the call requires."""
        try:
            yield
        except OutputError:
            raise
        except Exception as error:
            raise OutputError(
                f"{shown(self.uri(key))}: {store_errors.sentence(error, needs=needs)}"
            ) from error

    def _read_once(self, key: str) -> Mapping[str, Any]:
        answer = self._client.get_object(**self._at(key))
        return {**answer, "Body": answer["Body"].read()}

    def _parts(self, upload: Upload, *, encrypted: bool) -> tuple[dict[str, Any], ...]:
        size = max(PART_BYTES, -(-upload.content.bytes // MAX_PARTS))
        offsets = range(0, upload.content.bytes, size)
        with ThreadPoolExecutor(MAX_PARALLEL_PARTS, thread_name_prefix="upload") as threads:
            futures = [
                threads.submit(self._part, upload, number, offset, size, encrypted=encrypted)
                for number, offset in enumerate(offsets, start=1)
            ]
            try:
                return tuple(future.result() for future in futures)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    @retry(
        retry=retry_if_exception_type(DamagedError),
        stop=stop_after_attempt(5),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    )
    def _part(
        self, upload: Upload, number: int, offset: int, size: int, *, encrypted: bool
    ) -> dict[str, Any]:
        # Its error is one of this machine's disk: else the message would name the object.
        with translate_os_errors(upload.content.path), upload.content.path.open("rb") as file:
            file.seek(offset)
            body = file.read(size)
        try:
            answer = self._client.upload_part(
                **self._at(upload.key), UploadId=upload.id, PartNumber=number, Body=body
            )
        except self._client.exceptions.ClientError as error:
            if store_errors.code_of(error) in ("XAmzContentSHA256Mismatch", "BadDigest"):
                raise DamagedError(f"part {number} was damaged on the way") from error
            raise
        etag = _bare(answer["ETag"])
        is_md5 = _MD5.fullmatch(etag) and not (encrypted or _is_kms(answer))
        if is_md5 and etag != hashlib.md5(body, usedforsecurity=False).hexdigest():
            raise DamagedError(f"part {number} was damaged on the way: the store has another MD5")
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _complete_parts(self, upload: Upload) -> None:
        try:
            self._client.complete_multipart_upload(
                **self._at(upload.key), UploadId=upload.id, MultipartUpload={"Parts": list(upload.parts)}
            )
        except self._client.exceptions.ClientError as error:
            # The response to an earlier try may have been lost: `_compare` decides by the object that exists.
            if store_errors.code_of(error) not in (store_errors.NO_UPLOAD, *store_errors.MISSING_CODES):
                raise

    def _compare(self, upload: Upload, labels: Mapping[str, str]) -> None:
        there = self._client.head_object(**self._at(upload.key))
        same = (
            int(there["ContentLength"]) == upload.content.bytes
            and there["Metadata"] == dict(labels)
            and (_is_kms(there) or _etag_of(upload) in (None, _bare(there["ETag"])))
        )
        if not same:
            raise OutputError(
                f"{shown(self.uri(upload.key))}: is not what was uploaded (another program wrote it?)"
            )

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.name, "Key": key}

    def _new(self, key: str, labels: Mapping[str, str]) -> dict[str, Any]:
        options = self._options
        wanted = {
            "ServerSideEncryption": options.sse,
            "SSEKMSKeyId": options.kms_key_id,
            "ACL": options.acl,
            "ContentType": _CONTENT_TYPES.get(Path(key).suffix),
        }
        extra = {name: value for name, value in wanted.items() if value is not None}
        return {**self._at(key), **extra, "Metadata": dict(labels)}


def _etag_of(upload: Upload) -> str | None:
    """Return the ETag that an object must have, None where the store's ETags are not MD5s.

    By S3's convention it is the MD5 of the binary MD5s of the parts, a hyphen and the number of parts.
    """
    etags = [_bare(part["ETag"]) for part in upload.parts]
    if not all(_MD5.fullmatch(etag) for etag in etags):
        return None
    md5 = hashlib.md5(bytes.fromhex("".join(etags)), usedforsecurity=False).hexdigest()
    return md5 if upload.id is None else f"{md5}-{len(upload.parts)}"


def _bare(etag: Any) -> str:
    """Return an ETag without quotes: some stores send them, others do not."""
    return str(etag).strip('"')


def _is_kms(answer: Mapping[str, Any]) -> bool:
    # With KMS the ETag is no digest of the content, so nothing can be compared with it.
    return str(answer.get("ServerSideEncryption", "")).startswith("aws:kms")
