"""What a run's files are called in its output."""

from __future__ import annotations

import re
from collections.abc import Collection

TARGET, EXCEPTIONS, REJECTED, SUMMARY = "target", "exceptions", "rejected", "summary"
FILE_NAMES = {
    TARGET: "target.csv",
    EXCEPTIONS: "exceptions.csv",
    REJECTED: "rejected.csv",
    SUMMARY: "summary.json",
}
# Those that can be folders of part files, named like the file without its suffix.
IN_PARTS = (TARGET, EXCEPTIONS, REJECTED)
SUCCESS_NAME = "_SUCCESS"  # marks such a folder as complete
# Stands in one whose parts are being replaced on S3, so that the next run knows them for parts if this one dies.
UNFINISHED_NAME = "_unfinished"
MARKS = (SUCCESS_NAME, UNFINISHED_NAME)
_DATA_NAME = re.compile(r"part-[0-9a-f]{16}\.parquet")
_PART_NAME = re.compile(r"part-[0-9]{5}\.csv")


def data_name(sha256: str) -> str:
    """Return the name of a Parquet file in a target that is a folder: the same records have the same name."""
    return f"part-{sha256[:16]}.parquet"


def is_data_name(name: str) -> bool:
    """Return whether a file has the name of one in a target that is a folder."""
    return _DATA_NAME.fullmatch(name) is not None


def part_name(part: int) -> str:
    """Return the name of a part file; by name they are in the order of the source."""
    return f"part-{part:05d}.csv"


def is_part_name(name: str) -> bool:
    """Return whether a file has the name of a part."""
    return _PART_NAME.fullmatch(name) is not None


def holds_parts(names: Collection[str]) -> bool:
    """Tell by the names of what is in a folder whether a run put part files there.

    Spark's own folders have the same mark, and other names of files.
    """
    return UNFINISHED_NAME in names or (SUCCESS_NAME in names and any(map(is_part_name, names)))


def are_parts(names: Collection[str]) -> bool:
    """Return whether a run put part files into a folder, and nobody put anything else there."""
    return holds_parts(names) and all(is_of_parts(name) for name in names)


def is_of_parts(name: str) -> bool:
    """Return whether a file has the name of a part, or of what marks a folder of parts."""
    return is_part_name(name) or name in MARKS
