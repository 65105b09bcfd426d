"""Folders of part files: commit the parts of all tasks together, list them, and check that they are complete."""

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
MAX_PARTS = 10_000  # the number of objects that can be completed within the lease that publishing to S3 has
PartMetadata = Mapping[
    str, Any
]  # the JSON object that a task returns about its part, or about one file of it


@dataclass(frozen=True, slots=True)
class StagedParts:
    """A finished folder of part files: bytes and number of its parts, each of which begins with the header.

    `sha256` is the hash of the lines that `sha256sum part-*` prints in the folder.
    """

    bytes: int
    sha256: str
    parts: int

    @classmethod
    def of(cls, files: Sequence[tuple[int, PartMetadata]]) -> StagedParts:
        """Return the folder of these files, each with the number of its part."""
        sha256 = folder_sha256([(part_name(part), file["sha256"]) for part, file in files])
        return cls(sum(file["bytes"] for _, file in files), sha256, len(files))


def folder_sha256(files: Sequence[tuple[str, str]]) -> str:
    """Return the hash of a folder of part files with these names and hashes, in order."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def kept_files(name: str, parts: Sequence[PartMetadata]) -> list[tuple[int, PartMetadata]]:
    """Return the files of a folder with their part numbers, in order: those with records, or the first if none has."""
    ordered = sorted(((part["part"], part["files"][name]) for part in parts), key=lambda file: file[0])
    return [(part, file) for part, file in ordered if file["records"]] or ordered[:1]


def commit_parts(folder: Path, parts: Sequence[PartMetadata], mode: int | None) -> None:
    """Rename the files of the committed attempts to part names, mark each folder complete, and write the manifest.

    The files of other attempts are removed. Where a part has an error, only the manifest is written. Raises OutputError.
    """
    with translate_os_errors(folder):
        if not any("error" in part for part in parts):
            for name in IN_PARTS:
                _commit(folder / name, kept_files(name, parts), mode)
        remove_tree(folder / ATTEMPTS)
    # Last: a manifest exists only where all renames above succeeded.
    write_manifest(folder, parts)


def _commit(home: Path, files: Sequence[tuple[int, PartMetadata]], mode: int | None) -> None:
    make_folder(home, mode)
    for part, file in files:
        Path(file["path"]).replace(home / part_name(part))
    _write(home / SUCCESS_NAME, b"")
    sync_folder(home)


def write_manifest(folder: Path, parts: Sequence[PartMetadata]) -> None:
    """Write the metadata of all parts, sorted by number, for `read_manifest`. Raises OutputError."""
    with translate_os_errors(folder):
        _write(folder / MANIFEST_NAME, json.dumps(sorted(parts, key=lambda part: int(part["part"]))).encode())
        sync_folder(folder)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """Return the metadata of each part, in order. Raises OutputError where no parts were committed."""
    try:
        parts: list[dict[str, Any]] = parse_array(read_regular_file(folder / MANIFEST_NAME))
    except (OSError, DocumentError) as error:
        raise OutputError(f"{folder}: what the tasks wrote was not committed there ({error})") from error
    return parts


def staged_parts(folder: Path, name: str, parts: Sequence[PartMetadata]) -> StagedParts:
    """Return the committed folder of one name. Raises OutputError where a part is missing or has another size."""
    # Executors may see another file system than the driver under the same path, so the files are looked for here.
    home, files = folder / name, kept_files(name, parts)
    there = access.sizes_in(str(home))
    for part, file in files:
        size = there.get(part_name(part))
        if size != file["bytes"]:
            found = "it is not there" if size is None else f"there are {size:,}"
            raise OutputError(f"{home / part_name(part)}: {file['bytes']:,} bytes were written, {found}")
    return StagedParts.of(files)


def file_uris(output: str, name: str, *, parts: int | None, storage: StorageOptions) -> list[str]:
    """Return the address of a published CSV file, or those of its `parts` part files in the order of the source.

    Raises SourceError where a file is not a regular one, or part files are missing.
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


def is_published(output: str, name: str, *, parts: int, size: int, storage: StorageOptions) -> bool:
    """Return whether a published folder is complete and has this number of parts and bytes. Raises SourceError."""
    there = access.sizes_in(within(output, name), storage)
    sizes = [found for each, found in there.items() if is_part_name(each)]
    return SUCCESS_NAME in there and (len(sizes), sum(sizes)) == (parts, size)
