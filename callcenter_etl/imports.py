"""How modules are imported: heavy ones quickly, and packages that are functions too."""

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
def importing_pandera() -> Iterator[None]:
    """Import pandera without `pyspark.pandas`, which it tries wherever pyspark is installed.

    The try takes seconds, warns, and fails with the pandas that is needed here. Where that is imported already it stays.
    """
    hidden = [name for name in ("pyspark.pandas", "pyspark") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: not to be had, as importlib documents it
    try:
        with uncollected():
            yield
    finally:
        for name in hidden:
            if sys.modules.get(name, name) is None:
                del sys.modules[name]


def leave_out(*names: str) -> None:
    """Keep optional packages that are installed from being imported in this process.

    For a process of one's own alone: what asks for them finds them missing.
    """
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as importlib documents it
