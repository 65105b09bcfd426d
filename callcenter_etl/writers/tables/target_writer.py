"""Protocol of the sinks that write a run's typed target from the staged stream, and the values of that protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.run_defaults import Write
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.documents import Count
from callcenter_etl.errors import UsageError

if TYPE_CHECKING:  # so that commands about the ledger do not import Arrow
    import pyarrow as pa


TABLE_FORMATS = ("delta", "iceberg")  # formats of targets to which several sources add records


@dataclass(frozen=True, slots=True)
class TargetProvenance:
    """The run, the source and the contract of the records of a target.

    `options` are the run options that affect which records are accepted.
    """

    run_id: str
    source_uri: str
    source_bytes: int
    source_sha256: str
    contract_sha256: str
    options: str


@dataclass(frozen=True, slots=True)
class StagedRecords:
    """The accepted records at the end of a run, with their provenance.

    `stream` is read with `staged_records.read_batches`; its batches have `schema` and together `records` records, in
    source order. With `force` they are written even where the target has them already. `scratch` is a new folder in the
    run's staging folder, on the file system of a local output.
    """

    stream: Path
    schema: pa.Schema
    records: int
    scratch: Path
    provenance: TargetProvenance
    force: bool = False


@dataclass(frozen=True, slots=True)
class TargetFile:
    """A file of a target folder; `path` is relative to the folder, with `/`.

    A file that is not `new` was published by an earlier run and is kept.
    """

    path: str
    bytes: Count
    sha256: str
    records: Count
    new: bool = True


@dataclass(frozen=True, slots=True)
class BuiltTarget:
    """A finished target that is not visible to readers yet.

    `name` is its name in the output (`target.parquet`, `target`). The run itself moves or uploads the file or folder at
    `path`; where that is None, the sink's `commit` publishes the target at `uri`. `records` is the number of this run's
    records, counted in the written files. `bytes` and `sha256` are those of the file, or for a folder the sum of the
    sizes of its `files` and their `listing_sha256`. `version` is that of a table.
    """

    name: str
    format: str
    path: Path | None
    bytes: int
    sha256: str
    records: int
    files: tuple[TargetFile, ...] | None = None
    uri: str | None = None
    version: int | None = None


class TableSink(Protocol):
    """Writer of one run's target. The run calls `stage`, then `commit` while it publishes, and `close` in any case."""

    @property
    def accumulates(self) -> bool:
        """Return whether an earlier target has records of other sources, and stays where this run publishes none."""

    def holds(self, provenance: TargetProvenance) -> bool:
        """Return whether the target has these records already, so that a run would not change it."""

    def stage(self, accepted: StagedRecords) -> BuiltTarget:
        """Write the records where no reader sees them, and leave earlier data unchanged. Raises OutputError."""

    # Called after the earlier summary was removed and before the new one is published.
    def commit(self) -> BuiltTarget | None:
        """Publish the records, all or nothing, and return the target where the commit completed its metadata."""

    def close(self) -> None:
        """Remove staged files that were not committed."""


@dataclass(frozen=True, slots=True)
class SinkPlan:
    """Contract and output of a run, for its sink. `mode` are the permissions of new files.

    With `parts` the target is a folder of part files, which the engine writes.
    """

    document: ContractDocument
    output: str
    storage: StorageOptions = field(default_factory=StorageOptions)
    mode: int | None = None
    publish_to: str | None = None
    parts: bool = False

    @property
    def layout(self) -> TableLayout | None:
        """Declared layout, None for one file in source order."""
        return self.document.run.layout

    @property
    def write(self) -> Write:
        """Declared write mode, `overwrite` by default."""
        return self.document.run.write or "overwrite"

    def check_write(self) -> None:
        """Raise UsageError where partitions are to be replaced and the layout has none."""
        if self.write == "replace_partitions" and not (self.layout or TableLayout()).folders:
            raise UsageError(
                "write: replace_partitions needs partitions (declare run.layout with partition_by or buckets)"
            )
