"""Folders of part files: how they are named, written one by one, committed together and read again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from callcenter_etl.errors import OutputError
from callcenter_etl.outputs.modes import make_folder
from callcenter_etl.outputs.staging import (
    EXCEPTIONS,
    REJECTED,
    SUCCESS_NAME,
    TARGET,
    StagedParts,
    Staging,
    new_folder,
)
from callcenter_etl.outputs.targets import sync_folder

NAMES = (TARGET, EXCEPTIONS, REJECTED)
MANIFEST_NAME = "parts.json"
_ATTEMPTS = "_temporary"


class AttemptStaging(Staging):
    """The files of one attempt at one part, in a folder that no other attempt has."""

    def __init__(self, folder: Path, part: int, mode: int | None) -> None:
        attempt = folder / _ATTEMPTS / f"{part:05d}-{os.urandom(8).hex()}"
        new_folder(attempt)
        super().__init__(folder, attempt, mode)

    def told(self, records: Mapping[str, int]) -> dict[str, Any]:
        """Make the files durable and tell of them; `records` is how many each holds."""
        for file in self.files.values():
            file.close()
        sync_folder(self.directory)
        return {
            name: {
                "path": str(file.path),
                "bytes": file.bytes,
                "sha256": file.sha256,
                "records": records[name],
            }
            for name, file in self.files.items()
        }


def commit_parts(folder: Path, told: Sequence[Mapping[str, Any]], mode: int | None) -> None:
    """Give the files of the attempts that count their names, mark each folder complete, and write what was told.

    A file without records is left out, unless there is no other. What other attempts wrote is removed. With an
    error told of, nothing is committed but that.
    """
    try:
        if not any("error" in part for part in told):
            for name in NAMES:
                _commit(folder / name, [(part["part"], part["files"][name]) for part in told], mode)
        shutil.rmtree(folder / _ATTEMPTS, ignore_errors=True)
        _write(folder / MANIFEST_NAME, json.dumps(sorted(told, key=lambda part: int(part["part"]))).encode())
        sync_folder(folder)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from error


def _commit(home: Path, files: list[tuple[int, Mapping[str, Any]]], mode: int | None) -> None:
    make_folder(home, mode)
    ordered = sorted(files, key=lambda file: file[0])
    kept = [(part, file) for part, file in ordered if file["records"]] or ordered[:1]
    for part, file in kept:
        Path(file["path"]).replace(home / part_name(part))
    _write(home / SUCCESS_NAME, b"")
    sync_folder(home)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def part_name(part: int) -> str:
    """Give the name of a part file; by name they are in the order of the source."""
    return f"part-{part:05d}.csv"


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """Give what was told of each part, in order. Raises OutputError where nothing was committed."""
    try:
        told: list[dict[str, Any]] = json.loads((folder / MANIFEST_NAME).read_bytes())
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder}: what the tasks wrote was not committed there ({error})") from error
    return told


def staged_parts(folder: Path, name: str, told: Sequence[Mapping[str, Any]]) -> StagedParts:
    """Give the committed folder of one name. Raises OutputError where a part is not there as it was told of."""
    home, lines, size = folder / name, [], 0
    files = {part_name(part["part"]): part["files"][name] for part in told}
    found = sorted(part_files(home))
    for path in found:
        file = files[path.name]
        if path.stat().st_size != file["bytes"]:
            raise OutputError(
                f"{path}: {file['bytes']:,} bytes were written, there are {path.stat().st_size:,}"
            )
        lines.append(f"{file['sha256']}  {path.name}\n")
        size += file["bytes"]
    sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()
    return StagedParts(home, size, sha256, len(found))


def part_files(home: Path) -> Iterator[Path]:
    """Give the part files of a folder, in the order of the source."""
    return iter(sorted(home.glob("part-*.csv")))


def stands(home: Path, *, parts: int, size: int) -> bool:
    """Tell whether a published folder is complete and has so many parts and bytes."""
    found = list(part_files(home))
    total = sum(path.stat().st_size for path in found)
    return (home / SUCCESS_NAME).exists() and (len(found), total) == (parts, size)
