"""Keys of a contract's unique rules over one source, with the line of each first occurrence."""

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
    """Lookup of the lines on which keys occur first."""

    def first_lines(self, columns: ChunkColumns) -> Mapping[str, Lines]:
        """Return by unique rule the line of the first occurrence of each record's key, shape (records,).

        It is -1 where the record is that first occurrence, or its key is blank. Call it in the order of the source.
        """


class UniqueKeys:
    """The keys of each unique rule so far. Use within `with`.

    `registries` has a registry for each rule id. They spill to disk, so that memory stays bounded for any number of keys.
    """

    def __init__(self, rules: Sequence[Rule], registries: Mapping[str, KeyRegistry]) -> None:
        self._rules = unique_rules(rules)
        self._registries = registries
        self._stack = ExitStack()

    @classmethod
    def in_folder(cls, rules: Sequence[Rule], folder: Path) -> Self:
        """Return keys that spill into folders below `folder`, where a later process can resume from them."""
        # By the rule's number: a rule id may hold characters that a file name cannot.
        folders = {rule.id: folder / f"keys-{number}" for number, rule in enumerate(rules) if rule.key}
        return cls(rules, make_registries(folders))

    @classmethod
    def temporary(cls, rules: Sequence[Rule]) -> Self:
        """Return keys that spill into the system's temporary folder."""
        return cls(rules, make_temporary_registries([rule.id for rule in unique_rules(rules)]))

    def __enter__(self) -> Self:
        # Should a registry fail to open, the ExitStack closes those that are open already.
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
        """Return the first lines, see `KeyLines`, and register the new keys."""
        return {
            rule.id: find_first_lines(columns, rule, self._registries[rule.id].first_lines)
            for rule in self._rules
        }

    def keep(self) -> None:
        """Keep the keys in named files, for checkpoints; call it before the first key."""
        for registry in self._registries.values():
            registry.keep()

    def offsets(self) -> tuple[KeyOffset, ...]:
        """Return the offset of each registry; call it between two calls of `first_lines`."""
        return tuple(registry.key_offset for registry in self._registries.values())

    def checkpoints(self, offsets: Sequence[KeyOffset]) -> tuple[KeyCheckpoint, ...]:
        """Make the kept files durable up to the offsets; one other thread may call this while `first_lines` runs."""
        registries = self._registries.values()
        return tuple(
            registry.checkpoint(offset) for registry, offset in zip(registries, offsets, strict=True)
        )

    def resume(self, checkpoints: Sequence[KeyCheckpoint]) -> None:
        """Restore the keys that another process kept in the same folders.

        Raises CheckpointMismatchError where the files changed since the checkpoint.
        """
        if len(checkpoints) != len(self._registries):
            raise CheckpointMismatchError("the checkpoint has other unique rules")
        for registry, checkpoint in zip(self._registries.values(), checkpoints, strict=True):
            registry.resume(checkpoint)


def unique_rules(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the unique rules in contract order."""
    return tuple(rule for rule in rules if rule.key)
