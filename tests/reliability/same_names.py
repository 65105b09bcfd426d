"""Makes names that differ from run to run the same every time: paths that nobody knows before cannot be named to strace."""

from __future__ import annotations

import os
import random
import tempfile
import uuid

_numbers = random.Random(0)


def use_same_names() -> None:
    """Let run ids, UUIDs and the names of temporary files follow from `TRACED_RUN`; called before other modules are imported.

    Temporary files get their names from `tempfile`, as files without a name (O_TMPFILE) have a path that nobody knows.
    """
    uuid.uuid4 = lambda: uuid.UUID(int=_numbers.getrandbits(128), version=4)
    tempfile._RandomNameSequence.rng = property(lambda self: _numbers)  # type: ignore[attr-defined]
    tempfile._O_TMPFILE_WORKS = False  # type: ignore[attr-defined]
    from callcenter_etl.run import summary

    # Modules import the function by its name, so that its code is replaced and not the name.
    wanted = lambda: f"20260101T000000Z-0000000{__import__('os').environ['TRACED_RUN']}"  # noqa: E731
    summary.new_run_id.__code__ = wanted.__code__
    start_names()


def start_names() -> None:
    """Begin with the names of the run that `TRACED_RUN` says."""
    _numbers.seed(int(os.environ["TRACED_RUN"]))
    tempfile._name_sequence = None  # type: ignore[attr-defined]
    tempfile.tempdir = None  # else that of the process from which this one is forked
