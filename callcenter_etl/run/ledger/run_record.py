"""Entry of one run in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Self

from pydantic import Field

from callcenter_etl.documents import Count, DocumentError, parse_object, to_form
from callcenter_etl.logs import get_logger
from callcenter_etl.run.summary import ContractIdentity, OutputFile, RecordCounts, Summary, exit_code

_log = get_logger(__name__)
RUNNING = "running"
ERROR = "error"
UNREADABLE = "unreadable"
STATUSES = (RUNNING, "passed", "rejects", "failed", "refused", ERROR)
VANISHED = "the process of the run ended without recording why (it was killed, or the machine stopped)"


@dataclass(frozen=True, slots=True)
class RecordedSource:
    """Source of a run: its address, its bytes and hash once it was read to its end, its version where it has one."""

    uri: str
    bytes: Count | None = None
    sha256: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """Process and host of a run, and the version of this program."""

    pid: Annotated[int, Field(le=2**31 - 1)]  # a larger one is not a process, and `os.kill` overflows
    host: str
    program: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Record of one run: contract, source, status, counts and published files.

    `output` is relative to the output root; `options` are those that affect the written files, as canonical JSON, None
    where unknown; `cause` is why a run with status `error` ended. Times are in ISO form, UTC.
    """

    run_id: str
    status: str
    contract: ContractIdentity
    source: RecordedSource
    output: str
    options: str | None
    process: Process | None
    started_at: str
    exit_code: int | None = None
    cause: str | None = None
    records: RecordCounts | None = None
    outputs: Mapping[str, OutputFile] = field(default_factory=dict)
    finished_at: str | None = None
    seconds: float | None = None

    def finished(self, summary: Summary) -> Self:
        """Return this run with the status, counts and files of its summary."""
        source = replace(self.source, bytes=summary.source.bytes, sha256=summary.source.sha256)
        return replace(
            self,
            status=summary.status,
            exit_code=exit_code(summary.status),
            cause=None,
            source=source,
            records=summary.records,
            outputs=summary.outputs,
            started_at=summary.started_at,
            finished_at=summary.finished_at,
            seconds=summary.seconds,
        )

    def ended(self, cause: str, *, code: int | None, at: str | None = None) -> Self:
        """Return this run with status `error`; `code` is None where its exit code is unknown."""
        return replace(self, status=ERROR, exit_code=code, cause=cause, finished_at=at)

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain values, ready for JSON."""
        return {
            **asdict(self),
            "options": None if self.options is None else json.loads(self.options),
            "outputs": {name: file.to_dict() for name, file in self.outputs.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunRecord:
        """Return the record from its plain values; keys of later versions are ignored.

        Raises DocumentError for values that are not a record's.
        """
        options = values.get("options")
        if options is not None:
            found = options if isinstance(options, dict) else parse_object(_as_text(options))
            values = {**values, "options": json.dumps(found, sort_keys=True)}
        record = to_form(RunRecord, values)
        if record.status not in STATUSES:
            raise DocumentError("status: is not one of a run")
        return record


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise DocumentError("options: is not text")
    return value


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A run with an entry that is not a valid record; `cause` says why, without values."""

    run_id: str
    cause: str

    @property
    def status(self) -> str:
        """Return `unreadable`, since the status is unknown."""
        return UNREADABLE

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {"run_id": self.run_id, "status": self.status, "cause": self.cause}


LedgerEntry = RunRecord | UnreadableRecord


def readable(entry: LedgerEntry | None) -> RunRecord | None:
    """Return the record of an entry, None where the entry is unreadable, which is logged, or missing."""
    if isinstance(entry, UnreadableRecord):
        _log.warning("ledger_entry_unreadable", run_id=entry.run_id, cause=entry.cause)
        return None
    return entry


def readable_entries(entries: Iterable[LedgerEntry]) -> list[RunRecord]:
    """Return the records of the readable entries; the unreadable ones are logged and left out."""
    return [record for record in map(readable, entries) if record is not None]


def of_summary(summary: Summary, *, output: str) -> RunRecord:
    """Return the record of a run from its summary alone; its options are unknown, so that it never counts as done."""
    bare = RunRecord(
        run_id=summary.run_id,
        status=RUNNING,
        contract=summary.contract,
        source=RecordedSource(uri=summary.source.uri),
        output=output,
        options=None,
        process=None,
        started_at=summary.started_at,
    )
    return bare.finished(summary)
