"""What one run is to do, settled before it starts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from callcenter_etl.contract.model import ContractDocument, Limits
from callcenter_etl.contract.run_option_table import TargetFormat
from callcenter_etl.engines.ranges import RANGE_BYTES
from callcenter_etl.errors import UsageError
from callcenter_etl.run.checkpoints.interrupted_run import InterruptedRun
from callcenter_etl.run.summary import instant, new_run_id
from callcenter_etl.sources.source_reader import BLOCK_BYTES
from callcenter_etl.store.uris import one_spelling, shown, within
from callcenter_etl.writers.file_names import FILE_NAMES
from callcenter_etl.writers.tables.target_writer import SinkPlan
from callcenter_etl.writers.target_forms import TARGET_PARQUET
from callcenter_etl.writers.target_lock import LockOwner


@dataclass(frozen=True, slots=True)
class RunPlan:
    """All that one run needs to know.

    `options` are those that its outputs depend on, None where no other run is to go on from this one; `unfinished` is
    the run that this one resumes from, looked for where it is to `resume`. Without `checkpoint_seconds` no
    checkpoints are taken. With `force` a table gets the records that it holds already. `engine` names what does the
    work, `range_bytes` is how much of a source a task of Spark takes; neither changes what is written. With `parts` it
    is written as folders of part files.
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
    unfinished: InterruptedRun | None = None
    target_format: TargetFormat = "csv"
    force: bool = False
    engine: str = "local"
    range_bytes: int = RANGE_BYTES
    parts: bool = False

    @property
    def lock_owner(self) -> LockOwner:
        """This run in this process, from now on."""
        return LockOwner.here(self.run_id, instant(datetime.now(UTC)))


def sink_plan(plan: RunPlan, document: ContractDocument) -> SinkPlan:
    """Return what a typed target's sink is reported of the run."""
    defaults = document.run
    return SinkPlan(
        document, plan.output, defaults.storage_options, defaults.mode, plan.publish_to, plan.parts
    )


def accepted_by(options: str | None) -> str:
    """Return those of a run's options that change which records are accepted."""
    told = {} if options is None else json.loads(options)
    return json.dumps(
        {name: told[name] for name in ("lookups", "name", "part") if name in told}, sort_keys=True
    )


def refuse_own_output(plan: RunPlan) -> None:
    """Raise UsageError where publishing would replace the very file that is read."""
    for output in (plan.output, plan.publish_to):
        if output is not None and _is_published(one_spelling(plan.source), output):
            raise UsageError(
                f"{shown(plan.source)}: the run would replace its own source"
                f" (name another output than {shown(output)!r})"
            )


def _is_published(source: str, output: str) -> bool:
    """Return whether a run into `output` replaces this file: one of its own names, or a part of one."""
    files = {one_spelling(within(output, each)) for each in (*FILE_NAMES.values(), TARGET_PARQUET)}
    folders = tuple(f"{one_spelling(within(output, each))}/" for each in FILE_NAMES)
    return source in files or source.startswith(folders)
