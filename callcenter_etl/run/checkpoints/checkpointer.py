"""Takes checkpoints of a run while it works, and puts a run where a checkpoint says that another one stood."""

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
    """Never asks a run to rest."""

    def begin(self) -> None:
        """Do nothing."""

    def due(self) -> bool:
        """Tell that no rest is due."""
        return False

    def rested(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return


@dataclass(frozen=True, slots=True)
class RunParts:
    """The parts of a run whose state a checkpoint holds; `basis` is what the bytes they stage depend on."""

    fingerprint: RunFingerprint
    reader: Source
    staged: Staging
    router: Router
    keys: UniqueKeys
    accounts: Tally


class Checkpoints:
    """Takes a checkpoint every so many seconds. Use within `with`, inside those of its parts.

    The run rests only while its state is noted. A thread then makes the files durable up to there, and writes the
    checkpoint last; meanwhile they may grow, as they are cut off again at what was noted.
    """

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
            self._settle()

    def begin(self) -> None:
        """Let a run that starts at the beginning keep what a checkpoint will need."""
        self._parts.keys.keep()

    def due(self) -> bool:
        """Return whether the run is to rest. Raises OutputError where the checkpoint before could not be written."""
        if time.monotonic() < self._next or not self._parts.reader.rests:
            return False
        if self._under_way is not None and not self._under_way.done():
            return False
        self._settle()
        return True

    def rested(self) -> None:
        """Note where the run stands. Raises AccountingError where that does not add up."""
        checkpoint = self._noted()
        key_offsets = self._parts.keys.offsets()
        self._under_way = self._pool.submit(self._write, checkpoint, key_offsets)
        self._next = time.monotonic() + self._seconds

    def _settle(self) -> None:
        """Raise what kept the last checkpoint from being written: a failed sync is not mended by a later one."""
        if self._under_way is not None:
            self._under_way.result()

    def _noted(self) -> Checkpoint:
        parts = self._parts
        position, exceptions = parts.reader.position, parts.router.exception_records
        files = {name: file.mark() for name, file in parts.staged.files.items()}
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
            accounts=deepcopy(parts.accounts),
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
    """Put the parts where the checkpoint says that those of another run stood.

    Raises CheckpointMismatchError where what that run read or staged is not what it was, or the checkpoint was forged.
    """
    _check_lines(checkpoint.accounts, multiline=parts.reader.multiline)
    try:
        _restore(parts, checkpoint)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # Whatever the state of a dead run leads to, the run can start from the beginning, where all is its own.
        raise CheckpointMismatchError(f"the checkpoint cannot be restored: {type(error).__name__}") from error
    parts.reader.skip_to(checkpoint.position, after_each=after_each)


def _check_lines(accounts: Tally, *, multiline: bool) -> None:
    """Raise CheckpointMismatchError where a checkpoint counts other records than its lines allow.

    Records are counted by the run alone, lines on the stream too: this ties the one to the other.
    """
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
