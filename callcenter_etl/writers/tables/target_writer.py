"""What takes a run's accepted records from their staged stream to a target of another form than CSV."""

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

if TYPE_CHECKING:  # who asks for the runs of a ledger need not wait for Arrow
    import pyarrow as pa


TABLE_FORMATS = ("delta", "iceberg")  # of what is added to, whatever is beside it


@dataclass(frozen=True, slots=True)
class TargetProvenance:
    """Which run's records, of which source under which contract.

    `options` are those of the run that change which records are accepted.
    """

    run_id: str
    source_uri: str
    source_bytes: int
    source_sha256: str
    contract_sha256: str
    options: str


@dataclass(frozen=True, slots=True)
class StagedRecords:
    """The accepted records at the end of a run, and whose they are.

    `stream` is read with `tables.staged.read_batches`; its batches have `schema` and together `records` records, in
    source order; with `force` they are written even where the target holds them. `scratch` is a new folder in the run's staging folder, on the file system of a local output.
    """

    stream: Path
    schema: pa.Schema
    records: int
    scratch: Path
    whose: TargetProvenance
    force: bool = False


@dataclass(frozen=True, slots=True)
class TargetFile:
    """One file of a target that is a folder; `path` is relative to it, with `/`.

    One that is not `new` was there before and stays as it is.
    """

    path: str
    bytes: Count
    sha256: str
    records: Count
    new: bool = True


@dataclass(frozen=True, slots=True)
class BuiltTarget:
    """A target that is finished and not yet to be seen.

    `name` is what it is called in the output (`target.parquet`, `target`). Where `path` is given, the run itself moves
    or uploads that file or folder there; where it is None the sink's `commit` makes it visible, and `uri` says where.
    `records` are those of this run, counted in what was written; `bytes` and `sha256` are those of the file, or, where
    it is a folder, of all `files` in it: the sum of their sizes, and `listing_sha256` of them. `version` is that of a table.
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
    """Writes one run's target. The run calls `stage`, then `commit` among its other files, `close` in any case.

    Where it `accumulates`, an earlier target holds other sources' records too: it stays where this run publishes none.
    """

    @property
    def accumulates(self) -> bool:
        """Return whether an earlier target is added to, not replaced."""

    def holds(self, whose: TargetProvenance) -> bool:
        """Return whether the target has these records already, as a run of the same would leave it."""

    def stage(self, accepted: StagedRecords) -> BuiltTarget:
        """Write the records where no reader sees them. Raises OutputError; must leave earlier data as it is."""

    def commit(self) -> BuiltTarget | None:
        """Make them visible, all or nothing; done between the earlier summary's removal and the new summary.

        Gives the target where only now all is known of it.
        """

    def close(self) -> None:
        """Remove what was staged and not committed."""


@dataclass(frozen=True, slots=True)
class SinkPlan:
    """What a sink is reported before the run: the contract, and where its target goes. `mode` is that of new files.

    With `parts` the target is a folder of part files, which the run writes itself.
    """

    document: ContractDocument
    output: str
    storage: StorageOptions = field(default_factory=StorageOptions)
    mode: int | None = None
    publish_to: str | None = None
    parts: bool = False

    @property
    def layout(self) -> TableLayout | None:
        """The declared layout, None for one file in source order."""
        return self.document.run.layout

    @property
    def write(self) -> Write:
        """What of an earlier target is replaced."""
        return self.document.run.write or "overwrite"

    def check_write(self) -> None:
        """Raise UsageError where partitions are to be replaced and the layout has none."""
        if self.write == "replace_partitions" and not (self.layout or TableLayout()).folders:
            raise UsageError(
                "write: replace_partitions needs partitions (declare run.layout with partition_by or buckets)"
            )
