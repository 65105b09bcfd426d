"""Names of a run's files in its output."""

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
# The files that can be folders of part files instead, named like the file without its suffix.
IN_PARTS = (TARGET, EXCEPTIONS, REJECTED)
SUCCESS_NAME = "_SUCCESS"  # marks a complete folder of part files, as Spark and Hadoop do
# Marks a folder on S3 while its parts are replaced, so that after a crash the next run recognises them as parts.
UNFINISHED_NAME = "_unfinished"
MARKS = (SUCCESS_NAME, UNFINISHED_NAME)
_DATA_NAME = re.compile(r"part-[0-9a-f]{16}\.parquet")
_PART_NAME = re.compile(r"part-[0-9]{5}\.csv")


def data_name(sha256: str) -> str:
    """Return the name of a Parquet file in a target folder, which depends on the file's content alone."""
    return f"part-{sha256[:16]}.parquet"


def is_data_name(name: str) -> bool:
    """Return whether a name is one of a Parquet file in a target folder."""
    return _DATA_NAME.fullmatch(name) is not None


def part_name(part: int) -> str:
    """Return the name of a part file; sorted by name, the parts are in the order of the source."""
    return f"part-{part:05d}.csv"


def is_part_name(name: str) -> bool:
    """Return whether a name is one of a part file."""
    return _PART_NAME.fullmatch(name) is not None


def holds_parts(names: Collection[str]) -> bool:
    """Return whether a run put part files into a folder, by the names of its content."""
    # Spark's own folders have the same mark, but other file names.
    return UNFINISHED_NAME in names or (SUCCESS_NAME in names and any(map(is_part_name, names)))


def are_parts(names: Collection[str]) -> bool:
    """Return whether a folder holds the part files of a run and nothing else."""
    return holds_parts(names) and all(is_of_parts(name) for name in names)


def is_of_parts(name: str) -> bool:
    """Return whether a name is one of a part file, or of a marker of a folder of parts."""
    return is_part_name(name) or name in MARKS
