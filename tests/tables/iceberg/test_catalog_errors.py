"""Errors of a catalog in SQLite name the cause, and neither the statement nor its values."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from callcenter_etl.writers.tables.iceberg.iceberg_version import cause_of


def test_a_catalog_that_opens_for_reading_alone_says_where_to_look(tmp_path: Path) -> None:
    with create_engine(f"sqlite:///{tmp_path / 'catalog.db'}").begin() as writer:
        writer.execute(text("CREATE TABLE tables (name TEXT)"))
    reader = create_engine(f"sqlite:///file:{tmp_path / 'catalog.db'}?mode=ro&uri=true")
    with pytest.raises(OperationalError) as caught, reader.begin() as connection:
        connection.execute(text("INSERT INTO tables VALUES (:name)"), {"name": "calls"})
    cause = cause_of(caught.value)
    assert cause.startswith("attempt to write a readonly database: it could be opened for reading alone (")
    assert "INSERT" not in cause
    assert "calls" not in cause
