"""Causes of errors of SQLite, which the ledger and catalogs of Iceberg tables are kept in."""

from __future__ import annotations

import sqlite3


def sqlite_cause(error: sqlite3.OperationalError) -> str:
    """Return the cause of an error of SQLite."""
    if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
        # SQLite opens a file for reading when it cannot open it for writing, whatever the cause, and keeps no cause.
        return f"{error}: it could be opened for reading alone (look at its permissions, the disk, and the limit of open files)"
    return str(error)
