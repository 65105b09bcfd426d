"""Forms of a target in an output folder, a file or a folder: recognise, refuse, replace and remove them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError
from callcenter_etl.os_errors import entry_exists, translate_os_errors
from callcenter_etl.store import access
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.uris import base_name, is_local, local_path, shown, within
from callcenter_etl.writers.file_names import IN_PARTS, are_parts, is_data_name, is_of_parts

TARGET_CSV, TARGET_PARQUET, TARGET_FOLDER = "target.csv", "target.parquet", "target"
TARGET_FILES = (TARGET_CSV, TARGET_PARQUET)
PARQUET = "parquet"  # the format, as a summary names it
DELTA_LOG = "_delta_log"
MANIFEST = "_manifest.json"  # names and hashes of all files of a target that is a folder
_BEFORE = ".target.before"  # the earlier folder, until the new one is renamed
_GONE = ".target.gone"  # an earlier folder that is being deleted
_MARKS = (MANIFEST,)  # files by which a target folder is recognised as this program's
# The end of a message about a missing file that the manifest lists.
LOST = (
    "is missing, although the target's _manifest.json lists it (write: overwrite replaces the target whole)"
)
_ELSEWHERE = "move it away, or name another output"


def is_target_folder(folder: Path) -> bool:
    """Return whether a folder was published as a target. Raises OutputError where it cannot be examined."""
    # Not a link to such a folder: a run would replace or delete files outside of its output.
    try:
        return is_own_folder(folder) and any((folder / mark).exists() for mark in _MARKS)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from error


def is_of_target(name: str) -> bool:
    """Return whether a file of this name may belong to a target folder."""
    return name in _MARKS or is_data_name(name) or is_of_parts(name)


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder or a link to one. Raises OutputError where it cannot be examined."""
    try:
        return path.is_dir()
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from error


def is_own_folder(path: Path) -> bool:
    """Return whether a path is a folder itself, not a link to one. Raises OSError."""
    return path.is_dir() and not path.is_symlink()


def names_in(folder: Path) -> set[str]:
    """Return the names of all entries of a folder. Raises OSError."""
    return {each.name for each in folder.iterdir()}


def is_parts_folder(folder: Path) -> bool:
    """Return whether a path is a folder of part files and nothing else. Raises OutputError where it cannot be read."""
    try:
        return is_own_folder(folder) and are_parts(names_in(folder))
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from error


def refuse_foreign_folder(output: Path) -> None:
    """Raise OutputError where the name of the target folder is taken by something that this program did not write."""
    folder = output / TARGET_FOLDER
    with translate_os_errors(folder):
        is_foreign = entry_exists(folder) and not is_target_folder(folder) and not is_parts_folder(folder)
    if is_foreign:
        raise OutputError(f"{folder}: is not a target of this program ({_ELSEWHERE})")


def refuse_folders(output: Path, names: Collection[str]) -> None:
    """Raise OutputError where a folder has the name of one of a run's files, which a rename cannot replace."""
    # Checked before the source is read: when the rename fails, the earlier summary is removed already.
    for name in names:
        path = output / name
        if is_own_folder(path):
            raise OutputError(f"{path}: is a folder, where a run publishes a file ({_ELSEWHERE})")


def refuse_link(path: Path) -> None:
    """Raise OutputError where a link has the name of one of a run's folders."""
    # Through the link a run would write outside of its output.
    if path.is_symlink():
        raise OutputError(f"{path}: is a symbolic link, where a run keeps a folder ({_ELSEWHERE})")


def refuse_foreign_objects(output: str, storage: StorageOptions) -> None:
    """Raise OutputError where an object under the prefix of a target folder was not written by this program."""
    home = within(output, TARGET_FOLDER)
    try:
        there = access.expand(f"{home}/", storage)
    except MissingError:
        return
    foreign = [uri for uri in there if not is_of_target(base_name(uri))]
    if foreign:
        raise OutputError(f"{shown(foreign[0])}: is not an object of this program ({_ELSEWHERE})")


def refuse_foreign_parts(output: str, storage: StorageOptions) -> None:
    """Raise OutputError where the name of a folder of part files is taken by something else."""
    for name in IN_PARTS:
        home = within(output, name)
        if _is_foreign_local(Path(local_path(home))) if is_local(output) else _is_foreign(home, storage):
            raise OutputError(f"{shown(home)}: is not an output of this program ({_ELSEWHERE})")


def _is_foreign_local(folder: Path) -> bool:
    with translate_os_errors(folder):
        if not entry_exists(folder):
            return False
        return folder.is_symlink() or not folder.is_dir() or _are_foreign(names_in(folder))


def _is_foreign(home: str, storage: StorageOptions) -> bool:
    return _are_foreign(access.sizes_in(home, storage))


def _are_foreign(names: Collection[str]) -> bool:
    return bool(names) and not are_parts(names) and not any(mark in names for mark in _MARKS)


def refuse_table(output: str, storage: StorageOptions) -> None:
    """Raise OutputError where the target of an output is a Delta table, which a target of another form must not replace."""
    log = within(within(output, TARGET_FOLDER), DELTA_LOG)
    with translate_os_errors(shown(log)):
        is_table = is_folder(Path(local_path(log))) if is_local(output) else access.has_objects(log, storage)
    if is_table:
        raise OutputError(
            f"{shown(within(output, TARGET_FOLDER))}: is a Delta table, with the records of earlier runs"
            " (name another output, or --target-format delta)"
        )


def restore(output: Path) -> None:
    """Finish or undo a replacement of the target folder that a crash interrupted. Raises OutputError, OSError."""
    # With the new folder in place, the earlier one is deleted; without it, the earlier one gets its name back.
    before, folder = output / _BEFORE, output / TARGET_FOLDER
    for name in (_GONE, _BEFORE):
        if entry_exists(output / name) and not is_own_folder(output / name):
            raise OutputError(f"{output / name}: is not a folder of this program ({_ELSEWHERE})")
    if (output / _GONE).is_dir():
        shutil.rmtree(output / _GONE)
    if not before.is_dir():
        return
    if entry_exists(folder):
        shutil.rmtree(before)
    else:
        before.rename(folder)


def replace_target(output: Path, name: str, new: Path | None) -> None:
    """Rename a finished file or folder to its name in the output, and remove earlier targets of any other form.

    `new` is None where the target named `name` was published by its sink. Raises OutputError, OSError.
    """
    if new is not None and name == TARGET_FOLDER:
        _replace_folder(output, new)
    elif new is not None:
        new.replace(output / name)
    remove_targets(output, but=name)


def remove_targets(output: Path, *, but: str | None = None) -> None:
    """Remove an earlier run's targets of any form except the one named `but`; a folder of another program stays."""
    for name in TARGET_FILES:
        if name != but:
            (output / name).unlink(missing_ok=True)
    folder = output / TARGET_FOLDER
    if but != TARGET_FOLDER and is_target_folder(folder):
        gone = output / _GONE
        folder.rename(gone)  # a folder that is deleted only in part must not have the name of a target
        shutil.rmtree(gone)


def _replace_folder(output: Path, new: Path) -> None:
    """Replace the target folder by a new one."""
    # No portable call swaps two folders, so this takes two renames; `restore` handles a crash between them.
    restore(output)
    refuse_foreign_folder(output)
    folder, before = output / TARGET_FOLDER, output / _BEFORE
    if folder.exists():
        folder.rename(before)
    new.rename(folder)
    if before.exists():
        sync_folder(output)
        shutil.rmtree(before)


def sync_folder(path: Path) -> None:
    """Make creations, renames and removals in a folder durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
