"""Makes heavy imports quicker."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector off: while modules are imported it would go over what stays, again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Keep packages that are not imported yet from being so within this `with`: what asks for them finds them missing.

    pandera takes along what it could work on where that is installed, a fifth of a second for Spark's.
    """
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # as importlib documents it
    try:
        yield
    finally:
        for name in absent:
            if sys.modules.get(name, name) is None:
                del sys.modules[name]


def leave_out(*names: str) -> None:
    """Keep optional packages that are installed from being imported in this process.

    For a process of one's own alone: what asks for them finds them missing.
    """
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as importlib documents it
