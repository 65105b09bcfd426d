"""Commit files to an Iceberg table through pyiceberg, each commit as the snapshot right after the one that was read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile as IcebergFile
from pyiceberg.manifest import DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.table import Table, TableProperties, Transaction
from pyiceberg.typedef import Record
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.errors import CallcenterEtlError, OutputError, UsageError
from callcenter_etl.writers.tables.arrow_schema import OWN_COLUMNS
from callcenter_etl.writers.tables.iceberg.iceberg_types import partition_fields, plain, value_of, with_ids
from callcenter_etl.writers.tables.iceberg.iceberg_version import (
    PROPERTY_PREFIX,
    SOURCE_PROPERTY,
    IcebergVersion,
    cause_of,
)
from callcenter_etl.writers.tables.table_protocol import Added, ConflictError, TableChange, TableVersion

CONTRACT_PROPERTY = f"{PROPERTY_PREFIX}contract"


class IcebergTable:
    """The Iceberg table of one contract in a catalog. `redacted` are the columns of which its metadata hold no values."""

    def __init__(
        self,
        catalog: Catalog,
        identifier: str,
        schema: pa.Schema,
        *,
        layout: TableLayout,
        contract: str,
        redacted: Collection[str],
        mode: int | None = None,
    ) -> None:
        self._catalog = catalog
        self._identifier = identifier
        self._schema = schema
        self._fields = partition_fields(layout)
        self._contract = contract
        self._redacted = redacted
        self._mode = mode

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """Return the names of the table's partition fields."""
        return tuple(name for _, _, name in self._fields)

    def newest(self) -> IcebergVersion | None:
        """Return the newest version, None where the table does not exist.

        Raises UsageError where the table does not fit this contract, OutputError where it cannot be read.
        """
        with self.translate_errors():
            try:
                table = self._catalog.load_table(self._identifier)
            except NoSuchTableError:
                return None
            if wrong := list(self._faults(table)):
                raise UsageError(f"{self._identifier}: " + "; ".join(wrong))
            return IcebergVersion(table, self._mode)

    def ready(self) -> pa.Schema:
        """Create the table or add missing columns, and return the schema of its data files with the table's field ids.

        Raises UsageError and OutputError as `newest` does.
        """
        # Data files carry the field ids of the table, so the table must exist before the first file is written. A run
        # that ends here leaves a table without rows, or a column of nulls.
        with self.translate_errors():
            self._make_ready()
            return with_ids(self._schema, self.loaded().schema())

    # Another run may add the same columns at the same moment: the next try finds them in the table.
    @retry(
        retry=retry_if_exception_type(CommitFailedException),
        stop=stop_after_attempt(10),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    )
    def _make_ready(self) -> None:
        version = self.newest()
        if version is None:
            self._make()
        else:
            self._bring_up(version.table)

    def loaded(self) -> Table:
        """Return pyiceberg's table, loaded from the catalog now."""
        return self._catalog.load_table(self._identifier)

    def create(self, change: TableChange) -> int:  # noqa: ARG002  files need the ids of a table that is there
        """Create the table without rows. Always raises ConflictError, so that the commit is retried on that table."""
        self.ready()
        raise ConflictError

    def commit(self, version: TableVersion, change: TableChange) -> int:
        """Commit a change as the snapshot after this version's, and return the snapshot's id.

        Raises ConflictError where another writer has committed since.
        """
        if not isinstance(version, IcebergVersion):
            raise TypeError(f"not a version of an Iceberg table: {version!r}")
        table = version.table
        # Set in this process alone: a retry of the library would commit after another writer's snapshot, which nobody
        # has compared with this change.
        table.metadata.properties[TableProperties.COMMIT_NUM_RETRIES] = "0"
        with self.translate_errors():
            try:
                with table.transaction() as transaction:
                    self._stage(transaction, version, change)
            except (CommitFailedException, ValidationException) as error:
                raise ConflictError from error
            done = IcebergVersion(self.loaded(), self._mode)
            return done.version_of(change.origin)

    def _stage(self, transaction: Transaction, version: IcebergVersion, change: TableChange) -> None:
        added = (*change.added, *change.residuals)
        if added or change.removed:
            metadata = {f"{PROPERTY_PREFIX}{name}": str(value) for name, value in change.metadata.items()}
            with transaction.update_snapshot(snapshot_properties=metadata).overwrite() as snapshot:
                for file in change.removed:
                    snapshot.delete_data_file(version.files[file.path])
                for each in added:
                    snapshot.append_data_file(self._data_file(version.table, each))
        # The property of a source names its current content, by which later runs recognise it. It is removed for other
        # sources that lose rows, so that their content no longer counts as present.
        origin = change.origin
        transaction.set_properties({SOURCE_PROPERTY + origin.source_key: origin.content_key})
        known = version.table.properties
        lost = [SOURCE_PROPERTY + key for key in change.removal.disturbed if SOURCE_PROPERTY + key in known]
        if lost:
            transaction.remove_properties(*sorted(lost))

    def _data_file(self, table: Table, added: Added) -> IcebergFile:
        file, schema, spec = added.file, table.schema(), table.spec()
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=file.footer,
            stats_columns=compute_statistics_plan(schema, table.properties),
            parquet_column_mapping=parquet_path_to_id_mapping(schema),
        )
        metrics = statistics.to_serialized_dict()
        # Bounds are values: the metadata must not have those of classified columns.
        redacted = {schema.find_field(name).field_id for name in self._redacted}
        for bounds in ("lower_bounds", "upper_bounds"):
            metrics[bounds] = {
                field: bound for field, bound in metrics[bounds].items() if field not in redacted
            }
        values = [
            value_of(file.partition[field.name], field, schema.find_type(field.source_id))
            for field in spec.fields
        ]
        return IcebergFile.from_args(
            content=DataFileContent.DATA,
            file_path=f"{data_uri(table)}/{added.path}",
            file_format=FileFormat.PARQUET,
            partition=Record(*values),
            file_size_in_bytes=file.bytes,
            sort_order_id=None,
            spec_id=spec.spec_id,
            equality_ids=None,
            key_metadata=None,
            **metrics,
        )

    def _bring_up(self, table: Table) -> None:
        """Add missing columns, and the properties that keep other writers from storing bounds of redacted columns."""
        missing = self._missing(table)
        properties = {name: text for name, text in self._hidden.items() if table.properties.get(name) != text}
        if not missing and not properties:
            return
        with table.transaction() as transaction:
            if missing:
                with transaction.update_schema() as update:
                    update.union_by_name(pa.schema(missing))
            if properties:
                transaction.set_properties(properties)

    @property
    def _hidden(self) -> dict[str, str]:
        # This mode keeps numbers of values and nulls, and no bounds.
        return {f"write.metadata.metrics.column.{name}": "counts" for name in self._redacted}

    def _make(self) -> None:
        """Create the table without rows, partitioned; do nothing where another writer has created it."""
        self._catalog.create_namespace_if_not_exists(self._identifier.rpartition(".")[0])
        properties = {CONTRACT_PROPERTY: self._contract, **self._hidden}
        try:
            # The partitions in the same transaction: no other writer sees the table without them.
            with (
                self._catalog.create_table_transaction(
                    self._identifier, schema=self._schema, properties=properties
                ) as transaction,
                transaction.update_spec() as spec,
            ):
                for column, transform, name in self._fields:
                    spec.add_field(column, transform, name)
        except (TableAlreadyExistsError, CommitFailedException):
            return

    def _faults(self, table: Table) -> Iterator[str]:
        owner = table.properties.get(CONTRACT_PROPERTY)
        if owner not in (None, self._contract):
            yield f"is the table of contract {owner!r}, not of {self._contract!r} (name another table)"
        found, wanted = _spec_faults(table.spec(), table), self._field_faults()
        if found != wanted:
            yield f"is partitioned by {found or 'nothing'}, run.layout says {wanted or 'nothing'} (keep it, or name another table)"
        here = {field.name: field for field in self._schema}
        for there in schema_to_pyarrow(table.schema(), include_field_ids=False):
            field = here.get(there.name)
            if field is None and there.name not in OWN_COLUMNS:
                yield f"has a column {there.name!r} that the contract does not declare (declare it, or name another table)"
            elif field is not None and plain(field.type) != plain(there.type):
                yield (
                    f"column {there.name!r} is {plain(there.type)} in the table and {plain(field.type)} under this contract"
                    " (only new columns can be added: keep its type, or name another table)"
                )

    def _field_faults(self) -> list[str]:
        return [f"{transform}({column}) as {name}" for column, transform, name in self._fields]

    def _missing(self, table: Table) -> list[pa.Field]:
        there = set(table.schema().column_names)
        return [field for field in self._schema if field.name not in there]

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turn the errors of pyiceberg, its catalog and its storage into OutputError."""
        try:
            yield
        except (CallcenterEtlError, ConflictError):
            raise
        except Exception as error:  # each kind of catalog raises the errors of a library of its own
            raise OutputError(f"{self._identifier}: {cause_of(error)}") from error


def data_uri(table: Table) -> str:
    """Return the address of the folder or prefix of a table's data files."""
    declared: str | None = table.properties.get(TableProperties.WRITE_DATA_PATH)
    return (declared or f"{table.location()}/data").rstrip("/")


def _spec_faults(spec: PartitionSpec, table: Table) -> list[str]:
    names: Mapping[int, Any] = {field.field_id: field.name for field in table.schema().fields}
    return [f"{field.transform}({names.get(field.source_id)}) as {field.name}" for field in spec.fields]
