"""Files of one attempt of a task at one part of an output, written on the machine of the task."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from callcenter_etl.temporary import remove_tree, system_folder
from callcenter_etl.writers.part_folder import ATTEMPTS
from callcenter_etl.writers.staging import Staging, new_folder
from callcenter_etl.writers.stale_staging import (
    new_attempt_name,
    new_remote_staging_folder,
    remove_stale_attempts,
)
from callcenter_etl.writers.target_forms import sync_folder
from callcenter_etl.writers.target_lock import LockOwner

if TYPE_CHECKING:  # boto3 is imported for s3:// alone
    from callcenter_etl.writers.s3_parts import PartsPrefix


class Attempt(Staging):
    """The files of one attempt, in a folder of its own. Use within `with`.

    Files that `finish_files` did not report are removed at its end.
    """

    # An engine may run a task several times, also at the same time: each attempt writes files of its own, and the
    # driver commits those of one attempt.

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for file in self.files.values():
            file.discard()

    def finish_files(self, records: Mapping[str, int]) -> dict[str, Any]:
        """Make the files durable and return their metadata by name; `records` is the number of records in each."""
        for file in self.files.values():
            file.close()
        return {
            name: {"bytes": file.bytes, "sha256": file.sha256, "records": records[name]}
            for name, file in self.files.items()
        }


class SharedAttempt(Attempt):
    """An attempt in a staging folder that driver and executors share."""

    def __init__(self, folder: Path, part: int, mode: int | None) -> None:
        attempt = folder / ATTEMPTS / f"{part:05d}-{os.urandom(8).hex()}"
        new_folder(attempt)
        super().__init__(folder, attempt, mode)

    def finish_files(self, records: Mapping[str, int]) -> dict[str, Any]:
        """Make the files durable and return their metadata with their paths."""
        finished = super().finish_files(records)
        sync_folder(self.directory)
        return {name: {**file, "path": str(self.files[name].path)} for name, file in finished.items()}


class UploadedAttempt(Attempt):
    """An attempt on the disk of its task's machine, uploaded in parts that the driver completes."""

    def __init__(self, prefix: PartsPrefix, part: int) -> None:
        directory = system_folder() / new_attempt_name()
        super().__init__(directory, directory)
        self._prefix = prefix
        self._part = part
        started = datetime.now(UTC).isoformat(timespec="seconds")
        self._lock_owner = LockOwner.here(prefix.labels["run-id"], started)
        self._held = ExitStack()

    def __enter__(self) -> Self:
        # Spark kills the workers of a run that it gives up, and killed workers remove nothing.
        remove_stale_attempts(self.directory.parent, self._lock_owner)
        self._held.enter_context(new_remote_staging_folder(self.directory, self._lock_owner))
        return self

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        remove_tree(self.directory)
        self._held.close()

    def finish_files(self, records: Mapping[str, int]) -> dict[str, Any]:
        """Upload the files, and return their metadata with the uploads that the driver completes."""
        finished = super().finish_files(records)
        # A part without records is published only where all parts have none, and then it is the first one.
        wanted = {name: file for name, file in finished.items() if records[name] or self._part == 0}
        paths = {name: self.files[name].path for name in wanted}
        uploads = self._prefix.upload(self._part, wanted, paths)
        return {name: {**file, "upload": uploads.get(name)} for name, file in finished.items()}
