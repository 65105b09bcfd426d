"""The ledger as one JSON object a run, for outputs in an object store."""

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
LOOKED_BACK = 50  # the latest objects, among which an unfinished run is looked for


class ObjectStore(Protocol):
    """The little that the ledger asks of an object store, below one prefix.

    All of it raises OutputError or SourceError.
    """

    def put(self, key: str, data: bytes) -> None:
        """Write a whole object, in place of an earlier one."""

    def get(self, key: str) -> bytes | None:
        """Return the content of an object, None where there is none."""

    def list(self, prefix: str) -> Iterable[str]:
        """Return the keys that start so, in any order."""


class ObjectLedger:
    """Writes and reads the ledger below the prefix of an object store.

    Run ids start with the time, so that their order is that of the runs and no index is needed.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, record: RunRecord) -> None:
        """Write a run, in place of what was known of it."""
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
        """Return the ids that start so, sorted."""
        names = (key.removeprefix(FOLDER) for key in self._store.list(FOLDER + prefix))
        # An id starts with a year; the summary of a source that is called runs.csv lies there too.
        return sorted(
            name.removesuffix(_SUFFIX) for name in names if name[:1].isdigit() and name.endswith(_SUFFIX)
        )

    def runs(self, wanted: RunFilter) -> Sequence[LedgerEntry]:
        """Return the entries of the wanted runs, the latest first."""
        return list(islice((record for record in self._latest() if wanted.takes(record)), wanted.limit))

    def unfinished(self, output: str) -> Sequence[RunRecord]:
        """Return the runs into one output, among the latest, that never said how they ended."""
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
