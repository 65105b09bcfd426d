"""Find the earlier runs that a run would replace in its output, and refuse to replace those of another source."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import CallcenterEtlError, OtherSourceError
from callcenter_etl.run.ledger.equivalent_run import published_summary
from callcenter_etl.run.ledger.ledger import Ledger
from callcenter_etl.run.ledger.run_record import RunRecord
from callcenter_etl.run.plan import RunPlan, sink_plan
from callcenter_etl.run.summary import Summary
from callcenter_etl.store import access
from callcenter_etl.store.compression import suffix_of
from callcenter_etl.store.uris import (
    STANDARD_INPUT,
    absolute,
    has_query,
    is_local,
    local_path,
    same_place,
    shown,
)
from callcenter_etl.terminal import counted

# The content of these paths depends on the process, so equal paths do not mean equal sources.
_OF_THE_PROCESS = ("/dev/", "/proc/")
_SHARED_MEMORY = "/dev/shm/"  # noqa: S108  nothing is written there: its files are files like any other
_TABLES = ("delta", "iceberg")


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A published run that another one replaces, in the output or in the prefix of the copies.

    `source` is its address in the ledger, absolute for a local file. With `target_stays` its records remain in the
    target, to which the new run adds.
    """

    output: str
    run_id: str
    source: str
    records: int
    rejected: int
    holds_files: bool
    target_stays: bool

    def __str__(self) -> str:
        stays = "; its records stay in the target" if self.target_stays else ""
        return (
            f"run {self.run_id} of {self.source!r} ({counted(self.records, 'record')},"
            f" {self.rejected:,} rejected{stays})"
        )


def earlier_runs(
    plan: RunPlan, document: ContractDocument, ledger: Ledger, published: Summary | None
) -> tuple[EarlierRun, ...]:
    """Return the published runs in the output, of which `published` is the summary, and in the prefix of the copies."""
    copies = plan.publish_to
    copied = None if copies is None else published_summary(copies, document.run.storage_options)
    stays = _adds_to_target(plan, document)
    found = {}
    for output, summary in ((plan.output, published), (copies or "", copied)):
        # Output and copies mostly hold the same run, which is named once.
        if summary is not None and summary.run_id not in found:
            found[summary.run_id] = _earlier_run(output, summary, ledger, target_stays=stays)
    return tuple(found.values())


def refuse_other_source(plan: RunPlan, storage: StorageOptions, earlier: tuple[EarlierRun, ...]) -> None:
    """Raise OtherSourceError where the run would replace files of a run of another source.

    Raises SourceError instead where the new source cannot be found, as after a typo in its name.
    """
    # A refused run has published no records, so it may be replaced. A target to which runs add is made for many
    # sources in one output: their exceptions are replaced, which the result reports.
    for run in earlier:
        if run.holds_files and not run.target_stays and not _is_same_source(run.source, plan.source):
            access.identify(plan.source, storage)
            raise OtherSourceError(_refusal(plan, run))


def _refusal(plan: RunPlan, run: EarlierRun) -> str:
    option = "--output" if run.output == plan.output else "--publish-to"
    return (
        f"{shown(run.output)}: holds {run}, and {shown(plan.source)!r} is {_why_other(run.source, plan.source)}"
        f" (name another {option}, or replace the files of that run with --force)"
    )


def _why_other(earlier: str, source: str) -> str:
    if shown(earlier) == shown(source) and has_query(source):
        return "perhaps another source: the query of an address is not recorded"
    if _is_nameless(source) and _is_nameless(earlier):
        return "perhaps another source: a pipe has no name of its own"
    return "another source"


def _earlier_run(output: str, summary: Summary, ledger: Ledger, *, target_stays: bool) -> EarlierRun:
    return EarlierRun(
        output=output,
        run_id=summary.run_id,
        source=_recorded_source(summary, ledger),
        records=summary.records.read,
        rejected=summary.records.rejected,
        holds_files=bool(summary.outputs),
        target_stays=target_stays,
    )


def _recorded_source(summary: Summary, ledger: Ledger) -> str:
    """Return the address of a run's source from the ledger, else from its summary."""
    # The summary has the address as it was typed, and a relative path depends on the working folder.
    try:
        record = ledger.get(summary.run_id)
    except CallcenterEtlError:
        record = None
    return record.source.uri if isinstance(record, RunRecord) else summary.source.uri


def _adds_to_target(plan: RunPlan, document: ContractDocument) -> bool:
    """Return whether records of earlier runs stay in the target, by the declared write mode."""
    write = document.run.write
    if plan.target_format in _TABLES:
        return write != "overwrite"
    return plan.target_format != "csv" and sink_plan(plan, document).write == "replace_partitions"


def _is_same_source(earlier: str, source: str) -> bool:
    """Return whether two addresses are of the same source; a file and its compressed form are."""
    # The content of a pipe is unknown, and the query of an address is not recorded.
    if _is_nameless(earlier) or _is_nameless(source) or has_query(source):
        return False
    return same_place(_uncompressed(absolute(earlier)), _uncompressed(absolute(shown(source))))


def _uncompressed(uri: str) -> str:
    suffix = suffix_of(uri)
    return uri if suffix is None else uri[: -len(suffix)]


def _is_nameless(uri: str) -> bool:
    if uri == STANDARD_INPUT or not is_local(uri):
        return uri == STANDARD_INPUT
    path = local_path(uri)
    return path.startswith(_OF_THE_PROCESS) and not path.startswith(_SHARED_MEMORY)
