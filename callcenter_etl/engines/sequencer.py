"""Sequencer, by which parallel threads run one section in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Sequencer:
    """Turns 0, 1, 2 … of threads. Every number must take its turn, also after an error, else later ones wait forever."""

    def __init__(self) -> None:
        self._next = 0
        self._changed = Condition()

    @contextmanager
    def turn(self, number: int) -> Iterator[None]:
        """Wait until all lower numbers have finished their turns, and hold this turn until the end of the `with`."""
        with self._changed:
            self._changed.wait_for(lambda: self._next == number)
        try:
            yield
        finally:
            with self._changed:
                self._next += 1
                # All waiting threads, since only one of them has the next number.
                self._changed.notify_all()
