"""Runs a reprocess: validates corrected records, publishes each recovered one once, and explains the rest."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import AccountingError, OutputError, UsageError
from callcenter_etl.judge.judged_chunks import with_key_lines
from callcenter_etl.judge.validator import Validator
from callcenter_etl.logs import get_logger
from callcenter_etl.os_errors import catch_environment_errors
from callcenter_etl.run.summary import ContractIdentity, OutputFile, instant, new_run_id
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.store import access
from callcenter_etl.store.uris import STANDARD_INPUT, encodable, is_local, local_path, shown
from callcenter_etl.temporary import remove_tree, temporary_folder
from callcenter_etl.tools.reprocess.batch_writer import BatchWriter
from callcenter_etl.tools.reprocess.corrections import Corrections, open_corrections
from callcenter_etl.tools.reprocess.known_keys import KnownKeys
from callcenter_etl.tools.reprocess.original_run import OriginalRun, find_origin
from callcenter_etl.tools.reprocess.publish import (
    RECOVERED,
    Before,
    StagedFolder,
    recovered_before,
    staged_folder,
)
from callcenter_etl.tools.reprocess.reprocess_result import (
    PASSED,
    REFUSED,
    REJECTS,
    CorrectedFile,
    OriginalSource,
    Reprocessed,
    RowCounts,
)
from callcenter_etl.writers.csv_injection import ESCAPED, RAW
from callcenter_etl.writers.file_names import EXCEPTIONS, REJECTED, TARGET
from callcenter_etl.writers.staging import CHECKPOINT_NAME
from callcenter_etl.writers.stale_staging import stale_staging_folders
from callcenter_etl.writers.target_lock import LockOwner, target_lock

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReprocessPlan:
    """The parameters of one reprocess run; `output` None is the folder `reprocessed` in that of the run."""

    file: str
    output: str | None = None
    run_output: str | None = None
    source_sha256: str | None = None
    dry_run: bool = False
    force: bool = False
    run_id: str = field(default_factory=new_run_id)


def reprocess(plan: ReprocessPlan, contract: LoadedContract) -> Reprocessed:
    """Validate a corrected exceptions file, or corrected rejected records, again.

    Records that pass are published in a new folder below the output, once for each line of the source, with a new
    exceptions file for the rest; a dry run writes nothing. Raises UsageError if the source of the records is unknown,
    SourceError or OutputError if the run cannot be finished.
    """
    if plan.file == STANDARD_INPUT:
        raise UsageError("a file to reprocess is read more than once: name one, not standard input")
    # The file is read several times, and opening a pipe would block.
    access.check_regular(plan.file)
    storage = contract.document.run.storage_options
    access.identify(plan.file, storage)  # a missing file is reported before an unknown source
    origin = find_origin(plan.file, storage, run_output=plan.run_output, sha256=plan.source_sha256)
    output = plan.output if plan.output is not None else origin.home
    if output is None:
        raise UsageError("name a folder for what is recovered with --output")
    if not is_local(output):
        raise OutputError(
            f"{shown(output)}: what is recovered goes into a local folder (name one with --output)"
        )
    home = Path(local_path(output))
    with (
        catch_environment_errors(home),
        _alone(home, plan, contract),
        open_corrections(plan.file, contract.document, origin) as corrections,
    ):
        return _Reprocess(plan, contract, origin, corrections, home).execute()


@contextmanager
def _alone(home: Path, plan: ReprocessPlan, contract: LoadedContract) -> Iterator[None]:
    """Lock the output, so that no other reprocess run recovers the same records; a dry run needs no lock."""
    lock_owner = LockOwner.here(plan.run_id, instant(datetime.now(UTC)))
    lock = nullcontext() if plan.dry_run else target_lock(home, lock_owner, mode=contract.document.run.mode)
    with lock:
        if not plan.dry_run:
            for folder in stale_staging_folders(home):
                if not (folder / CHECKPOINT_NAME).exists():  # else a run of `validate` resumes from it
                    remove_tree(folder)
        yield


class _Reprocess:
    """The state of one reprocess run."""

    def __init__(
        self,
        plan: ReprocessPlan,
        contract: LoadedContract,
        origin: OriginalRun,
        corrections: Corrections,
        home: Path,
    ) -> None:
        self.plan = plan
        self.contract = contract
        self.origin = origin
        self.corrections = corrections
        self.home = home
        self.counts = RowCounts()
        self.rules: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.notes: list[str] = list(corrections.notes)
        self.started = datetime.now(UTC)

    def execute(self) -> Reprocessed:
        """Read all corrections, then publish."""
        if self.corrections.problems:
            return self._result(REFUSED, problems=self.corrections.problems)
        before = recovered_before(self.home, self.origin.sha256)
        with self._staged() as staged:
            self._judge_all(staged, before)
            # The file is read more than once: rows that were counted, but not read, must not be lost.
            self.corrections.prove(self.counts.read)
            status = REJECTS if self.counts.rejected else PASSED
            if self._nothing_new(before) or self.plan.dry_run:
                return self._result(status)
            outputs = {
                name: OutputFile(uri=encodable(staged.final_uri(name)), bytes=file.bytes, sha256=file.sha256)
                for name, file in staged.files.items()
            }
            result = self._result(status, outputs=outputs)
            text = json.dumps(result.to_dict(), indent=2, ensure_ascii=False) + "\n"
            staged.publish(text.encode("utf-8"))
        # Only counts, because values of classified columns must not appear in logs.
        _log.info(
            "reprocessed",
            run_id=self.plan.run_id,
            recovered=self.counts.recovered,
            rejected=self.counts.rejected,
        )
        return result

    def _nothing_new(self, before: Before) -> bool:
        """Return whether there is nothing to write, or nothing that an earlier reprocess run has not written."""
        if self.counts.recovered:
            return False
        # The same file under the same contract would give the same rejects again.
        done = before.done.get((self.corrections.identity[1], self.contract.sha256))
        if done is not None and not self.plan.force:
            self.notes.append(f"already done by reprocess {done} (--force writes it again)")
            return True
        return not self.counts.rejected

    @contextmanager
    def _staged(self) -> Iterator[StagedFolder]:
        mode = self.contract.document.run.mode
        if not self.plan.dry_run:
            with staged_folder(self.home, self.plan.run_id, mode) as staged:
                yield staged
            return
        with (
            temporary_folder() as folder,
            staged_folder(folder, self.plan.run_id, mode) as staged,
        ):
            yield staged

    def _judge_all(self, staged: StagedFolder, before: Before) -> None:
        document = self.contract.document
        validator = Validator(document, lookups=load_lookups(document, self.contract.origin))
        cells = ESCAPED if document.run.exceptions.excel_safe else RAW
        writer = BatchWriter(
            {name: staged.create(name) for name in (TARGET, REJECTED, EXCEPTIONS, RECOVERED)},
            self.corrections,
            source_sha256=self.origin.sha256,
            cells=cells,
        )
        read = recovered = skipped = 0
        with KnownKeys(validator, staged.scratch) as keys:
            # Before all corrections: published records have the first occurrence, whatever their lines.
            if keys.wanted:
                self._take_in_published(keys, before.targets)
            for batch, known in self.corrections.batches(before.keys):
                columns = with_key_lines(self.corrections.columns(batch, validator), keys)
                verdict = validator.judge(columns)
                self.warnings.update(validator.count_warnings(verdict))
                accepted = batch.sound[~verdict.rejected]
                writer.write(batch, accepted, validator.reject_reasons(verdict), self.rules)
                read += len(batch) + known
                recovered += len(accepted)
                skipped += known
        self.counts = RowCounts(
            read=read, recovered=recovered, rejected=writer.rejected, recovered_before=skipped
        )
        if read != recovered + writer.rejected + skipped:
            raise AccountingError(
                f"{read:,} rows were read, but {recovered + writer.rejected + skipped:,} accounted for"
            )

    def _take_in_published(self, keys: KnownKeys, targets: tuple[Path, ...]) -> None:
        if self.origin.target_format is not None:
            raise UsageError(
                f"{shown(self.origin.folder or '')}: the target is {self.origin.target_format}, but unique values are compared"
                " with the text of target.csv (validate the source with --target-format csv into another output, and"
                " name that with --run-output)"
            )
        uris = [str(target) for target in targets]
        if self.origin.has_target:
            uris[:0] = self.origin.files(TARGET, self.contract.document.run.storage_options)
        else:
            self.notes.append(
                "unique values were compared only among these records: the run's target is not available"
                " (--run-output names its folder)"
            )
        keys.add_published(uris, self.contract.document)

    def _result(
        self,
        status: str,
        *,
        problems: tuple[Diagnostic, ...] = (),
        outputs: dict[str, OutputFile] | None = None,
    ) -> Reprocessed:
        document, origin = self.contract.document, self.origin
        own = self.home / self.plan.run_id
        run_output = None
        if origin.folder is not None and is_local(origin.folder):
            run_output = encodable(os.path.relpath(local_path(origin.folder), own))
        size, sha256 = self.corrections.identity
        return Reprocessed(
            run_id=self.plan.run_id,
            status=status,
            contract=ContractIdentity(document.contract, document.version, self.contract.sha256),
            source=OriginalSource(origin.uri, origin.sha256),
            file=CorrectedFile(shown(self.plan.file), self.corrections.kind, size, sha256),
            rows=self.counts,
            rules=dict(self.rules),
            warnings=dict(self.warnings),
            problems=problems,
            notes=tuple(self.notes),
            outputs=outputs or {},
            run_output=run_output,
            dry_run=self.plan.dry_run,
            started_at=instant(self.started),
            finished_at=instant(datetime.now(UTC)),
        )
