"""Builds a run's typed target from the staged stream of its accepted records, and says what was published."""

from __future__ import annotations

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import AccountingError
from callcenter_etl.logs import get_logger
from callcenter_etl.outputs.staging import TARGET, Staging
from callcenter_etl.summary import OutputFile
from callcenter_etl.tables.schema import table_schema
from callcenter_etl.tables.sink import Accepted, TableSink, Whose
from callcenter_etl.tables.staged import records_uncast

_log = get_logger(__name__)


def build_target(
    staged: Staging,
    sink: TableSink,
    document: ContractDocument,
    whose: Whose,
    *,
    records: int,
    again: bool = False,
) -> int | None:
    """Have the sink make the target of `records` accepted records; nothing of it is to be seen yet.

    Gives how many of them have values that do not fit their type, None where none can have any. Raises
    AccountingError where the target has not as many records as were accepted.
    """
    accepted = Accepted(
        stream=staged.finished_stream(),
        schema=table_schema(document),
        records=records,
        scratch=staged.new_scratch(),
        whose=whose,
        again=again,
    )
    staged.target = sink.stage(accepted)
    if staged.target.records != records:
        raise AccountingError(
            "the run does not add up, nothing is published: records of the target:"
            f" {records:,} expected, {staged.target.records:,} found"
        )
    uncast = records_uncast(accepted.stream, accepted.schema)
    if uncast:
        _log.warning("records_uncast", run_id=whose.run_id, records=uncast)
    return uncast


def output_file(staged: Staging, name: str, *, uncast: int | None) -> OutputFile:
    """Say what one of the run's files will be, once it is published."""
    target = staged.target
    if name in staged.folders:
        folder, uri = staged.folders[name], staged.final_uri(name)
        return OutputFile(uri=uri, bytes=folder.bytes, sha256=folder.sha256, parts=folder.parts)
    if name != TARGET or target is None:
        file = staged.files[name]
        return OutputFile(uri=staged.final_uri(name), bytes=file.bytes, sha256=file.sha256)
    return OutputFile(
        uri=target.uri or staged.final_uri(name),
        bytes=target.bytes,
        sha256=target.sha256,
        format=target.format,
        files=None if target.files is None else len(target.files),
        uncast=uncast,
        version=target.version,
        records=None if target.path is not None else target.records,
    )
