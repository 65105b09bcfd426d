"""A catalog in SQLite with its warehouse beside it, and the table of the deliveries in it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import Table

from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.writers.tables.iceberg.iceberg_storage import IcebergTableStorage
from callcenter_etl.writers.tables.iceberg.iceberg_table import IcebergTable
from callcenter_etl.writers.tables.iceberg.iceberg_types import as_iceberg, iceberg_schema
from tests.tables.deliveries import PLAIN, SCHEMA, Goal

IDENTIFIER = "calls.daily"


def properties(folder: Path) -> dict[str, str]:
    return {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}


def new_catalog(folder: Path) -> Catalog:
    return load_catalog("tests", **properties(folder))


def table_of(catalog: Catalog) -> Table:
    return catalog.load_table(IDENTIFIER)


def goal_in(catalog: Catalog, layout: TableLayout = PLAIN, schema: pa.Schema = SCHEMA) -> Goal:
    table = IcebergTable(
        catalog, IDENTIFIER, iceberg_schema(schema), layout=layout, contract="calls", redacted=()
    )
    return Goal(table, IcebergTableStorage(table, None), table.ready(), as_iceberg)
