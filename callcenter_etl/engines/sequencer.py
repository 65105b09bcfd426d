"""Lets threads that work side by side pass one point in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Sequencer:
    """Gives out turns 0, 1, 2 …; every number must take its turn, or those after it wait for ever."""

    def __init__(self) -> None:
        self._next = 0
        self._changed = Condition()

    @contextmanager
    def turn(self, number: int) -> Iterator[None]:
        """Wait until all lower numbers have had their turn, and hold this one."""
        with self._changed:
            self._changed.wait_for(lambda: self._next == number)
        try:
            yield
        finally:
            with self._changed:
                self._next += 1
                self._changed.notify_all()
