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


def leave_out(*names: str) -> None:
    """Keep optional packages that are installed from being imported in this process.

    For a process of one's own alone: what asks for them finds them missing.
    """
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as importlib documents it
