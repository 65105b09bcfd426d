"""Folders of part files: how they are named, committed together in a folder, and found again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.documents import DocumentError, parse_array, read_regular_file
from callcenter_etl.errors import OutputError, SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store import access
from callcenter_etl.store.uris import shown, within
from callcenter_etl.temporary import remove_tree
from callcenter_etl.writers.file_names import FILE_NAMES, IN_PARTS, SUCCESS_NAME, is_part_name, part_name
from callcenter_etl.writers.permissions import make_folder
from callcenter_etl.writers.target_forms import sync_folder

MANIFEST_NAME = "parts.json"
ATTEMPTS = "_temporary"
MAX_PARTS = 10_000  # so many objects of each name can be completed in the time that publishing to S3 has
Told = Mapping[str, Any]  # what a task tells of its part, or of one file of it


@dataclass(frozen=True, slots=True)
class StagedParts:
    """A finished folder of part files: bytes and number of its parts. Each part begins with the preamble.

    `sha256` is the hash of the lines that `sha256sum part-*` prints there.
    """

    bytes: int
    sha256: str
    parts: int

    @classmethod
    def of(cls, files: Sequence[tuple[int, Told]]) -> StagedParts:
        """Return the folder that these files make, each told of with the number of its part."""
        sha256 = folder_sha256([(part_name(part), file["sha256"]) for part, file in files])
        return cls(sum(file["bytes"] for _, file in files), sha256, len(files))


def folder_sha256(files: Sequence[tuple[str, str]]) -> str:
    """Return the hash of a folder whose part files have these names and hashes, in order."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def kept_files(name: str, told: Sequence[Told]) -> list[tuple[int, Told]]:
    """Return the files that make up a folder, in order: those with records, or the first where none has any."""
    ordered = sorted(((part["part"], part["files"][name]) for part in told), key=lambda file: file[0])
    return [(part, file) for part, file in ordered if file["records"]] or ordered[:1]


def commit_parts(folder: Path, told: Sequence[Told], mode: int | None) -> None:
    """Give the files of the attempts that count their names, mark each folder complete, and write what was given.

    What other attempts wrote is removed. With an error told of, nothing is committed but that.
    """
    with translate_os_errors(folder):
        if not any("error" in part for part in told):
            for name in IN_PARTS:
                _commit(folder / name, kept_files(name, told), mode)
        remove_tree(folder / ATTEMPTS)
    write_manifest(folder, told)


def _commit(home: Path, files: Sequence[tuple[int, Told]], mode: int | None) -> None:
    make_folder(home, mode)
    for part, file in files:
        Path(file["path"]).replace(home / part_name(part))
    _write(home / SUCCESS_NAME, b"")
    sync_folder(home)


def write_manifest(folder: Path, told: Sequence[Told]) -> None:
    """Write what was given of all parts, for `read_manifest`."""
    with translate_os_errors(folder):
        _write(folder / MANIFEST_NAME, json.dumps(sorted(told, key=lambda part: int(part["part"]))).encode())
        sync_folder(folder)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """Return what was given of each part, in order. Raises OutputError where nothing was committed."""
    try:
        told: list[dict[str, Any]] = parse_array(read_regular_file(folder / MANIFEST_NAME))
    except (OSError, DocumentError) as error:
        raise OutputError(f"{folder}: what the tasks wrote was not committed there ({error})") from error
    return told


def staged_parts(folder: Path, name: str, told: Sequence[Told]) -> StagedParts:
    """Return the committed folder of one name. Raises OutputError where a part is not there as it was given of."""
    home, files = folder / name, kept_files(name, told)
    there = access.sizes_in(str(home))
    for part, file in files:
        size = there.get(part_name(part))
        if size != file["bytes"]:
            found = "it is not there" if size is None else f"there are {size:,}"
            raise OutputError(f"{home / part_name(part)}: {file['bytes']:,} bytes were written, {found}")
    return StagedParts.of(files)


def file_uris(output: str, name: str, *, parts: int | None, storage: StorageOptions) -> list[str]:
    """Return one of a run's published CSV files, or its part files in the order of the source, of which there are `parts`.

    Raises SourceError, also where not all of them are there.
    """
    if parts is None:
        file = within(output, FILE_NAMES[name])
        access.check_regular(file)
        return [file]
    home = within(output, name)
    there = sorted(each for each in access.sizes_in(home, storage) if is_part_name(each))
    if len(there) != parts:
        raise SourceError(
            f"{shown(home)}: {parts:,} part files were published, {len(there):,} are there (validate again)"
        )
    files = [within(home, each) for each in there]
    for file in files:
        access.check_regular(file)
    return files


def stands(output: str, name: str, *, parts: int, size: int, storage: StorageOptions) -> bool:
    """Return whether a published folder is complete and has so many parts and bytes. Raises SourceError."""
    there = access.sizes_in(within(output, name), storage)
    sizes = [found for each, found in there.items() if is_part_name(each)]
    return SUCCESS_NAME in there and (len(sizes), sum(sizes)) == (parts, size)
