"""The command line, reading few bytes at a time and, where it is told to, killing itself at a named point.

`python -m tests.reliability.resume_driver BLOCK_BYTES POINT WORD…`; POINT is `-`, or `module:name:before|after:N`.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def read_little(block_bytes: int) -> None:
    from callcenter_etl.api import validate_source  # the way of the command line into a run

    assert validate_source.__kwdefaults__ is not None
    assert "block_bytes" in validate_source.__kwdefaults__
    validate_source.__kwdefaults__["block_bytes"] = block_bytes


def wait_for_checkpoints() -> None:
    """Have a run rest until its checkpoint is written, so that it takes as many whatever the disk does."""
    from callcenter_etl.run.checkpoints.checkpointer import Checkpoints

    rested = Checkpoints.rested

    def waited(self: Checkpoints) -> None:
        rested(self)
        self._check_written()

    Checkpoints.rested = waited  # type: ignore[method-assign]  # in this process alone


def die_at(point: str) -> None:
    """Have this process killed before or after the Nth call of a function of the product."""
    module, name, when, number = point.split(":")
    owner: Any = importlib.import_module(module)
    *holders, name = name.split(".")
    for lock_owner in holders:
        owner = getattr(owner, lock_owner)
    setattr(owner, name, _deadly(getattr(owner, name), when, int(number)))


def _deadly(function: Callable[..., Any], when: str, number: int) -> Callable[..., Any]:
    calls = 0

    def called(*words: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        given = function(*words, **options)
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return given

    return called


if __name__ == "__main__":
    from callcenter_etl.cli import main

    read_little(int(sys.argv[1]))
    if sys.argv[2] != "-":
        wait_for_checkpoints()
        die_at(sys.argv[2])
    sys.argv[1:] = sys.argv[3:]
    main()
