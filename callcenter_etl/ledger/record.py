"""One run as the ledger tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from callcenter_etl.summary import ContractIdentity, OutputFile, RecordCounts, Summary, exit_code

RUNNING = "running"
ERROR = "error"
STATUSES = (RUNNING, "passed", "rejects", "failed", "refused", ERROR)
VANISHED = "the run ended without a word (it was killed, or the machine stopped)"


@dataclass(frozen=True, slots=True)
class RecordedSource:
    """Which source; bytes and hash once it was read to its end, the version where the storage tells one."""

    uri: str
    bytes: int | None = None
    sha256: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """Where a run works, or worked, and the version of this program."""

    pid: int
    host: str
    program: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: what it held to what, how it ended, and what it published.

    `output` is the folder as seen from the ledger's own; `options` are those that change what is written, as
    canonical JSON, None where they are not known; `cause` says why a run with status `error` ended.
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
        """Give this run as its summary tells it."""
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
        """Give this run as one that could not be finished; `code` None where nobody saw how it ended."""
        return replace(self, status=ERROR, exit_code=code, cause=cause, finished_at=at)

    def to_dict(self) -> dict[str, Any]:
        """Give the run as plain values, ready for JSON."""
        return {
            **asdict(self),
            "options": None if self.options is None else json.loads(self.options),
            "outputs": {name: file.to_dict() for name, file in self.outputs.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave; keys of later versions are passed over.

        Raises KeyError, TypeError or ValueError for anything else.
        """
        known = {name: values[name] for name in cls.__dataclass_fields__}
        records, process, options = known["records"], known["process"], known["options"]
        return cls(
            **{
                **known,
                "contract": ContractIdentity(**known["contract"]),
                "source": RecordedSource(**known["source"]),
                "records": None if records is None else RecordCounts(**records),
                "options": json.dumps(options, sort_keys=True) if isinstance(options, dict) else options,
                "process": None if process is None else Process(**process),
                "outputs": {name: OutputFile(**file) for name, file in known["outputs"].items()},
            }
        )


def of_summary(summary: Summary, *, output: str) -> RunRecord:
    """Give the record of a run that is known from its summary alone."""
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
