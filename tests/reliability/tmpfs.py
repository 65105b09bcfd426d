"""Small file systems in memory, to be filled up; only root may mount them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Tmpfs:
    """A mounted file system."""

    path: Path

    @property
    def used(self) -> int:
        found = os.statvfs(self.path)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def resize(self, size: int) -> None:
        """Give it so many bytes in all, rounded up to pages; not fewer than are used."""
        pages = max(-(-size // PAGE), 1)  # a size of 0 would mean no limit
        self.remount(f"size={pages * PAGE}")

    def remount(self, options: str) -> None:
        _run("mount", "-o", f"remount,{options}", str(self.path))


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[Tmpfs]:
    """Mount an empty file system for as long as it is used. Raises OSError where that is not allowed."""
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(folder))
    try:
        yield Tmpfs(folder)
    finally:
        if subprocess.run(["umount", str(folder)], check=False, capture_output=True).returncode:
            _run("umount", "-l", str(folder))


def tmpfs_or_skip(folder: Path) -> None:
    """Skip the test, with the reason, where no file system can be mounted."""
    reason = why_not(folder)
    if reason is not None:
        pytest.skip(reason)


def why_not(folder: Path) -> str | None:
    """Say why no file system can be mounted, None where one can."""
    if os.geteuid():
        return "only root may mount a file system to be filled up"
    if shutil.which("mount") is None:
        return "there is no mount"
    try:
        with mounted(folder / "trial", 2**16):
            return None
    except OSError as error:
        return f"no file system can be mounted here: {error}"


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
