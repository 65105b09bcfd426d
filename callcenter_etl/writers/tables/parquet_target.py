"""Parquet target: one file in source order, or a folder of files by partition and bucket."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.uris import is_local, local_path
from callcenter_etl.writers.file_names import data_name
from callcenter_etl.writers.permissions import make_folder
from callcenter_etl.writers.tables.external_sort import sort_records
from callcenter_etl.writers.tables.manifest import Manifest, listing_sha256, previous_manifest, write_manifest
from callcenter_etl.writers.tables.parquet_file import write_parquet
from callcenter_etl.writers.tables.partition_folders import partition_of
from callcenter_etl.writers.tables.partition_stream import by_folder, refuse_number, sorted_by_of
from callcenter_etl.writers.tables.staged_records import read_batches
from callcenter_etl.writers.tables.target_writer import (
    BuiltTarget,
    SinkPlan,
    StagedRecords,
    TargetFile,
    TargetProvenance,
)
from callcenter_etl.writers.target_forms import (
    LOST,
    PARQUET,
    TARGET_FOLDER,
    TARGET_PARQUET,
    refuse_foreign_folder,
    refuse_foreign_objects,
    sync_folder,
)

_UNNAMED = "_new.parquet"


class ParquetSink:
    """Sink of `target.parquet`, or of the folder `target` where the layout has levels; the run itself publishes them."""

    def __init__(self, plan: SinkPlan) -> None:
        self._plan = plan
        self._layout = plan.layout or TableLayout()
        self._replaces = plan.write == "replace_partitions"
        if plan.write == "append":
            raise UsageError(
                "write: append is for tables (a Parquet target is replaced whole, or by partitions)"
            )
        plan.check_write()
        for output in (plan.output, plan.publish_to):
            if output is not None and is_local(output):
                refuse_foreign_folder(Path(local_path(output)))
            elif output is not None and self._layout.folders:
                refuse_foreign_objects(output, plan.storage)

    @property
    def accumulates(self) -> bool:
        """Return whether the target keeps records of other sources."""
        return self._replaces

    def holds(self, provenance: TargetProvenance) -> bool:  # noqa: ARG002  only a table knows contents by provenance
        """Return False: the ledger and the manifest decide for a Parquet target."""
        return False

    def stage(self, accepted: StagedRecords) -> BuiltTarget:
        """Build the file or folder in the scratch folder. Raises OutputError."""
        with translate_os_errors(accepted.scratch):
            if self._layout.folders:
                return self._folder(accepted)
            return self._file(accepted)

    def commit(self) -> None:
        """Do nothing: the run moves or uploads the built target."""

    def close(self) -> None:
        """Do nothing: the built target is in the run's staging folder, which is removed."""

    def _file(self, accepted: StagedRecords) -> BuiltTarget:
        names = self._layout.sort_by
        batches = read_batches(accepted.stream)
        if names:
            batches = sort_records(batches, accepted.schema, names, accepted.scratch)
        path = accepted.scratch / TARGET_PARQUET
        file = write_parquet(path, batches, accepted.schema, sorted_by=names, mode=self._plan.mode)
        return BuiltTarget(TARGET_PARQUET, PARQUET, path, file.bytes, file.sha256, file.records)

    def _folder(self, accepted: StagedRecords) -> BuiltTarget:
        folder = accepted.scratch / TARGET_FOLDER
        manifest = Manifest.of(self._plan.document, self._layout)
        earlier = previous_manifest(self._plan) if self._replaces else None
        if earlier is not None:
            earlier.refuse_other(manifest, self._plan.output)
        _make_folder(folder, self._plan.mode)
        new = tuple(self._written(accepted, folder))
        kept = () if earlier is None else self._kept(earlier, new, folder)
        # Sorted, so that the same files make the same manifest.
        files = tuple(sorted((*new, *kept), key=lambda file: file.path))
        write_manifest(folder, manifest.with_files(files), self._plan.mode)
        _sync_folders(folder)
        return BuiltTarget(
            name=TARGET_FOLDER,
            format=PARQUET,
            path=folder,
            bytes=sum(file.bytes for file in files),
            sha256=listing_sha256(files),
            records=sum(file.records for file in new),
            files=files,
        )

    def _written(self, accepted: StagedRecords, folder: Path) -> Iterator[TargetFile]:
        """Write one file a folder, and yield each; the records come sorted by folder, so that one file is open."""
        layout, mode = self._layout, self._plan.mode
        sorted_by = sorted_by_of(layout)
        schema = pa.schema(
            [field for field in accepted.schema if field.name not in layout.in_path], accepted.schema.metadata
        )
        groups = by_folder(read_batches(accepted.stream), accepted.schema, layout, accepted.scratch)
        for number, (name, group) in enumerate(groups):
            refuse_number(number)
            _make_folder(folder / name, mode)
            records = (part.select(schema.names) for part in group)
            file = write_parquet(folder / name / _UNNAMED, records, schema, sorted_by=sorted_by, mode=mode)
            # Named by its content: an object of this name on S3 has these bytes already, and is never overwritten.
            named = f"{name}/{data_name(file.sha256)}"
            (folder / name / _UNNAMED).rename(folder / named)
            yield TargetFile(named, file.bytes, file.sha256, file.records)

    def _kept(self, earlier: Manifest, new: tuple[TargetFile, ...], folder: Path) -> Iterator[TargetFile]:
        """Yield the earlier files of partitions for which this run has no records, linked into the new folder."""
        # A partition is replaced as a whole with all its buckets: a day without records in bucket 5 must not keep the
        # old bucket 5.
        layout = self._layout
        replaced = {partition_of(file.path.rpartition("/")[0], layout) for file in new}
        for file in earlier.files:
            if partition_of(file.path.rpartition("/")[0], layout) in replaced:
                continue
            if is_local(self._plan.output):
                there = Path(local_path(self._plan.output)) / TARGET_FOLDER / file.path
                if not there.exists():
                    raise OutputError(f"{there}: {LOST}")
                _make_folder((folder / file.path).parent, self._plan.mode)
                _link(there, folder / file.path)
            yield file


def _make_folder(folder: Path, mode: int | None) -> None:
    """Create a folder and its missing parents. Raises OSError."""
    if folder.is_dir():
        return
    _make_folder(folder.parent, mode)
    make_folder(folder, mode)


def _link(old: Path, new: Path) -> None:
    """Create a hard link to a file, or a copy where the file system has no hard links. Raises OSError."""
    # Linked and not moved: the earlier folder stays whole until the new one is published.
    try:
        new.hardlink_to(old)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
            raise
        shutil.copy2(old, new)


def _sync_folders(folder: Path) -> None:
    """Make the entries of a folder and of all folders below it durable. Raises OSError."""
    for path, _, _ in os.walk(folder):
        sync_folder(Path(path))
