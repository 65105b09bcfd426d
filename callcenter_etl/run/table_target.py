"""Build a run's typed target from the staged stream of its accepted records."""

from __future__ import annotations

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import AccountingError
from callcenter_etl.logs import get_logger
from callcenter_etl.writers.staging import Staging
from callcenter_etl.writers.tables.arrow_schema import table_schema
from callcenter_etl.writers.tables.staged_records import count_unconverted
from callcenter_etl.writers.tables.target_writer import StagedRecords, TableSink, TargetProvenance

_log = get_logger(__name__)


def build_target(
    staged: Staging,
    sink: TableSink,
    document: ContractDocument,
    provenance: TargetProvenance,
    *,
    records: int,
    force: bool = False,
) -> int | None:
    """Build the target of `records` accepted records through the sink, not visible to readers yet.

    Returns the number of records with unconverted values, None where the schema fits all values. Raises AccountingError
    where the target has another number of records than were accepted.
    """
    accepted = StagedRecords(
        stream=staged.finished_stream(),
        schema=table_schema(document),
        records=records,
        scratch=staged.new_scratch(),
        provenance=provenance,
        force=force,
    )
    staged.target = sink.stage(accepted)
    # Counted from the footers of the written files, so that a fault of the conversion cannot hide.
    if staged.target.records != records:
        raise AccountingError(
            "the run does not add up, nothing is published: records of the target:"
            f" {records:,} expected, {staged.target.records:,} found"
        )
    unconverted = count_unconverted(accepted.stream, accepted.schema)
    if unconverted:
        _log.warning("records_unconverted", run_id=provenance.run_id, records=unconverted)
    return unconverted
