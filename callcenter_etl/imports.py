"""Context managers for faster imports of heavy modules."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Disable the garbage collector, which would scan all imported objects again and again during imports."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def importing_pandera() -> Iterator[None]:
    """Hide `pyspark.pandas` from pandera, which imports it if pyspark is installed.

    That import takes seconds, warns, and fails with pandas 3. If pyspark is imported already, nothing is hidden.
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
    """Make imports of these packages fail in this process, as if they were not installed.

    Only for the process of the command line: in a user's process other code may need them.
    """
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as importlib documents it
