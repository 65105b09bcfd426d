"""The keys of a contract's rules of uniqueness over one source: on which line each occurs first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.errors import CheckpointMismatchError
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.record_rules import find_first_lines
from callcenter_etl.rules.rule import Rule
from callcenter_etl.uniqueness import (
    KeyCheckpoint,
    KeyOffset,
    KeyRegistry,
    make_registries,
    make_temporary_registries,
)

Lines = NDArray[np.int64]


class KeyLines(Protocol):
    """Knows on which line a key occurs first."""

    def first_lines(self, columns: ChunkColumns) -> Mapping[str, Lines]:
        """Return by rule of uniqueness the line of the first occurrence of each record's key, of shape (records,).

        -1 where the record is that first occurrence, or its key takes no part. To be called in the order of the source.
        """


class UniqueKeys:
    """The keys of each rule of uniqueness that have come so far. Use within `with`.

    `registries` has one by rule id. They spill to disk, so that memory stays bounded for any number of keys.
    """

    def __init__(self, rules: Sequence[Rule], registries: Mapping[str, KeyRegistry]) -> None:
        self._rules = unique_rules(rules)
        self._registries = registries
        self._stack = ExitStack()

    @classmethod
    def in_folder(cls, rules: Sequence[Rule], folder: Path) -> Self:
        """Return keys that spill into folders below `folder`, where a later process can resume from them."""
        folders = {rule.id: folder / f"keys-{number}" for number, rule in enumerate(rules) if rule.key}
        return cls(rules, make_registries(folders))

    @classmethod
    def temporary(cls, rules: Sequence[Rule]) -> Self:
        """Return keys that spill into the system's temporary folder."""
        return cls(rules, make_temporary_registries([rule.id for rule in unique_rules(rules)]))

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for registry in self._registries.values():
                opened.enter_context(registry)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def __bool__(self) -> bool:
        return bool(self._rules)

    def first_lines(self, columns: ChunkColumns) -> Mapping[str, Lines]:
        """Return the first lines, see `KeyLines`, and remember the keys that are new."""
        return {
            rule.id: find_first_lines(columns, rule.key, self._registries[rule.id].first_lines)
            for rule in self._rules
        }

    def keep(self) -> None:
        """Hold the keys in named files, from which a checkpoint can resume; to be called before the first key."""
        for registry in self._registries.values():
            registry.keep()

    def offsets(self) -> tuple[KeyOffset, ...]:
        """Return how much each rule has kept; to be called between two calls of `first_lines`."""
        return tuple(registry.key_offset for registry in self._registries.values())

    def checkpoints(self, offsets: Sequence[KeyOffset]) -> tuple[KeyCheckpoint, ...]:
        """Make durable what was kept up to the offsets; may run beside `first_lines`, in one thread."""
        registries = self._registries.values()
        return tuple(registry.mark(offset) for registry, offset in zip(registries, offsets, strict=True))

    def resume(self, checkpoints: Sequence[KeyCheckpoint]) -> None:
        """Restore the keys that another process kept in the same folders.

        Raises CheckpointMismatchError where the files are not what they were.
        """
        if len(checkpoints) != len(self._registries):
            raise CheckpointMismatchError("the checkpoint has other rules of uniqueness")
        for registry, checkpoint in zip(self._registries.values(), checkpoints, strict=True):
            registry.go_on(checkpoint)


def unique_rules(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules of uniqueness in contract order."""
    return tuple(rule for rule in rules if rule.key)
