"""Publish a run's files under an S3 prefix: upload all parts, then complete the uploads, the summary last."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.documents import DocumentError, parse_object
from callcenter_etl.errors import OutputError
from callcenter_etl.store.s3_lease import Claim, claimed
from callcenter_etl.store.s3_uploads import Bucket, Content, Upload
from callcenter_etl.store.uris import bucket_and_key, shown
from callcenter_etl.writers.file_names import EXCEPTIONS, FILE_NAMES, REJECTED, SUMMARY, TARGET
from callcenter_etl.writers.s3_parts import PartsPrefix, RemoteParts
from callcenter_etl.writers.s3_target import RemoteTarget
from callcenter_etl.writers.staging import Staging
from callcenter_etl.writers.summary_file import summary_bytes
from callcenter_etl.writers.target_forms import TARGET_FOLDER


class RemoteOutput:
    """The files that one run publishes under a prefix. `close` removes the uploads that were not published.

    The constructor raises OutputError where the prefix cannot be written.
    """

    def __init__(self, uri: str, run_id: str, options: StorageOptions) -> None:
        name, key = bucket_and_key(uri)
        self._bucket = Bucket(name, options)
        self._prefix = f"{key.rstrip('/')}/" if key.strip("/") else ""
        self._run_id = run_id
        self._uploads: dict[str, Upload] = {}
        self._labels: dict[str, dict[str, str]] = {}
        self._summary = b""
        self._folders: list[str] = []
        self._target = RemoteTarget(self._bucket, self._prefix)
        self.parts = RemoteParts(self._bucket, PartsPrefix(name, self._prefix, options, {"run-id": run_id}))
        # Before the records are read: a wrong bucket or permission shows in seconds, not after hours.
        self._bucket.check_writable(self._key(SUMMARY))
        # Publishing requires that the summary is still this version: else another run has published meanwhile.
        self._seen = self._version_there()

    def uri_of(self, file_name: str) -> str:
        """Return the address under which a file of this name will be published."""
        return self._bucket.uri(f"{self._prefix}{file_name}")

    def prepare(self, staged: Staging, names: tuple[str, ...], *, commit_target: Callable[[], None]) -> None:
        """Upload the named files in parts, which stay invisible.

        `commit_target` is called by `commit`, before the target's own objects, for targets that commit by themselves.
        """
        self._replace_target = partial(self._replace_target_by, staged, commit_target)
        self._folders = [name for name in names if name in staged.folders]
        summary = json.loads(staged.summary)
        labels, files = _labels(summary), staged.files
        for name in names:
            if name in staged.folders:
                continue  # uploaded by its tasks
            if name == TARGET and staged.target is not None:
                self._target.prepare(staged.target, labels)
                continue
            content = Content(files[name].path, files[name].bytes, files[name].sha256)
            self._labels[name] = {**labels, "sha256": content.sha256}
            self._uploads[name] = self._bucket.prepare(self._key(name), content, self._labels[name])
        self._labels[SUMMARY] = labels
        self._summary = _with_uris(summary, staged, self.uri_of)

    def commit(self) -> None:
        """Complete the prepared uploads. Raises OutputError with the winner's run id where another run was first."""
        with claimed(self._bucket, self._prefix, self._run_id) as claim:
            if self._version_there() != self._seen:
                raise OutputError(self._lost())
            try:
                self._replace(claim)
            except OutputError as error:
                raise OutputError(
                    f"{error}; nothing of this run counts as published, and the earlier summary is gone (run again)"
                ) from error

    def close(self) -> None:
        """Remove the uploads that were not published."""
        for upload in self._uploads.values():
            self._bucket.abandon(upload)
        self._uploads.clear()
        self._target.close()
        self.parts.close()

    def _replace(self, claim: Claim) -> None:
        """Replace the earlier run's objects by the prepared ones."""
        # Readers trust a summary: the earlier one is deleted first and the new one put last, so that a mix of the files
        # of two runs never has one.
        step = claim.check
        self._bucket.delete(self._key(SUMMARY))
        self._replace_target(step)
        for name in (EXCEPTIONS, REJECTED):
            step(self._bucket.uri(self._key(name)))
            if name in self._uploads:
                self._bucket.complete(self._uploads[name], self._labels[name])
                del self._uploads[name]  # after `complete`, so that `close` abandons an upload that failed
            else:
                self._bucket.delete(self._key(name))
            self._replace_folder(name, step)
        step(self._bucket.uri(self._key(SUMMARY)))
        key = self._key(SUMMARY)
        # Put only if absent: should two runs get past the claim, one of them fails here.
        if not self._bucket.put_if_absent(key, self._summary, self._labels[SUMMARY]) and not self._is_ours(
            key
        ):
            raise OutputError(self._lost())

    def _replace_target_by(
        self, staged: Staging, commit_target: Callable[[], None], step: Callable[[str], None]
    ) -> None:
        self._replace_folder(TARGET, step)
        if staged.target is not None:
            commit_target()
            self._summary = _with_uris(json.loads(staged.summary), staged, self.uri_of)
            self._target.commit(staged.target, step)
        elif TARGET in self._uploads:
            self._bucket.complete(self._uploads[TARGET], self._labels[TARGET])
            del self._uploads[TARGET]
            self._target.remove(step, but=FILE_NAMES[TARGET])
        else:
            self._target.remove(step, but=TARGET_FOLDER if staged.keeps_target else None)

    def _replace_folder(self, name: str, step: Callable[[str], None]) -> None:
        if name in self._folders:
            self.parts.commit(name, step)
        else:
            self.parts.remove(name, step)

    def _is_ours(self, key: str) -> bool:
        """Return whether the summary is this run's own: the response to a first put may be lost, and the put retried."""
        there = self._bucket.read(key)
        return there is not None and there["Body"] == self._summary

    def _lost(self) -> str:
        there = self._bucket.read(self._key(SUMMARY))
        where = shown(self._bucket.uri(self._prefix))
        if there is None:
            return f"{where}: another run is publishing there or failed to; this run published nothing (run again)"
        return (
            f"{where}: run {_run_id(there)} published there while this run was under way; this run lost the race and"
            " published nothing (run again to replace its files)"
        )

    def _version_there(self) -> str | None:
        there = self._bucket.head(self._key(SUMMARY))
        return None if there is None else str(there["ETag"]).strip('"')

    def _key(self, name: str) -> str:
        return f"{self._prefix}{FILE_NAMES[name]}"


def _labels(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata of each object about its run, in ASCII, as S3 requires for metadata."""
    contract, records = summary["contract"], summary["records"]
    return {
        "run-id": summary["run_id"],
        "status": summary["status"],
        "contract-id": contract["id"],
        "contract-version": quote(contract["version"], safe=" +!.-_"),
        "contract-sha256": contract["sha256"],
        **{f"records-{name}": str(records[name]) for name in ("read", "accepted", "rejected")},
    }


def _with_uris(summary: dict[str, Any], staged: Staging, uri_of: Callable[[str], str]) -> bytes:
    """Return the summary with the files' addresses under the prefix; a table elsewhere keeps its own address."""
    elsewhere = {TARGET} if staged.target is not None and staged.target.uri is not None else set()
    outputs = {
        name: file if name in elsewhere else {**file, "uri": uri_of(staged.name_of(name))}
        for name, file in summary["outputs"].items()
    }
    return summary_bytes({**summary, "outputs": outputs})


def _run_id(answer: Mapping[str, Any]) -> str:
    try:
        return str(parse_object(answer["Body"])["run_id"])
    except (DocumentError, KeyError):
        return str(answer.get("Metadata", {}).get("run-id", "of another program"))
