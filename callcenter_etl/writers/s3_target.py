"""Typed target under an S3 prefix: one object, or a folder of objects with a manifest that lists the valid ones.

Objects of a folder are named by their content, so that none is ever overwritten: readers of the manifest see the whole
earlier target until the new manifest is put, in one request, and the whole new target after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from callcenter_etl.documents import DocumentError
from callcenter_etl.errors import OutputError
from callcenter_etl.store.s3_uploads import Bucket, Content, Upload
from callcenter_etl.store.uris import base_name, shown
from callcenter_etl.writers.parallel_map import parallel_map
from callcenter_etl.writers.tables.manifest import Manifest
from callcenter_etl.writers.tables.target_writer import BuiltTarget
from callcenter_etl.writers.target_forms import LOST, MANIFEST, TARGET_FILES, TARGET_FOLDER, is_of_target

Step = Callable[[str], None]
Labels = Mapping[str, str]


class RemoteTarget:
    """A run's access to the target under a prefix (empty, or ending in /). Methods raise OutputError."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._folder = f"{prefix}{TARGET_FOLDER}/"
        self._uploads: dict[str, tuple[Upload, dict[str, str]]] = {}
        self._manifest = b""

    def prepare(self, target: BuiltTarget, labels: Labels) -> None:
        """Upload the files of the target that are not under the prefix yet, in parts that stay invisible."""
        if target.path is None:
            return
        if target.files is None:
            self._upload([(target.name, Content(target.path, target.bytes, target.sha256))], labels)
            return
        # A file of the same name and hash has the same content: it is kept, and not uploaded again.
        earlier = self._manifest_there()
        named = set() if earlier is None else {(file.path, file.sha256) for file in earlier.files}
        there = set(self._bucket.keys(self._folder)) if named else set()
        wanted = [
            file
            for file in target.files
            if (file.path, file.sha256) not in named or f"{self._folder}{file.path}" not in there
        ]
        for file in wanted:
            if not (target.path / file.path).exists():
                raise OutputError(f"{shown(self._bucket.uri(self._folder + file.path))}: {LOST}")
        self._upload(
            [
                (f"{TARGET_FOLDER}/{file.path}", Content(target.path / file.path, file.bytes, file.sha256))
                for file in wanted
            ],
            labels,
        )
        self._manifest = (target.path / MANIFEST).read_bytes()

    def commit(self, target: BuiltTarget, step: Step) -> None:
        """Make the target visible, and remove an earlier one of any form; `step` is called before each request."""
        parallel_map(self._uploads, lambda key: self._complete(key, step))
        self._uploads.clear()
        if self._manifest:
            step(self._bucket.uri(f"{self._folder}{MANIFEST}"))
            self._bucket.put(f"{self._folder}{MANIFEST}", self._manifest)
            self._delete_unnamed(target, step)
        self.remove(step, but=target.name)

    def remove(self, step: Step, *, but: str | None = None) -> None:
        """Delete an earlier run's target of any form except the one named `but`; objects without a manifest stay."""
        for name in TARGET_FILES:
            if name != but:
                step(self._bucket.uri(self._prefix + name))
                self._bucket.delete(self._prefix + name)
        if but == TARGET_FOLDER:
            return
        there = self._manifest_there()
        if there is not None:
            self._delete([f"{self._folder}{file.path}" for file in there.files], step)
            self._bucket.delete(f"{self._folder}{MANIFEST}")

    def close(self) -> None:
        """Remove the uploads that were not committed."""
        for upload, _ in self._uploads.values():
            self._bucket.abandon(upload)
        self._uploads.clear()

    def _upload(self, contents: list[tuple[str, Content]], labels: Labels) -> None:
        def prepare(item: tuple[str, Content]) -> None:
            name, content = item
            own = {**labels, "sha256": content.sha256}
            self._uploads[name] = self._bucket.prepare(self._prefix + name, content, own), own

        parallel_map(contents, prepare)

    def _complete(self, name: str, step: Step) -> None:
        upload, labels = self._uploads[name]
        step(self._bucket.uri(upload.key))
        self._bucket.complete(upload, labels)

    def _delete_unnamed(self, target: BuiltTarget, step: Step) -> None:
        """Delete the objects of earlier runs, dead ones included, that the new manifest does not list."""
        named = {f"{self._folder}{file.path}" for file in target.files or ()} | {f"{self._folder}{MANIFEST}"}
        earlier = [key for key in self._bucket.keys(self._folder) if is_of_target(base_name(key))]
        self._delete([key for key in earlier if key not in named], step)

    def _delete(self, keys: list[str], step: Step) -> None:
        def delete(key: str) -> None:
            step(self._bucket.uri(key))
            self._bucket.delete(key)

        parallel_map(keys, delete)

    def _manifest_there(self) -> Manifest | None:
        key = f"{self._folder}{MANIFEST}"
        answer = self._bucket.read(key)
        if answer is None:
            return None
        try:
            return Manifest.from_json(answer["Body"])
        except DocumentError as error:
            uri = shown(self._bucket.uri(key))
            raise OutputError(
                f"{uri}: is not a manifest of a target: {error} (move the folder away)"
            ) from error
