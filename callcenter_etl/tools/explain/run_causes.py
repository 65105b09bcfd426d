"""Finds the exceptions of a finished run, and the causes behind them."""

from __future__ import annotations

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.errors import SourceError, UsageError
from callcenter_etl.run.ledger import find_run
from callcenter_etl.run.ledger.equivalent_run import published_summary
from callcenter_etl.run.ledger.location import output_of
from callcenter_etl.run.summary import Summary
from callcenter_etl.store.uris import shown
from callcenter_etl.tools.explain.reject_causes import Causes, find_causes
from callcenter_etl.writers.file_names import EXCEPTIONS
from callcenter_etl.writers.part_folder import file_uris


def causes_of_run(output: str, contract: LoadedContract) -> tuple[Summary, Causes | None]:
    """Return the summary that is in a run's output folder and the causes behind its rejects.

    None if nothing was rejected, or the source was refused. Raises UsageError if there is no run, or one under
    another contract.
    """
    summary = published_summary(output, contract.document.run.storage_options)
    if summary is None:
        raise UsageError(
            f"{shown(output)}: no run is published here (name the output folder of one, or a source and --line)"
        )
    # Rules and columns of the exceptions are those of the run's contract, and remedies change it.
    if summary.contract.sha256 != contract.sha256:
        raise UsageError(
            f"{shown(output)}: run {summary.run_id} used another text of contract {summary.contract.id!r}"
            " (give that one, or validate again)"
        )
    if not summary.records.rejected:
        return summary, None
    if EXCEPTIONS not in summary.outputs:
        raise SourceError(
            f"{shown(output)}: the summary of run {summary.run_id} counts rejects and names no exceptions"
            " (validate again)"
        )
    parts, storage = summary.outputs[EXCEPTIONS].parts, contract.document.run.storage_options
    exceptions = file_uris(output, EXCEPTIONS, parts=parts, storage=storage)
    return summary, find_causes(exceptions, contract, rejected=summary.records.rejected)


def output_of_run(root: str, run_id: str, contract: LoadedContract) -> str:
    """Return the output folder of a run of the ledger, by an unambiguous prefix of its id.

    Raises UsageError if the files in it are not of that run.
    """
    record = find_run(root, run_id)
    output = output_of(record.output, root)
    summary = published_summary(output, contract.document.run.storage_options)
    if summary is None or summary.run_id != record.run_id:
        now = "has none" if summary is None else f"has those of run {summary.run_id}"
        raise UsageError(f"run {record.run_id}: its files are no longer in {shown(output)}, which now {now}")
    return output
