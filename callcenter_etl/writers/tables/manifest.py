"""Manifest of a target folder: its files with their hashes, its layout, its columns."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.documents import DocumentError, parse_object, to_form
from callcenter_etl.errors import OutputError, SourceError
from callcenter_etl.store import access
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.uris import is_local, local_path, shown, within
from callcenter_etl.writers.file_names import is_data_name
from callcenter_etl.writers.permissions import open_private
from callcenter_etl.writers.tables.arrow_schema import table_schema
from callcenter_etl.writers.tables.target_writer import SinkPlan, TargetFile
from callcenter_etl.writers.target_forms import MANIFEST, PARQUET, TARGET_FOLDER

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """Content of `_manifest.json`. All files of a folder have the same `layout` and `columns`."""

    contract: Mapping[str, str]
    layout: Mapping[str, Any]
    columns: Mapping[str, str]
    files: tuple[TargetFile, ...] = ()

    @classmethod
    def of(cls, document: ContractDocument, layout: TableLayout) -> Self:
        """Return the manifest of a target without files."""
        return cls(
            contract={"id": document.contract, "version": document.version},
            # `sort_by` may change between runs: it orders records within a file, not files in folders.
            layout=layout.model_dump(include={"partition_by", "buckets"}, mode="json"),
            columns={field.name: str(field.type) for field in table_schema(document)},
        )

    def with_files(self, files: tuple[TargetFile, ...]) -> Self:
        """Return this manifest with other files."""
        return replace(self, files=files)

    def refuse_other(self, new: Manifest, output: str) -> None:
        """Raise OutputError where files of the new manifest do not fit those of this one: another layout, other columns."""
        remedy = "write: overwrite replaces it whole; or name another output"
        where = shown(within(output, TARGET_FOLDER))
        if self.layout != new.layout:
            raise OutputError(f"{where}: has another layout than the contract's run.layout ({remedy})")
        if self.columns != new.columns:
            changed = sorted(
                name
                for name in {**self.columns, **new.columns}
                if self.columns.get(name) != new.columns.get(name)
            )
            raise OutputError(f"{where}: has other columns: {', '.join(map(repr, changed))} ({remedy})")

    def to_json(self) -> bytes:
        """Return the text of the manifest, which depends on its files alone, not on the run or the time."""
        files = [
            {"path": file.path, "bytes": file.bytes, "sha256": file.sha256, "records": file.records}
            for file in self.files
        ]
        values = {"version": _VERSION, "format": PARQUET, "contract": self.contract, "layout": self.layout}
        return (json.dumps({**values, "columns": self.columns, "files": files}, indent=1) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Return the manifest of a text that `to_json` wrote. Raises DocumentError for any other text."""
        values = parse_object(text)
        if values.get("version") != _VERSION:
            raise DocumentError(f"version: is not {_VERSION}")
        found = to_form(Manifest, values)
        # Files are removed and linked by these paths, so a forged one must not point outside of the folder.
        outside = [file.path for file in found.files if not _is_below(file.path)]
        if outside:
            raise DocumentError(f"files: {outside[0]!r} is not a path below the folder")
        return cls(
            found.contract,
            found.layout,
            found.columns,
            tuple(replace(file, new=False) for file in found.files),
        )


def _is_below(path: str) -> bool:
    """Return whether a path has the form of a data file's: relative and without `..`."""
    *folders, name = path.split("/")
    return is_data_name(name) and not {"", ".", ".."} & set(folders) and "\0" not in path


def listing_sha256(files: Iterable[TargetFile]) -> str:
    """Return the SHA-256 of the lines that `sha256sum` prints for the files, sorted by the bytes of their paths."""
    ordered = sorted(files, key=lambda file: file.path.encode())
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in ordered)
    return hashlib.sha256(lines.encode()).hexdigest()


def previous_manifest(plan: SinkPlan) -> Manifest | None:
    """Return the manifest in an output, None where the output has no target folder. Raises OutputError."""
    return read_manifest(within(plan.output, TARGET_FOLDER), plan.storage)


def read_manifest(folder: str, storage: StorageOptions) -> Manifest | None:
    """Return the manifest in a target folder, None where it has none. Raises OutputError where it cannot be read."""
    uri = within(folder, MANIFEST)
    try:
        return Manifest.from_json(access.read_document(uri, storage))
    except MissingError:
        return None
    except (SourceError, DocumentError) as error:
        raise OutputError(f"{shown(uri)}: cannot be read: {error} (move the folder away)") from error


def folder_is_complete(folder: str, sha256: str, storage: StorageOptions) -> bool:
    """Return whether a target folder is complete: its manifest's listing has this hash, and all its files exist.

    Local files must have the listed sizes too. Raises SourceError or OutputError where the folder cannot be read.
    """
    manifest = read_manifest(folder, storage)
    if manifest is None or listing_sha256(manifest.files) != sha256:
        return False
    if is_local(folder):
        root = Path(local_path(folder))
        return all(_size_of(root / file.path) == file.bytes for file in manifest.files)
    there = set(access.expand(within(folder, ""), storage))
    return all(within(folder, file.path) in there for file in manifest.files)


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def write_manifest(folder: Path, manifest: Manifest, mode: int | None) -> None:
    """Write the manifest into a folder, durably. Raises OSError."""
    with open(folder / MANIFEST, "xb", opener=lambda name, flags: open_private(name, flags, mode)) as file:
        file.write(manifest.to_json())
        file.flush()
        os.fsync(file.fileno())
