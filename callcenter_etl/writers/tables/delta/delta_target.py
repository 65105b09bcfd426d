"""Delta target of a run: `target` in its output, or the table that the contract names."""

from __future__ import annotations

from pathlib import Path

from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store import access
from callcenter_etl.store.uris import is_local, local_path, shown
from callcenter_etl.writers.file_names import holds_parts
from callcenter_etl.writers.tables.arrow_schema import table_schema
from callcenter_etl.writers.tables.delta.delta_table import DeltaLakeTable
from callcenter_etl.writers.tables.delta.delta_types import (
    as_delta,
    delta_schema,
    file_schema,
    partition_columns,
)
from callcenter_etl.writers.tables.manifest import read_manifest
from callcenter_etl.writers.tables.table_storage import table_storage
from callcenter_etl.writers.tables.table_target_writer import (
    CommittingSink,
    TableTarget,
    default_uri,
    refuse_names,
)
from callcenter_etl.writers.tables.target_writer import SinkPlan
from callcenter_etl.writers.target_forms import is_folder, is_target_folder

FORMAT = "delta"


def delta_sink(plan: SinkPlan) -> CommittingSink:
    """Return the sink that writes a run's target into a Delta table.

    Raises UsageError where the contract does not fit the table, OutputError where the table cannot be read.
    """
    refuse_names(plan)
    document, settings = plan.document, plan.document.run.table
    if settings.catalog is not None or settings.identifier is not None:
        raise UsageError("run.table.catalog and identifier are of Iceberg tables (a Delta table has a uri)")
    if plan.publish_to is not None:
        raise UsageError(
            f"{shown(plan.publish_to)}: a table is not copied by a run (name an s3:// prefix in run.table.uri)"
        )
    uri = settings.uri or default_uri(plan)
    _refuse_other_forms(plan, uri)
    layout = plan.layout or TableLayout()
    schema = delta_schema(table_schema(document), layout)
    place = table_storage(uri, plan.storage, plan.mode)
    table = DeltaLakeTable(
        uri,
        schema,
        partition_columns=partition_columns(layout),
        contract=document.contract,
        description=document.description,
        redacted=[column.name for column in document.columns if column.classification != "public"],
        place=place,
        storage=plan.storage,
        mode=plan.mode,
    )
    return CommittingSink(
        plan,
        TableTarget(
            FORMAT, uri, table, place, lambda: file_schema(schema, layout), as_delta, table.translate_errors
        ),
    )


def _refuse_other_forms(plan: SinkPlan, uri: str) -> None:
    """Raise OutputError where a target of another form is in the table's folder or prefix."""
    if is_local(uri):
        folder = Path(local_path(uri))
        with translate_os_errors(folder):
            parquet, parts = is_target_folder(folder), is_folder(folder) and holds_parts(access.sizes_in(uri))
    else:
        parquet = read_manifest(uri, plan.storage) is not None
        parts = holds_parts(access.sizes_in(uri, plan.storage))
    if parquet or parts:
        form = "is a Parquet target" if parquet else "is a folder of part files"
        raise OutputError(f"{shown(uri)}: {form} (move it away, or name another output)")
