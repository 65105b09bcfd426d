"""Ledger in an object store: one JSON object a run, below the prefix of the output root."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from callcenter_etl.documents import DocumentError, parse_object
from callcenter_etl.run.ledger.ledger import RunFilter
from callcenter_etl.run.ledger.run_record import (
    RUNNING,
    LedgerEntry,
    RunRecord,
    UnreadableRecord,
    readable,
)

FOLDER = "runs/"
_SUFFIX = ".json"
LOOKED_BACK = 50  # the number of latest objects in which unfinished runs are searched


class ObjectStore(Protocol):
    """The requests that the ledger makes to an object store, below one prefix.

    Methods raise OutputError or SourceError.
    """

    def put(self, key: str, data: bytes) -> None:
        """Write an object, replacing an earlier one."""

    def get(self, key: str) -> bytes | None:
        """Return the content of an object, None where it does not exist."""

    def list(self, prefix: str) -> Iterable[str]:
        """Return the keys that start with `prefix`, in any order."""


class ObjectLedger:
    """The ledger below the prefix of an object store."""

    # Run ids start with the time, so a listing of the keys is in the order of the runs, and no index is needed. There
    # is no lock either: each run writes an object of its own.

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, record: RunRecord) -> None:
        """Write the entry of a run, replacing an earlier one."""
        text = json.dumps(record.to_dict(), indent=2, ensure_ascii=False) + "\n"
        self._store.put(_key_of(record.run_id), text.encode("utf-8"))

    def get(self, run_id: str) -> LedgerEntry | None:
        """Return the entry of a run by its whole id, None where there is none."""
        data = self._store.get(_key_of(run_id))
        if data is None:
            return None
        try:
            record = RunRecord.from_dict(parse_object(data))
        except DocumentError as error:
            return UnreadableRecord(run_id, f"{_key_of(run_id)}: {error}")
        if record.run_id != run_id:
            return UnreadableRecord(run_id, f"{_key_of(run_id)}: holds the record of another run")
        return record

    def ids(self, prefix: str) -> Sequence[str]:
        """Return the run ids that start with `prefix`, sorted."""
        names = (key.removeprefix(FOLDER) for key in self._store.list(FOLDER + prefix))
        # A run id starts with a year. Other objects may be there too: the output of a source named runs.csv is.
        return sorted(
            name.removesuffix(_SUFFIX) for name in names if name[:1].isdigit() and name.endswith(_SUFFIX)
        )

    def runs(self, wanted: RunFilter) -> Sequence[LedgerEntry]:
        """Return the entries of the wanted runs, the latest first."""
        return list(islice((record for record in self._latest() if wanted.takes(record)), wanted.limit))

    def unfinished(self, output: str) -> Sequence[RunRecord]:
        """Return the runs into one output, among the latest ones, that have no recorded end."""
        latest = islice(self._latest(), LOOKED_BACK)
        records = (record for record in map(readable, latest) if record is not None)
        return [record for record in records if record.status == RUNNING and record.output == output]

    def _latest(self) -> Iterator[LedgerEntry]:
        for run_id in reversed(self.ids("")):
            entry = self.get(run_id)
            if entry is not None:
                yield entry


def _key_of(run_id: str) -> str:
    return f"{FOLDER}{run_id}{_SUFFIX}"
