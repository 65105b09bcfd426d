"""A file that a user names is there whole, or as it was before."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl.writers.whole_file import open_whole
from tests.published import names_in


def test_an_earlier_file_stays_until_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("before", encoding="utf-8")
    with open_whole(path) as file:
        file.write("after")
        file.flush()
        assert path.read_text(encoding="utf-8") == "before"
    assert path.read_text(encoding="utf-8") == "after"
    assert names_in(tmp_path) == ["report.json"]


@pytest.mark.parametrize("there", [True, False])
def test_an_error_leaves_nothing_behind(tmp_path: Path, there: bool) -> None:  # noqa: FBT001  a case
    path = tmp_path / "report.json"
    if there:
        path.write_text("before", encoding="utf-8")

    def fail() -> None:
        with open_whole(path) as file:
            file.write("half")
            raise OSError(28, os.strerror(28))

    with pytest.raises(OSError, match="No space"):
        fail()
    assert names_in(tmp_path) == (["report.json"] if there else [])
    assert not there or path.read_text(encoding="utf-8") == "before"


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link, new = tmp_path / "file", tmp_path / "link", tmp_path / "new"
    path.write_text("before", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to("file")
    with open_whole(link) as file:
        file.write("after")
    assert (link.is_symlink(), path.read_text(encoding="utf-8")) == (True, "after")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with open_whole(new, mode=0o604) as file:
        file.write("mine")
    assert stat.S_IMODE(new.stat().st_mode) == 0o604


def test_what_is_no_regular_file_is_written_directly(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "callcenter_etl", "contract", "schema", "-o", "/dev/stdout"]
    done = subprocess.run(line, capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"{\n")
    assert done.stdout.endswith(b"}\n")
