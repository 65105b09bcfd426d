"""A checkpoint: where a run stood between two records, as a file in its staging folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from callcenter_etl import __version__
from callcenter_etl.accounts import Accounts
from callcenter_etl.errors import UnfitCheckpointError
from callcenter_etl.keys import KeyMark
from callcenter_etl.marks import Mark
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.outputs.modes import open_private
from callcenter_etl.outputs.staging import CHECKPOINT_NAME
from callcenter_etl.outputs.targets import sync_folder
from callcenter_etl.sources.position import Position
from callcenter_etl.storage.addresses import is_local, shown
from callcenter_etl.storage.identity import Identity

LAYOUT = 1
Basis = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run stood: what it had read, staged, counted and remembered.

    `basis` is all that the staged bytes hang on; a run with another one does not go on from here. `keys` are those
    of each rule of uniqueness, in contract order.
    """

    basis: Basis
    position: Position
    files: Mapping[str, Mark]
    exception_records: int
    accounts: Accounts
    keys: tuple[KeyMark, ...]

    @property
    def line(self) -> int:
        """The number of the next line to be read."""
        return self.position.lines + 1

    def to_dict(self) -> dict[str, Any]:
        """Give the checkpoint as plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave. Raises KeyError or TypeError for anything else."""
        return cls(
            basis=values["basis"],
            position=Position(**values["position"]),
            files={name: Mark(**mark) for name, mark in values["files"].items()},
            exception_records=values["exception_records"],
            accounts=Accounts.from_dict(values["accounts"]),
            keys=tuple(
                KeyMark(keys=Mark(**key["keys"]), lines=Mark(**key["lines"])) for key in values["keys"]
            ),
        )


def basis_of(
    *, source: str, stored: Identity, output: str, contract_sha256: str, options: str | None
) -> Basis:
    """Give all that staged bytes hang on, and for which output they are.

    A local output holds its staging folder itself and may be moved with it.
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
    """Give an output as a basis names it."""
    return "." if is_local(output) else shown(output).rstrip("/")


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the one before, whole or not at all. Raises OutputError."""
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
        new.replace(path)
        sync_folder(folder)
        sync_folder(folder.parent)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Give the checkpoint in a staging folder.

    Raises UnfitCheckpointError where there is none, or none that this program wrote whole.
    """
    path = folder / CHECKPOINT_NAME
    try:
        told = json.loads(path.read_bytes())
        if told["layout"] != LAYOUT:
            raise UnfitCheckpointError(f"{path}: has layout {told['layout']!r}, not {LAYOUT}")
        if told["sha256"] != _hash_of(told["checkpoint"]):
            raise UnfitCheckpointError(f"{path}: is damaged")
        return Checkpoint.from_dict(told["checkpoint"])
    except FileNotFoundError as error:
        raise UnfitCheckpointError(f"{folder}: has no checkpoint") from error
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnfitCheckpointError(f"{path}: is no checkpoint: {type(error).__name__}") from error


def _hash_of(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("ascii")).hexdigest()
