"""Stages a run's files where no reader looks, and publishes them together."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callcenter_etl.errors import AccountingError, OutputError
from callcenter_etl.interrupts import interrupts
from callcenter_etl.outputs.modes import PRIVATE_FOLDER, open_private

TARGET, EXCEPTIONS, REJECTED, SUMMARY = "target", "exceptions", "rejected", "summary"
FILE_NAMES = {
    TARGET: "target.csv",
    EXCEPTIONS: "exceptions.csv",
    REJECTED: "rejected.csv",
    SUMMARY: "summary.json",
}
STAGING_PREFIX = ".staging-"


class StagedFile:
    """A file being written, with its bytes counted and hashed on the way."""

    def __init__(self, path: Path, mode: int | None = None) -> None:
        self.path = path
        self.bytes = 0
        self._sha256 = hashlib.sha256()
        self._file = open(path, "xb", opener=lambda name, flags: open_private(name, flags, mode))  # noqa: SIM115  lives as long as its owner

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes. Raises OutputError when the disk does not take them."""
        if not len(data):
            return
        try:
            self._file.write(data)
        except OSError as error:
            raise OutputError(f"{self.path}: {error.strerror or error}") from error
        self._sha256.update(data)
        self.bytes += len(data)

    def close(self) -> None:
        """Make the bytes durable. Raises AccountingError when the disk holds another number of them."""
        if self._file.closed:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            size = os.fstat(self._file.fileno()).st_size
            self._file.close()
        except OSError as error:
            raise OutputError(f"{self.path}: {error.strerror or error}") from error
        if size != self.bytes:
            raise AccountingError(f"{self.path}: {self.bytes:,} bytes were written but the file has {size:,}")

    def discard(self) -> None:
        """Close without asking whether all arrived."""
        try:
            self._file.close()
        except OSError:
            # the buffered rest found no room; the file is about to be removed
            return

    @property
    def sha256(self) -> str:
        """Hash of what was written so far, hexadecimal."""
        return self._sha256.hexdigest()


class Staging:
    """The staged files of one run in `output`; what is not published is removed."""

    def __init__(self, output: Path, directory: Path, mode: int | None = None) -> None:
        self.output = output
        self.mode = mode
        self.directory = directory
        self.files: dict[str, StagedFile] = {}
        self.summary = b""

    def create(self, name: str) -> StagedFile:
        """Start one of the run's files."""
        try:
            self.files[name] = StagedFile(self.directory / FILE_NAMES[name], self.mode)
        except OSError as error:
            raise OutputError(f"{self.directory}: {error.strerror or error}") from error
        return self.files[name]

    def publish(self, names: tuple[str, ...], summary: bytes) -> None:
        """Replace the earlier run's files by the named ones, the summary last."""
        self.finish(summary)
        self.replace(names)

    def finish(self, summary: bytes) -> None:
        """Add the summary and make all staged files durable."""
        self.summary = summary
        self.create(SUMMARY).write(summary)
        for file in self.files.values():
            file.close()

    def replace(self, names: tuple[str, ...]) -> None:
        """Put the finished files in the place of the earlier run's.

        The earlier summary goes first, so that a mix of two runs is never taken for a run.
        """
        try:
            _sync_directory(self.directory)
            with interrupts.publishing(self.final_uri(SUMMARY)):
                self._replace(names)
            _sync_directory(self.output)
        except OSError as error:
            raise OutputError(f"{self.output}: {error.strerror or error}") from error

    def _replace(self, names: tuple[str, ...]) -> None:
        self._final(SUMMARY).unlink(missing_ok=True)
        _sync_directory(self.output)
        for name in (TARGET, EXCEPTIONS, REJECTED):
            if name in names:
                self.files[name].path.replace(self._final(name))
            else:
                self._final(name).unlink(missing_ok=True)
        _sync_directory(self.output)
        self.files[SUMMARY].path.replace(self._final(SUMMARY))

    def final_uri(self, name: str) -> str:
        """Give the path under which a file will be published."""
        return str(self._final(name))

    def _final(self, name: str) -> Path:
        return self.output / FILE_NAMES[name]


def staging_folder(output: Path, run_id: str) -> Path:
    """Give where a run's files for a local output are staged: beside their target, so that a rename does it."""
    return output / f"{STAGING_PREFIX}{run_id}"


@contextmanager
def staging(staged: Staging) -> Iterator[Staging]:
    """Make the staging folder, with all folders on its way, for as long as it is used.

    It is its owner's alone; the files in it keep their permissions when they are published.
    Raises OutputError when it cannot be made.
    """
    try:
        staged.directory.parent.mkdir(parents=True, exist_ok=True)
        staged.directory.mkdir(mode=PRIVATE_FOLDER)
    except OSError as error:
        raise OutputError(f"{staged.directory.parent}: {error.strerror or error}") from error
    try:
        yield staged
    finally:
        for file in staged.files.values():
            file.discard()
        shutil.rmtree(staged.directory, ignore_errors=True)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
