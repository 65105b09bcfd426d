"""Temporary folders are removed also where a system call fails once, and no failure of removing them ends a run."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from callcenter_etl.temporary import remove_tree, temporary_folder


def failing(calls: int, name: str, patch: pytest.MonkeyPatch) -> None:
    """Let the first calls of a function of `os` fail, after it did its work."""
    original, left = getattr(os, name), [calls]

    def call(*words: object, **more: object) -> object:
        found = original(*words, **more)
        if left[0] > 0:
            left[0] -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return found

    patch.setattr(os, name, call)


@pytest.mark.parametrize("name", ["close", "lstat", "unlink", "rmdir"])
def test_a_folder_is_removed_also_where_a_call_fails_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "file").write_text("x")
    with monkeypatch.context() as patch:
        failing(1, name, patch)
        remove_tree(folder)
    assert not folder.exists()


def test_what_cannot_be_removed_raises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(shutil, "rmtree", refused)
    remove_tree(tmp_path)
    assert tmp_path.exists()


def test_a_folder_has_the_prefix_that_is_asked_for_and_is_gone_afterwards() -> None:
    with temporary_folder(prefix="wanted-") as folder:
        (folder / "file").write_text("x")
        assert folder.name.startswith("wanted-")
    assert not folder.exists()
