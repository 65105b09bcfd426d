"""Stage a run's files in a folder that no reader uses, and publish them together."""

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
from callcenter_etl.writers.part_folder import PartMetadata, StagedParts, staged_parts
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

STREAM = "stream"  # the accepted records of a typed target, from which it is built at the end
_STAGED_NAMES = {**FILE_NAMES, STREAM: "target.arrows"}
SCRATCH_NAME = "built"
STAGING_PREFIX = ".staging-"
CHECKPOINT_NAME = "checkpoint.json"


class Staging:
    """The staged files of one run in `output`; files that are not published are removed."""

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
        """Create one of the run's files. Raises OutputError."""
        with translate_os_errors(self.directory):
            self.files[name] = StagedFile.new(self.directory / _STAGED_NAMES[name], self.mode)
        return self.files[name]

    def resume(self, name: str, checkpoint: FileCheckpoint) -> StagedFile:
        """Reopen a file of a dead run at its checkpoint. Raises CheckpointMismatchError where its content changed."""
        with translate_os_errors(self.directory):
            self.files[name] = StagedFile.at(self.directory / _STAGED_NAMES[name], checkpoint)
        return self.files[name]

    def new_scratch(self) -> Path:
        """Create an empty folder for a target that is built from the staged stream; a dead run's folder is removed."""
        folder = self.directory / SCRATCH_NAME
        with translate_os_errors(folder):
            remove_tree(folder)
            folder.mkdir(mode=PRIVATE_FOLDER)
        return folder

    def finished_stream(self) -> Path:
        """Return the path of the staged stream of accepted records, after making it durable."""
        # It stays until the run ends, so that a run killed while it builds the target is resumed from its checkpoint.
        self.files[STREAM].close()
        return self.files[STREAM].path

    @property
    def parts_prefix(self) -> PartsPrefix | None:
        """S3 prefix to which tasks upload parts, None where they write them into this folder."""
        return None

    def adopt_parts(self, parts: Sequence[PartMetadata]) -> None:
        """Adopt the part files of the tasks as this run's. Raises OutputError where one is missing."""
        self.folders = {name: staged_parts(self.directory, name, parts) for name in IN_PARTS}

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
        if SUMMARY in self.files:  # written before, without the version that the commit of its target made
            self.files[SUMMARY].close()
            self.files[SUMMARY].path.unlink()
        self.create(SUMMARY).write(self.summary)
        self.files[SUMMARY].close()

    def replace(self, names: tuple[str, ...]) -> None:
        """Publish the finished files, which replace those of the earlier run. Raises OutputError."""
        with translate_os_errors(self.output):
            sync_folder(self.directory)
            with interrupts.publishing(self.final_uri(SUMMARY)):
                self._replace(names)
            sync_folder(self.output)

    def _replace(self, names: tuple[str, ...]) -> None:
        # A run exists for readers when its summary does. The earlier summary is removed first and the new one comes
        # last, each made durable, so that a crash in between never leaves a summary beside the files of another run.
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
                self._publish_folder(name)
        sync_folder(self.output)
        self._publish_summary()

    def _publish_summary(self) -> None:
        self.files[SUMMARY].path.replace(self._final(SUMMARY))

    @property
    def keeps_target(self) -> bool:
        """Return whether an earlier target stays where this run publishes none, since other sources add to it too."""
        return self.sink is not None and self.sink.accumulates

    def commit_target(self) -> None:
        """Commit the target of a sink, and add the new version to the summary. Raises OutputError."""
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
            self._publish_folder(TARGET)
            return
        new = self.files[TARGET].path if self.target is None else self.target.path
        replace_target(self.output, self.name_of(TARGET), new)

    def _publish_folder(self, name: str) -> None:
        (self.directory / name).rename(self._final(name))

    def _put_folder_aside(self, name: str) -> None:
        """Move an earlier run's folder of part files into the staging folder, which is removed at the end.

        Where the folder holds other files too, the part files alone are deleted.
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
        """Return the name of one of the run's files, or of the folder of its parts, in the output."""
        if name in self.folders:
            return name
        return self.target.name if name == TARGET and self.target is not None else FILE_NAMES[name]

    def _final(self, name: str) -> Path:
        return self.output / self.name_of(name)


def staging_folder(output: Path, run_id: str) -> Path:
    """Return the staging folder of a run for a local output: in the output, so that publishing is a rename."""
    return output / f"{STAGING_PREFIX}{run_id}"


def new_folder(folder: Path) -> None:
    """Create a staging folder for its owner alone, and its parents as the system's defaults are.

    Raises OutputError when it cannot be created.
    """
    with translate_os_errors(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=PRIVATE_FOLDER)


def take_over(dead: Path, folder: Path) -> None:
    """Rename a dead run's staging folder to this run's. Raises OutputError."""
    # The dead run may have written its summary before it was killed; this run writes its own.
    with translate_os_errors(dead):
        (dead / FILE_NAMES[SUMMARY]).unlink(missing_ok=True)
        dead.rename(folder)


@contextmanager
def staging(staged: Staging) -> Iterator[Staging]:
    """Yield the staging of an existing folder, and remove the folder at the end.

    It is kept where the run ends early and left a checkpoint from which the next run can resume.
    """
    try:
        yield staged
    except BaseException as error:
        _discard(staged)
        if _may_resume(error) and os.path.exists(staged.directory / CHECKPOINT_NAME):  # noqa: PTH110  never raises
            error.add_note(
                f"what was done up to its last checkpoint is kept in {staged.directory}: the same command resumes from there"
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


def _may_resume(error: BaseException) -> bool:
    """Return whether a run that ended with this error may be resumed: not after a bug or totals that do not agree."""
    if not isinstance(error, Exception):
        return True
    return isinstance(error, (OutputError, SourceError)) or is_environment(error) or is_memory_error(error)
