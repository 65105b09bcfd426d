"""Write one range of a source as a part of each output, on the machine of its task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from callcenter_etl.engines.collect import collect_rows
from callcenter_etl.engines.task_context import TaskContext
from callcenter_etl.engines.task_messages import encode_error
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.judge.tally import Tally
from callcenter_etl.memory_errors import translate_memory_errors
from callcenter_etl.writers.file_names import EXCEPTIONS, IN_PARTS, REJECTED, TARGET
from callcenter_etl.writers.part_attempt import Attempt, SharedAttempt, UploadedAttempt
from callcenter_etl.writers.part_folder import PartMetadata, commit_parts, write_manifest
from callcenter_etl.writers.router import Router
from callcenter_etl.writers.staging import Staging

if TYPE_CHECKING:  # boto3 is imported for s3:// alone
    from callcenter_etl.writers.s3_parts import PartsPrefix


@dataclass(frozen=True, slots=True)
class PartsPlan:
    """Destination of a run's parts, and the header with which each part begins; picklable.

    `folder` is the driver's staging folder, in which executors write too, unless they upload below `prefix`.
    """

    work: TaskContext
    folder: str
    target_start: bytes
    mode: int | None
    prefix: PartsPrefix | None

    @classmethod
    def of(cls, work: TaskContext, staged: Staging, target_start: bytes) -> Self:
        """Return the plan to write parts into a staging folder."""
        return cls(work, str(staged.directory.resolve()), target_start, staged.mode, staged.parts_prefix)

    def attempt(self, part: int) -> Attempt:
        """Return a new attempt at a part."""
        if self.prefix is None:
            return SharedAttempt(Path(self.folder), part, self.mode)
        return UploadedAttempt(self.prefix, part)

    def commit(self, parts: Sequence[PartMetadata]) -> None:
        """Commit the attempts that these parts describe. Raises OutputError."""
        if self.prefix is None:
            commit_parts(Path(self.folder), parts, self.mode)
        else:
            write_manifest(Path(self.folder), parts)

    def abandon(self, parts: Sequence[PartMetadata]) -> None:
        """Remove the uploads of parts that are not committed."""
        # A shared folder is the run's staging folder, which is removed as a whole.
        if self.prefix is not None:
            self.prefix.abandon(parts)


def write_part(plan: PartsPlan, part: int, batches: Iterable[pa.RecordBatch]) -> dict[str, Any]:
    """Write the judged rows of one range, and return its metadata: files, counts and judged bytes, or the error."""
    # An error of data or storage is a value: raised in a task, Spark would retry the task and wrap the message.
    try:
        with translate_memory_errors(), plan.attempt(part) as staged:
            return _written(plan, part, batches, staged)
    except CallcenterEtlError as error:
        return {"part": part, "error": encode_error(error)}


def _written(
    plan: PartsPlan, part: int, batches: Iterable[pa.RecordBatch], staged: Attempt
) -> dict[str, Any]:
    shape, accounts = plan.work.shape, Tally()
    router = Router(staged, names=shape.layout.names, cells=shape.cells)
    router.begin(plan.target_start)
    body = collect_rows(
        (row for batch in batches for row in batch.to_pylist()),
        first=part,
        parts=part + 1,
        router=router,
        accounts=accounts,
        after_each=lambda: None,
    )
    records = {
        TARGET: router.target_records,
        REJECTED: accounts.rejected.records,
        EXCEPTIONS: router.exception_records,
    }
    return {
        "part": part,
        "files": staged.finish_files(records),
        "accounts": asdict(accounts),
        "exception_records": router.exception_records,
        "target_records": router.target_records,
        "body": {"bytes": body.bytes, "crc32": body.crc32},
    }


def empty_part(plan: PartsPlan) -> dict[str, Any]:
    """Write the single part of a source without records, and return its metadata."""
    shape = plan.work.shape
    with plan.attempt(0) as staged:
        router = Router(staged, names=shape.layout.names, cells=shape.cells)
        router.begin(plan.target_start)
        files = staged.finish_files(dict.fromkeys(IN_PARTS, 0))
    return {
        "part": 0,
        "files": files,
        "accounts": asdict(Tally()),
        "exception_records": 0,
        "target_records": 0,
        "body": {"bytes": 0, "crc32": 0},
    }
