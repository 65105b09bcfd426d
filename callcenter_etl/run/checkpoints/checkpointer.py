"""Write checkpoints of a run, and restore a run from the checkpoint of another one."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from callcenter_etl.errors import CheckpointMismatchError
from callcenter_etl.judge.tally import Tally
from callcenter_etl.judge.unique_keys import UniqueKeys
from callcenter_etl.logs import get_logger
from callcenter_etl.run.checkpoints.checkpoint import Checkpoint, RunFingerprint, write_checkpoint
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.source import Source
from callcenter_etl.uniqueness import KeyOffset
from callcenter_etl.writers.file_names import REJECTED, TARGET
from callcenter_etl.writers.router import Router
from callcenter_etl.writers.staging import Staging

_log = get_logger(__name__)


class NoCheckpoints:
    """Checkpoints of a run that takes none."""

    def begin(self) -> None:
        """Do nothing."""

    def due(self) -> bool:
        """Return False: the run never pauses."""
        return False

    def rested(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return


@dataclass(frozen=True, slots=True)
class RunParts:
    """The parts of a run of which a checkpoint holds the state, and the fingerprint that the staged bytes depend on."""

    fingerprint: RunFingerprint
    reader: Source
    staged: Staging
    router: Router
    keys: UniqueKeys
    accounts: Tally


class Checkpoints:
    """Checkpoints of a run, one every `seconds`. Use within `with`, inside those of the run's parts."""

    # The run pauses only while its state is collected. A thread then makes the files durable up to that state, and writes
    # the checkpoint last. The run continues meanwhile: files only grow, and are truncated when a run resumes.

    def __init__(self, parts: RunParts, *, seconds: float) -> None:
        self._parts = parts
        self._seconds = seconds
        self._next = time.monotonic() + seconds
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        if error is None:
            self._check_written()

    def begin(self) -> None:
        """Keep the keys in named files, for a run that starts from the beginning."""
        self._parts.keys.keep()

    def due(self) -> bool:
        """Return whether the run is to pause. Raises OutputError where the previous checkpoint could not be written."""
        # The next checkpoint waits until the previous one is written, however long the disk takes.
        if time.monotonic() < self._next or not self._parts.reader.rests:
            return False
        if self._under_way is not None and not self._under_way.done():
            return False
        self._check_written()
        return True

    def rested(self) -> None:
        """Collect the state of the run, and start writing it. Raises AccountingError where it does not add up."""
        checkpoint = self._state()
        key_offsets = self._parts.keys.offsets()
        self._under_way = self._pool.submit(self._write, checkpoint, key_offsets)
        self._next = time.monotonic() + self._seconds

    def _check_written(self) -> None:
        """Raise the error of the last checkpoint."""
        # A failed fsync is not retried: the system may have dropped the pages, and a second call would succeed anyway.
        if self._under_way is not None:
            self._under_way.result()

    def _state(self) -> Checkpoint:
        parts = self._parts
        position, exceptions = parts.reader.position, parts.router.exception_records
        files = {name: file.checkpoint() for name, file in parts.staged.files.items()}
        parts.accounts.prove(
            plain_bytes=position.offset,
            lines=position.lines,
            target_bytes=files[TARGET].bytes if TARGET in files else None,
            target_records=parts.router.target_records,
            rejected_bytes=files[REJECTED].bytes,
            exceptions=exceptions,
        )
        return Checkpoint(
            fingerprint=parts.fingerprint,
            position=position,
            files=files,
            exception_records=exceptions,
            accounts=deepcopy(parts.accounts),  # the run continues to count while the checkpoint is written
            keys=(),
        )

    def _write(self, checkpoint: Checkpoint, key_offsets: tuple[KeyOffset, ...]) -> None:
        parts, start = self._parts, time.monotonic()
        for name in checkpoint.files:
            parts.staged.files[name].sync()
        keys = parts.keys.checkpoints(key_offsets)
        write_checkpoint(parts.staged.directory, replace(checkpoint, keys=keys))
        _log.info("checkpoint", line=checkpoint.line, seconds=round(time.monotonic() - start, 3))


def checkpoints_of(parts: RunParts | None, *, seconds: float) -> Checkpoints | NoCheckpoints:
    """Return the checkpoints of a run, one every so many seconds (0: none).

    There are none without `parts`, nor of a source that could not be read again.
    """
    if parts is None or not seconds or not parts.reader.is_rereadable:
        return NoCheckpoints()
    return Checkpoints(parts, seconds=seconds)


def resume(parts: RunParts, checkpoint: Checkpoint, *, after_each: Callable[[], None]) -> None:
    """Restore the parts of a run from a checkpoint, and read the source up to its position.

    Raises CheckpointMismatchError where source or staged files changed, or the checkpoint was forged.
    """
    _check_lines(checkpoint.accounts, multiline=parts.reader.multiline)
    try:
        _restore(parts, checkpoint)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # Whatever error a damaged state leads to, the run can still start from the beginning.
        raise CheckpointMismatchError(f"the checkpoint cannot be restored: {type(error).__name__}") from error
    parts.reader.skip_to(checkpoint.position, after_each=after_each)


def _check_lines(accounts: Tally, *, multiline: bool) -> None:
    """Raise CheckpointMismatchError where the numbers of records and lines contradict each other."""
    # Lines are counted on the stream as well, records are not: so a forged number of records shows by its lines.
    for side in (accounts.accepted, accounts.rejected):
        if side.records > side.lines or (not multiline and side.records != side.lines):
            raise CheckpointMismatchError("the checkpoint counts other records than its lines allow")


def _restore(parts: RunParts, checkpoint: Checkpoint) -> None:
    parts.router.resume(
        checkpoint.files,
        exception_records=checkpoint.exception_records,
        target_records=checkpoint.accounts.accepted.records,
    )
    if set(checkpoint.accounts.rules) - set(parts.accounts.rules) - set(STRUCTURAL_RULES.values()):
        raise CheckpointMismatchError("the checkpoint counts rules that the contract does not have")
    parts.accounts.merge(checkpoint.accounts)
    parts.keys.resume(checkpoint.keys)
