"""Checkpoint of a run between two records, stored as a file in its staging folder."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from callcenter_etl import __version__
from callcenter_etl.documents import Count, DocumentError, parse_object, read_regular_file, to_form
from callcenter_etl.errors import AccountingError, CheckpointMismatchError
from callcenter_etl.judge.tally import RuleTally, Tally, max_samples
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.source_position import SourceOffset
from callcenter_etl.store.file_checkpoint import FileCheckpoint
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.uris import is_local, shown
from callcenter_etl.uniqueness import KeyCheckpoint
from callcenter_etl.writers.file_names import EXCEPTIONS, REJECTED, TARGET
from callcenter_etl.writers.permissions import open_private
from callcenter_etl.writers.staging import CHECKPOINT_NAME, SCRATCH_NAME
from callcenter_etl.writers.target_forms import sync_folder

LAYOUT = 3
_FOLDERS = (SCRATCH_NAME, "keys-")  # all else in a staging folder is a file
RunFingerprint = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State of a run: position in the source, staged files, counts, and the keys of its unique rules.

    `fingerprint` holds everything that the staged bytes depend on: a run with another one cannot resume from here.
    `keys` has one entry for each unique rule, in contract order.
    """

    fingerprint: RunFingerprint
    position: SourceOffset
    files: Mapping[str, FileCheckpoint]
    exception_records: Count
    accounts: Tally
    keys: tuple[KeyCheckpoint, ...]

    @property
    def line(self) -> int:
        """The 1-based number of the next line to be read."""
        return self.position.lines + 1

    def to_dict(self) -> dict[str, Any]:
        """Return the checkpoint as plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Checkpoint:
        """Return the checkpoint from its plain values. Raises DocumentError for values that are not a checkpoint's."""
        return to_form(Checkpoint, values)

    def check(self) -> None:
        """Raise CheckpointMismatchError where the numbers contradict each other."""
        # The checksum finds damage, but whoever changes a checkpoint on purpose can compute it again. So the numbers
        # must also satisfy the same equations as at the end of a run.
        accounts, files = self.accounts, self.files
        if not {REJECTED, EXCEPTIONS} <= set(files):
            raise CheckpointMismatchError("the checkpoint does not name the staged files")
        try:
            accounts.prove(
                plain_bytes=self.position.offset,
                lines=self.position.lines,
                target_bytes=files[TARGET].bytes if TARGET in files else None,
                target_records=accounts.accepted.records,
                rejected_bytes=files[REJECTED].bytes,
                exceptions=self.exception_records,
            )
        except AccountingError as error:
            raise CheckpointMismatchError(f"the checkpoint does not add up: {error}") from error
        if not _agrees_with_rules(accounts):
            raise CheckpointMismatchError("the checkpoint's counts of rules contradict its counts of records")


def _agrees_with_rules(accounts: Tally) -> bool:
    """Return whether the counts of rules are possible with the counts of records."""
    tallies = accounts.rules
    structural = sum(tallies[rule].broken for rule in STRUCTURAL_RULES.values() if rule in tallies)
    errors = [tally.broken for tally in tallies.values() if tally.severity == "error"]
    warnings = [tally.broken for tally in tallies.values() if tally.severity == "warn"]
    others = [tally.broken for tally in tallies.values() if tally.severity != "error"]
    return (
        all(_has_its_samples(rule, tally) for rule, tally in tallies.items())
        and structural == accounts.malformed
        and max(errors, default=0) <= accounts.rejected.records <= sum(errors)
        and max(others, default=0) <= accounts.framed
        and accounts.warned <= min(sum(warnings), accounts.framed)
    )


def _has_its_samples(rule: str, tally: RuleTally) -> bool:
    """Check the samples of a rule against its count: the first records that violate it, and no others."""
    expected = min(tally.broken, max_samples(tally.severity))
    return len(tally.samples) == expected and all(sample.rule == rule for sample in tally.samples)


def run_fingerprint(
    *, source: str, stored: FileVersion, output: str, contract_sha256: str, options: str | None
) -> RunFingerprint:
    """Return everything that staged bytes depend on, and their output.

    Block size, chunk size and number of workers are not part of it, since they do not change the bytes.
    """
    return {
        "program": __version__,
        "contract": contract_sha256,
        "options": options,
        "source": shown(source),
        "source_bytes": stored.size,
        "source_version": stored.version,
        "output": output_of(output),
    }


def output_of(output: str) -> str:
    """Return an output in the form of a fingerprint."""
    # A local output contains its staging folder, so both may be moved together without losing the checkpoint.
    return "." if is_local(output) else shown(output).rstrip("/")


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint in a staging folder atomically. Raises OutputError."""
    values = checkpoint.to_dict()
    text = json.dumps({"layout": LAYOUT, "sha256": _hash_of(values), "checkpoint": values}, indent=1)
    path = folder / CHECKPOINT_NAME
    new = path.with_suffix(".new")
    with translate_os_errors(path):
        with open(
            new, "w", encoding="ascii", opener=lambda name, flags: open_private(name, flags, None)
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # Killed before the rename, the run keeps its previous checkpoint. The parent folder too: it holds the name of
        # the staging folder, which may be new.
        new.replace(path)
        sync_folder(folder)
        sync_folder(folder.parent)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Return the checkpoint in a staging folder.

    Raises CheckpointMismatchError where there is none, or it is damaged or of another layout.
    """
    path = folder / CHECKPOINT_NAME
    try:
        _refuse_other_files(folder)
        envelope = parse_object(read_regular_file(path))
        if envelope.get("layout") != LAYOUT:
            raise CheckpointMismatchError(f"{path}: has another layout than {LAYOUT}")
        if envelope.get("sha256") != _hash_of(envelope.get("checkpoint")):
            raise CheckpointMismatchError(f"{path}: is damaged")
        checkpoint = Checkpoint.from_dict(envelope["checkpoint"])
        checkpoint.check()
    except FileNotFoundError as error:
        raise CheckpointMismatchError(f"{folder}: has no checkpoint") from error
    except (OSError, DocumentError) as error:
        cause = error.strerror if isinstance(error, OSError) else error
        raise CheckpointMismatchError(f"{path}: is not a checkpoint: {cause}") from error
    return checkpoint


def _refuse_other_files(folder: Path) -> None:
    """Raise CheckpointMismatchError where a staging folder holds a link, a pipe or a file with a second name."""
    # A resumed run truncates staged files and appends to them: through a link that would change a file elsewhere, and
    # a hard link may be a backup. A file in the place of a folder would make each resume fail in the same way.
    for home, folders, files in os.walk(folder, followlinks=False):
        for path in (Path(home, name) for name in (*folders, *files)):
            found = path.lstat()
            own_file = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
            if path.parent == folder:
                sound = stat.S_ISDIR(found.st_mode) if path.name.startswith(_FOLDERS) else own_file
            else:
                sound = own_file or (stat.S_ISDIR(found.st_mode) and SCRATCH_NAME in path.parts)
            if not sound:
                raise CheckpointMismatchError(f"{path}: is not a file or folder of a run")


def _hash_of(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("ascii")).hexdigest()
