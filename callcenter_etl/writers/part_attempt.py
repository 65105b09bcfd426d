"""The files of one attempt at one part of an output, written by a task where it runs."""

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
    """The files of one attempt, in a folder that no other attempt has. Use within `with`.

    What was not told of is removed at its end.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for file in self.files.values():
            file.discard()

    def told(self, records: Mapping[str, int]) -> dict[str, Any]:
        """Make the files durable and tell of them; `records` is how many each holds."""
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

    def told(self, records: Mapping[str, int]) -> dict[str, Any]:
        """Return where the files are, too."""
        told = super().told(records)
        sync_folder(self.directory)
        return {name: {**file, "path": str(self.files[name].path)} for name, file in told.items()}


class UploadedAttempt(Attempt):
    """An attempt on the disk of its task's machine, uploaded where nobody sees it until the driver completes it."""

    def __init__(self, prefix: PartsPrefix, part: int) -> None:
        directory = system_folder() / new_attempt_name()
        super().__init__(directory, directory)
        self._prefix = prefix
        self._part = part
        started = datetime.now(UTC).isoformat(timespec="seconds")
        self._lock_owner = LockOwner.here(prefix.labels["run-id"], started)
        self._held = ExitStack()

    def __enter__(self) -> Self:
        # Spark kills the workers of a run that it gives up, and then nothing is removed by them.
        remove_stale_attempts(self.directory.parent, self._lock_owner)
        self._held.enter_context(new_remote_staging_folder(self.directory, self._lock_owner))
        return self

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        remove_tree(self.directory)
        self._held.close()

    def told(self, records: Mapping[str, int]) -> dict[str, Any]:
        """Upload what is to stand in the output, and tell how the driver completes it."""
        told = super().told(records)
        # A file without records is there only if there is no other, and then it is the first part's.
        wanted = {name: file for name, file in told.items() if records[name] or self._part == 0}
        paths = {name: self.files[name].path for name in wanted}
        uploads = self._prefix.upload(self._part, wanted, paths)
        return {name: {**file, "upload": uploads.get(name)} for name, file in told.items()}
