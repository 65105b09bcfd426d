"""Stages a run's files where no reader looks, and publishes them together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from callcenter_etl.errors import OutputError, SourceError
from callcenter_etl.memory_errors import is_memory_error
from callcenter_etl.os_errors import is_environment, translate_os_errors
from callcenter_etl.signal_guard import interrupts
from callcenter_etl.store.file_checkpoint import FileCheckpoint
from callcenter_etl.temporary import remove_tree
from callcenter_etl.writers.file_names import (
    EXCEPTIONS,
    FILE_NAMES,
    IN_PARTS,
    REJECTED,
    SUMMARY,
    TARGET,
    are_parts,
    holds_parts,
    is_of_parts,
)
from callcenter_etl.writers.part_folder import StagedParts, Told, staged_parts
from callcenter_etl.writers.permissions import PRIVATE_FOLDER
from callcenter_etl.writers.staged_file import StagedFile
from callcenter_etl.writers.summary_file import with_commit
from callcenter_etl.writers.tables.target_writer import BuiltTarget, TableSink
from callcenter_etl.writers.target_forms import (
    TARGET_FOLDER,
    names_in,
    remove_targets,
    replace_target,
    sync_folder,
)

if TYPE_CHECKING:  # boto3 is imported for s3:// alone
    from callcenter_etl.writers.s3_parts import PartsPrefix

STREAM = "stream"  # the accepted records of a typed target, until it is built from them
_STAGED_NAMES = {**FILE_NAMES, STREAM: "target.arrows"}
SCRATCH_NAME = "built"
STAGING_PREFIX = ".staging-"
CHECKPOINT_NAME = "checkpoint.json"


class Staging:
    """The staged files of one run in `output`; what is not published is removed."""

    def __init__(self, output: Path, directory: Path, mode: int | None = None) -> None:
        self.output = output
        self.mode = mode
        self.directory = directory
        self.files: dict[str, StagedFile] = {}
        self.folders: dict[str, StagedParts] = {}
        self.summary = b""
        self.target: BuiltTarget | None = None
        self.sink: TableSink | None = None

    def create(self, name: str) -> StagedFile:
        """Start one of the run's files."""
        with translate_os_errors(self.directory):
            self.files[name] = StagedFile.new(self.directory / _STAGED_NAMES[name], self.mode)
        return self.files[name]

    def go_on(self, name: str, mark: FileCheckpoint) -> StagedFile:
        """Go on with one of a dead run's files. Raises CheckpointMismatchError where it is not what it was."""
        with translate_os_errors(self.directory):
            self.files[name] = StagedFile.at(self.directory / _STAGED_NAMES[name], mark)
        return self.files[name]

    def new_scratch(self) -> Path:
        """Make a folder for a target that is built from the staged stream; what a dead run left of one goes."""
        folder = self.directory / SCRATCH_NAME
        with translate_os_errors(folder):
            remove_tree(folder)
            folder.mkdir(mode=PRIVATE_FOLDER)
        return folder

    def finished_stream(self) -> Path:
        """Return the staged stream of accepted records, whole; it stays for a run that resumes from its checkpoint."""
        self.files[STREAM].close()
        return self.files[STREAM].path

    @property
    def parts_prefix(self) -> PartsPrefix | None:
        """Where tasks upload parts to; None where they write them into this folder."""
        return None

    def take_parts(self, told: Sequence[Told]) -> None:
        """Take what tasks wrote, and tell of, as this run's. Raises OutputError where it is not there."""
        self.folders = {name: staged_parts(self.directory, name, told) for name in IN_PARTS}

    def publish(self, names: tuple[str, ...], summary: bytes) -> None:
        """Replace the earlier run's files by the named ones, the summary last."""
        self.finish(summary)
        self.replace(names)

    def finish(self, summary: bytes) -> None:
        """Add the summary and make all staged files durable."""
        self.summary = summary
        self._write_summary()
        for file in self.files.values():
            file.close()

    def _write_summary(self) -> None:
        if SUMMARY in self.files:  # written before, without what its target's commit told
            self.files[SUMMARY].close()
            self.files[SUMMARY].path.unlink()
        self.create(SUMMARY).write(self.summary)
        self.files[SUMMARY].close()

    def replace(self, names: tuple[str, ...]) -> None:
        """Put the finished files in the place of the earlier run's.

        The earlier summary goes first, so that a mix of two runs is never taken for a run.
        """
        with translate_os_errors(self.output):
            sync_folder(self.directory)
            with interrupts.publishing(self.final_uri(SUMMARY)):
                self._replace(names)
            sync_folder(self.output)

    def _replace(self, names: tuple[str, ...]) -> None:
        self._final(SUMMARY).unlink(missing_ok=True)
        sync_folder(self.output)
        self._replace_target(names)
        for name in (EXCEPTIONS, REJECTED):
            self._put_folder_aside(name)
            if name in names and name in self.files:
                self.files[name].path.replace(self._final(name))
            else:
                (self.output / FILE_NAMES[name]).unlink(missing_ok=True)
            if name in names and name in self.folders:
                self._give_folder_its_name(name)
        sync_folder(self.output)
        self._publish_summary()

    def _publish_summary(self) -> None:
        self.files[SUMMARY].path.replace(self._final(SUMMARY))

    @property
    def keeps_target(self) -> bool:
        """Return whether an earlier target stays where this run publishes none: it holds other sources' records."""
        return self.sink is not None and self.sink.accumulates

    def commit_target(self) -> None:
        """Let the sink make its part of the target visible."""
        committed = None if self.sink is None else self.sink.commit()
        if committed is None:
            return
        self.target = committed
        self.summary = with_commit(self.summary, TARGET, bytes=committed.bytes, version=committed.version)
        self._write_summary()

    def _replace_target(self, names: tuple[str, ...]) -> None:
        if TARGET not in names:
            self._put_folder_aside(TARGET)
            remove_targets(self.output, but=TARGET_FOLDER if self.keeps_target else None)
            return
        self._put_folder_aside(TARGET)
        self.commit_target()
        if TARGET in self.folders:
            remove_targets(self.output)
            self._give_folder_its_name(TARGET)
            return
        new = self.files[TARGET].path if self.target is None else self.target.path
        replace_target(self.output, self.name_of(TARGET), new)

    def _give_folder_its_name(self, name: str) -> None:
        (self.directory / name).rename(self._final(name))

    def _put_folder_aside(self, name: str) -> None:
        """Move an earlier run's folder of part files to where it is removed with what is staged.

        Where somebody put something else there, that stays.
        """
        earlier = self.output / name
        if earlier.is_symlink() or not earlier.is_dir():
            return
        names = names_in(earlier)
        if are_parts(names):
            earlier.rename(self.directory / f"earlier-{name}")
        elif holds_parts(names):
            for each in sorted(filter(is_of_parts, names)):
                (earlier / each).unlink()

    def final_uri(self, name: str) -> str:
        """Return the path under which a file will be published."""
        return str(self._final(name))

    def name_of(self, name: str) -> str:
        """Return what one of the run's files, or a folder of its parts, is called in its output."""
        if name in self.folders:
            return name
        return self.target.name if name == TARGET and self.target is not None else FILE_NAMES[name]

    def _final(self, name: str) -> Path:
        return self.output / self.name_of(name)


def staging_folder(output: Path, run_id: str) -> Path:
    """Return where a run's files for a local output are staged: beside their target, so that a rename does it."""
    return output / f"{STAGING_PREFIX}{run_id}"


def new_folder(folder: Path) -> None:
    """Make a staging folder, with all folders on its way. It is its owner's alone.

    The files in it keep their permissions when they are published. Raises OutputError when it cannot be made.
    """
    with translate_os_errors(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=PRIVATE_FOLDER)


def take_over(dead: Path, folder: Path) -> None:
    """Make a dead run's staging folder this run's; what it had finished is finished again."""
    with translate_os_errors(dead):
        (dead / FILE_NAMES[SUMMARY]).unlink(missing_ok=True)
        dead.rename(folder)


@contextmanager
def staging(staged: Staging) -> Iterator[Staging]:
    """Use a staging folder that is there, and remove it.

    It is kept where the run ends early, for another try to go on from its checkpoint.
    """
    try:
        yield staged
    except BaseException as error:
        _discard(staged)
        if _may_go_on(error) and os.path.exists(staged.directory / CHECKPOINT_NAME):  # noqa: PTH110  never raises
            error.add_note(
                f"what was done up to its last checkpoint is kept in {staged.directory}: the same command goes on from there"
            )
        else:
            remove_tree(staged.directory)
        raise
    else:
        _discard(staged)
        remove_tree(staged.directory)


def _discard(staged: Staging) -> None:
    for file in staged.files.values():
        file.discard()


def _may_go_on(error: BaseException) -> bool:
    """Return whether a run that ended so may end well from its last checkpoint: no bug, no fault in its accounts."""
    if not isinstance(error, Exception):
        return True
    return isinstance(error, (OutputError, SourceError)) or is_environment(error) or is_memory_error(error)
