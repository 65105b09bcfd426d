"""The folders of `cases/`: a contract, a source with its real name where that matters, and what must come of it."""

from __future__ import annotations

from pathlib import Path

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
SIDE_FILES = (".ctl", ".json", ".sha256", ".md5")


def source_of(case: Path) -> Path:
    """Give the source of a case: `source.csv`, or in the folder `source/` the file that is no side file."""
    folder = case / "source"
    if not folder.is_dir():
        return case / "source.csv"
    (source,) = (path for path in folder.iterdir() if path.suffix not in SIDE_FILES)
    return source
