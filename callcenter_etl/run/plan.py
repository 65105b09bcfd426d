"""Plan of one run, fixed before it starts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.model import ContractDocument, Limits
from callcenter_etl.contract.run_option_table import TargetFormat
from callcenter_etl.engines.ranges import RANGE_BYTES
from callcenter_etl.errors import SourceError, UsageError
from callcenter_etl.run.checkpoints.interrupted_run import InterruptedRun
from callcenter_etl.run.summary import instant, new_run_id
from callcenter_etl.sources.lookups import hash_lookups
from callcenter_etl.sources.side_file_reader import side_file_hashes
from callcenter_etl.sources.source import BLOCK_BYTES
from callcenter_etl.store.compression import suffix_of
from callcenter_etl.store.uris import base_name, one_spelling, shown, within
from callcenter_etl.writers.file_names import FILE_NAMES
from callcenter_etl.writers.tables.target_writer import SinkPlan
from callcenter_etl.writers.target_forms import TARGET_PARQUET
from callcenter_etl.writers.target_lock import LockOwner


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything that one run needs besides its contract.

    `options` are those that the written files depend on, as canonical JSON, None where no later run may resume this one
    or count it as done. `interrupted` is the run that this one resumes; it is looked for where `resume` is
    True. A checkpoint is taken every `checkpoint_seconds`, none where that is 0. With `force` the records are added to a
    table that has them already. `engine` and `range_bytes`, the bytes of a Spark task, do not change the written
    records. With `parts` the outputs are folders of part files.
    """

    source: str
    output: str
    limits: Limits
    chunk_rows: int | None = None
    workers: int = 1
    block_bytes: int = BLOCK_BYTES
    run_id: str = field(default_factory=new_run_id)
    publish_to: str | None = None
    staging: str | None = None
    checkpoint_seconds: float = 0
    resume: bool = True
    options: str | None = None
    interrupted: InterruptedRun | None = None
    target_format: TargetFormat = "csv"
    force: bool = False
    engine: str = "local"
    range_bytes: int = RANGE_BYTES
    parts: bool = False

    @property
    def lock_owner(self) -> LockOwner:
        """Lock owner for this run in this process, starting now."""
        return LockOwner.here(self.run_id, instant(datetime.now(UTC)))


def sink_plan(plan: RunPlan, document: ContractDocument) -> SinkPlan:
    """Return the plan of the sink for a typed target."""
    defaults = document.run
    return SinkPlan(
        document, plan.output, defaults.storage_options, defaults.mode, plan.publish_to, plan.parts
    )


def outcome_options(plan: RunPlan, contract: LoadedContract) -> str | None:
    """Return the options that affect the written files, besides source and contract, as canonical JSON.

    None where a lookup or a side file cannot be read, which the run itself reports.
    """
    try:
        lookups = hash_lookups(contract.document, contract.origin)
        side_files = side_file_hashes(plan.source, contract.document)
    except SourceError:
        return None
    # Of the source's name only the part that matters: all of it where the contract has rules for it, else the suffix,
    # so that a renamed source with the same content counts as done.
    name = base_name(plan.source)
    limit = plan.limits.max_rejected
    options = {
        "excel_safe": contract.document.run.exceptions.excel_safe,
        "lookups": {shown(uri): sha256 for uri, sha256 in lookups.items()},
        "max_rejected": None if limit is None else str(limit),
        "name": suffix_of(name) if contract.document.source.filename is None else name,
        "publish_to": None if plan.publish_to is None else shown(plan.publish_to),
    }
    # Only where they differ from the default, so that runs recorded by earlier versions of this program still match.
    if plan.target_format != "csv":
        options["target_format"] = plan.target_format
    if side_files:
        options["side_files"] = side_files
    if plan.parts:
        options["parts"] = True
    if contract.part is not None:  # the text holds several contracts
        options["part"] = contract.part
    return json.dumps(options, sort_keys=True)


def accepted_by(options: str | None) -> str:
    """Return the options of a run that affect which records are accepted, as canonical JSON."""
    # The other options, such as `max_rejected`, change files of the output, but not the rows of a table.
    values = {} if options is None else json.loads(options)
    return json.dumps(
        {name: values[name] for name in ("lookups", "name", "part") if name in values}, sort_keys=True
    )


def refuse_own_output(plan: RunPlan) -> None:
    """Raise UsageError where publishing would replace the source file itself."""
    for output in (plan.output, plan.publish_to):
        if output is not None and _is_published(one_spelling(plan.source), output):
            raise UsageError(
                f"{shown(plan.source)}: the run would replace its own source"
                f" (name another output than {shown(output)!r})"
            )


def _is_published(source: str, output: str) -> bool:
    """Return whether a run into `output` would replace this file: it has the name of an output or of its parts."""
    files = {one_spelling(within(output, each)) for each in (*FILE_NAMES.values(), TARGET_PARQUET)}
    # With the slash: only files within a folder of parts, and not a name that begins in the same way.
    folders = tuple(f"{one_spelling(within(output, each))}/" for each in FILE_NAMES)
    return source in files or source.startswith(folders)
