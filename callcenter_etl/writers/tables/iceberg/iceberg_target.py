"""Iceberg target of a run: the table that the contract names, in a catalog that pyiceberg knows."""

from __future__ import annotations

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.utils.config import Config

from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.store.uris import shown
from callcenter_etl.writers.tables.arrow_schema import table_schema
from callcenter_etl.writers.tables.iceberg.iceberg_storage import IcebergTableStorage
from callcenter_etl.writers.tables.iceberg.iceberg_table import IcebergTable
from callcenter_etl.writers.tables.iceberg.iceberg_types import as_iceberg, iceberg_schema
from callcenter_etl.writers.tables.table_target_writer import CommittingSink, TableTarget, refuse_names
from callcenter_etl.writers.tables.target_writer import SinkPlan

FORMAT = "iceberg"
DEFAULT_CATALOG = "default"


def iceberg_sink(plan: SinkPlan) -> CommittingSink:
    """Return the sink that writes a run's target into an Iceberg table.

    Raises UsageError where the contract names no table or does not fit it, OutputError where it cannot be read.
    """
    refuse_names(plan)
    document, settings = plan.document, plan.document.run.table
    if settings.identifier is None or "." not in settings.identifier:
        raise UsageError(
            "target format 'iceberg' needs run.table.identifier, a namespace and a name such as calls.daily"
        )
    if settings.uri is not None:
        raise UsageError(
            "run.table.uri is of Delta tables (the catalog decides where an Iceberg table is stored)"
        )
    if plan.publish_to is not None:
        raise UsageError(f"{shown(plan.publish_to)}: a table is not copied by a run (leave out publish_to)")
    name = settings.catalog or DEFAULT_CATALOG
    layout = plan.layout or TableLayout()
    table = IcebergTable(
        catalog_named(name),
        settings.identifier,
        iceberg_schema(table_schema(document)),
        layout=layout,
        contract=document.contract,
        redacted=[column.name for column in document.columns if column.classification != "public"],
        mode=plan.mode,
    )
    place = IcebergTableStorage(table, plan.mode)
    uri = f"iceberg://{name}/{settings.identifier}"
    return CommittingSink(
        plan, TableTarget(FORMAT, uri, table, place, table.ready, as_iceberg, table.translate_errors)
    )


def catalog_named(name: str) -> Catalog:
    """Return the catalog that the environment and `.pyiceberg.yaml` configure under a name.

    Raises UsageError where the configuration is incomplete, OutputError where the catalog cannot be reached.
    """
    # pyiceberg reads the configuration when it is imported; it is read again, since both may have changed since then.
    try:
        declared = Config().get_catalog_config(name) or {}
        return load_catalog(name, **{key: text for key, text in declared.items() if isinstance(text, str)})
    except ValueError as error:
        raise UsageError(
            f"catalog {name!r} is not configured for pyiceberg: {shown(str(error))}"
            f" (name its type and address in ~/.pyiceberg.yaml, or in PYICEBERG_CATALOG__{name.upper()}__URI)"
        ) from error
    except Exception as error:  # each kind of catalog raises the errors of a library of its own
        raise OutputError(f"catalog {name!r} cannot be reached: {shown(str(error))[:500]}") from error
