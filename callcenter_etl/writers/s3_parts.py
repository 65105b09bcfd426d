"""Folders of part files under an S3 prefix: tasks upload in parts, the driver completes the uploads that it commits.

The committers of S3A work in the same way: no reader sees a multipart upload until it is completed, and any process
that knows its id and the ETags of its parts can complete it
(https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/committers.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store.s3_uploads import Bucket, Content, Upload
from callcenter_etl.writers.file_names import (
    IN_PARTS,
    MARKS,
    SUCCESS_NAME,
    UNFINISHED_NAME,
    holds_parts,
    is_part_name,
    part_name,
)
from callcenter_etl.writers.parallel_map import parallel_map
from callcenter_etl.writers.part_folder import PartMetadata, StagedParts, kept_files

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PartsPrefix:
    """Prefix for the parts of a run (empty, or ending in /), and the metadata of each object; picklable, for tasks."""

    bucket: str
    prefix: str
    options: StorageOptions
    labels: Mapping[str, str]

    def upload(
        self, part: int, files: Mapping[str, PartMetadata], paths: Mapping[str, Path]
    ) -> dict[str, dict[str, Any]]:
        """Upload the files of a part, and return by name what completes each upload.

        Raises OutputError, after the uploads were removed.
        """
        bucket, done = Bucket(self.bucket, self.options), dict[str, Upload]()
        try:
            for name, file in files.items():
                content = Content(paths[name], file["bytes"], file["sha256"])
                key = f"{self.prefix}{name}/{part_name(part)}"
                done[name] = bucket.prepare(key, content, self.labels_of(file))
        except BaseException:
            for upload in done.values():
                bucket.abandon(upload)
            raise
        return {
            name: {"key": upload.key, "id": upload.id, "parts": upload.parts} for name, upload in done.items()
        }

    def labels_of(self, file: PartMetadata) -> dict[str, str]:
        """Return the metadata of one object."""
        return {**self.labels, "sha256": file["sha256"]}

    def abandon(self, parts: Sequence[PartMetadata]) -> None:
        """Remove the uploads of these parts."""
        bucket = Bucket(self.bucket, self.options)
        parallel_map(_uploads(parts), lambda file: bucket.abandon(_upload_of(file)))


class RemoteParts:
    """The driver's access to the folders of parts under a prefix. Methods raise OutputError."""

    def __init__(self, bucket: Bucket, prefix: PartsPrefix) -> None:
        self.prefix = prefix
        self._bucket = bucket
        self._files: dict[str, list[tuple[int, PartMetadata]]] = {}
        self._open: dict[str, Upload] = {}

    def adopt(self, parts: Sequence[PartMetadata]) -> dict[str, StagedParts]:
        """Adopt the uploads of the tasks, for `commit`; `close` removes those that were not committed."""
        self._open = {upload.key: upload for upload in map(_upload_of, _uploads(parts))}
        self._files = {name: kept_files(name, parts) for name in IN_PARTS}
        return {name: StagedParts.of(files) for name, files in self._files.items()}

    def commit(self, name: str, step: Step) -> None:
        """Complete the uploads of a folder, which replaces an earlier one; `step` is called before each request."""
        # The marker of an unfinished folder first: after a crash the next run recognises the objects as parts, which it
        # may delete. `_SUCCESS` is absent from the first replaced part to the last one.
        home, files = self._home(name), self._files[name]
        self._bucket.put(f"{home}{UNFINISHED_NAME}", b"")
        self._bucket.delete(f"{home}{SUCCESS_NAME}")
        parallel_map(files, lambda file: self._complete(file[1], step))
        self._delete_parts(name, step, but={part_name(part) for part, _ in files})
        self._bucket.put(f"{home}{SUCCESS_NAME}", b"")
        self._bucket.delete(f"{home}{UNFINISHED_NAME}")

    def remove(self, name: str, step: Step) -> None:
        """Delete an earlier run's folder of parts. Objects under the prefix that no run wrote stay."""
        home = self._home(name)
        marks = [mark for mark in MARKS if self._bucket.head(f"{home}{mark}") is not None]
        if marks and holds_parts([*marks, *self._parts_in(home)]):
            self._delete_parts(name, step)
            for mark in marks:
                self._bucket.delete(f"{home}{mark}")

    def close(self) -> None:
        """Remove the uploads that were not committed."""
        parallel_map(self._open.values(), self._bucket.abandon)
        self._open.clear()

    def _home(self, name: str) -> str:
        return f"{self.prefix.prefix}{name}/"

    def _complete(self, file: PartMetadata, step: Step) -> None:
        upload = _upload_of(file)
        step(self._bucket.uri(upload.key))
        self._bucket.complete(upload, self.prefix.labels_of(file))
        del self._open[upload.key]

    def _delete_parts(self, name: str, step: Step, *, but: frozenset[str] | set[str] = frozenset()) -> None:
        home = self._home(name)

        def delete(key: str) -> None:
            step(self._bucket.uri(key))
            self._bucket.delete(key)

        parallel_map([f"{home}{file}" for file in self._parts_in(home) if file not in but], delete)

    def _parts_in(self, home: str) -> list[str]:
        found = (key.removeprefix(home) for key in self._bucket.keys(f"{home}part-"))
        return [file for file in found if is_part_name(file)]


def _uploads(parts: Sequence[PartMetadata]) -> list[PartMetadata]:
    files = [file for part in parts for file in part.get("files", {}).values()]
    return [file for file in files if file.get("upload") is not None]


def _upload_of(file: PartMetadata) -> Upload:
    """Return the upload that a task began, from its metadata."""
    upload = file["upload"]
    # The file is on the machine of the task; completing the upload needs its size and hash only.
    content = Content(Path(), file["bytes"], file["sha256"])
    return Upload(upload["key"], content, upload["id"], tuple(upload["parts"]))
