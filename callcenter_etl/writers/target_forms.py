"""The forms that a target has in an output folder: one file or a folder; a new one takes the place of any other."""

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
_BEFORE = ".target.before"  # an earlier folder, until the new one has its name
_GONE = ".target.gone"  # one on its way out
_MARKS = (MANIFEST,)  # one of these tells a target from a folder of somebody else's
# Of a file that its folder's manifest names.
LOST = "is gone, though the target's _manifest.json names it (write: overwrite replaces the target whole)"
_ELSEWHERE = "move it away, or name another output"


def is_target_folder(folder: Path) -> bool:
    """Check whether a folder was published as a target; a link to one was not, and what it links to is not ours."""
    try:
        return is_own_folder(folder) and any((folder / mark).exists() for mark in _MARKS)
    except OSError as error:  # a folder that this user may not look into
        raise OutputError(f"{folder}: {error.strerror or error}") from error


def is_of_target(name: str) -> bool:
    """Return whether a file of this name may be one of a target that is a folder."""
    return name in _MARKS or is_data_name(name) or is_of_parts(name)


def is_folder(path: Path) -> bool:
    """Check for a folder, or a link to one. Raises OutputError where this user may not look there."""
    try:
        return path.is_dir()
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from error


def is_own_folder(path: Path) -> bool:
    """Check that a path is a folder itself, and not a link to one."""
    return path.is_dir() and not path.is_symlink()


def names_in(folder: Path) -> set[str]:
    """Return the names of all that is in a folder."""
    return {each.name for each in folder.iterdir()}


def is_parts_folder(folder: Path) -> bool:
    """Check whether a folder is one of part files, and nothing else. Raises OutputError where it cannot be read."""
    try:
        return is_own_folder(folder) and are_parts(names_in(folder))
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from error


def refuse_foreign_folder(output: Path) -> None:
    """Raise OutputError where something that is no target of this program has the name of one."""
    folder = output / TARGET_FOLDER
    with translate_os_errors(folder):
        is_foreign = entry_exists(folder) and not is_target_folder(folder) and not is_parts_folder(folder)
    if is_foreign:
        raise OutputError(f"{folder}: is no target of this program ({_ELSEWHERE})")


def refuse_folders(output: Path, names: Collection[str]) -> None:
    """Raise OutputError where a folder has the name of one of a run's files: no file could take its place.

    Asked before anything is read, as the earlier summary is gone by the time at which a rename would fail.
    """
    for name in names:
        path = output / name
        if is_own_folder(path):
            raise OutputError(f"{path}: is a folder, where a run publishes a file ({_ELSEWHERE})")


def refuse_link(path: Path) -> None:
    """Raise OutputError where a link has the name of one of a run's folders: it would write outside of the output."""
    if path.is_symlink():
        raise OutputError(f"{path}: is a symbolic link, where a run keeps a folder ({_ELSEWHERE})")


def refuse_foreign_objects(output: str, storage: StorageOptions) -> None:
    """Raise OutputError where objects under the prefix of a target that is a folder are none of this program's."""
    home = within(output, TARGET_FOLDER)
    try:
        there = access.expand(f"{home}/", storage)
    except MissingError:
        return
    foreign = [uri for uri in there if not is_of_target(base_name(uri))]
    if foreign:
        raise OutputError(f"{shown(foreign[0])}: is no object of this program ({_ELSEWHERE})")


def refuse_foreign_parts(output: str, storage: StorageOptions) -> None:
    """Raise OutputError where something else has the name of a folder of part files."""
    for name in IN_PARTS:
        home = within(output, name)
        if _is_foreign_local(Path(local_path(home))) if is_local(output) else _is_foreign(home, storage):
            raise OutputError(f"{shown(home)}: is no output of this program ({_ELSEWHERE})")


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
    """Raise OutputError where the target of an output is a Delta table, which no target of another form replaces."""
    log = within(within(output, TARGET_FOLDER), DELTA_LOG)
    with translate_os_errors(shown(log)):
        is_table = is_folder(Path(local_path(log))) if is_local(output) else access.has_objects(log, storage)
    if is_table:
        raise OutputError(
            f"{shown(within(output, TARGET_FOLDER))}: is a Delta table, with the records of earlier runs"
            " (name another output, or --target-format delta)"
        )


def restore(output: Path) -> None:
    """Undo half of a replacement: the earlier folder gets its name again where the new one had not got it yet."""
    before, folder = output / _BEFORE, output / TARGET_FOLDER
    for name in (_GONE, _BEFORE):
        if entry_exists(output / name) and not is_own_folder(output / name):
            raise OutputError(f"{output / name}: is no folder of this program ({_ELSEWHERE})")
    if (output / _GONE).is_dir():
        shutil.rmtree(output / _GONE)
    if not before.is_dir():
        return
    if entry_exists(folder):
        shutil.rmtree(before)
    else:
        before.rename(folder)


def replace_target(output: Path, name: str, new: Path | None) -> None:
    """Give a finished file or folder its name in the output, in the place of an earlier target of any form.

    With `new` None the target called `name` is there by other means, and only other forms go.
    """
    if new is not None and name == TARGET_FOLDER:
        _replace_folder(output, new)
    elif new is not None:
        new.replace(output / name)
    remove_targets(output, but=name)


def remove_targets(output: Path, *, but: str | None = None) -> None:
    """Remove an earlier run's target of any form; a folder that is none stays."""
    for name in TARGET_FILES:
        if name != but:
            (output / name).unlink(missing_ok=True)
    folder = output / TARGET_FOLDER
    if but != TARGET_FOLDER and is_target_folder(folder):
        gone = output / _GONE
        folder.rename(gone)  # so that a folder half removed is none
        shutil.rmtree(gone)


def _replace_folder(output: Path, new: Path) -> None:
    """Swap folders in two renames; `put_back` mends what a crash between them leaves."""
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
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
