"""Keeps SIGINT and SIGTERM from coming between what a run publishes and what is reported of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], object] | int


class Interrupts:
    """What this process has published so far, and the signals that wait until it is reported.

    Signals are handled in the main thread, so a run in another one is never interrupted and leaves all this alone.
    """

    def __init__(self) -> None:
        self.published = 0
        self.last = ""
        self.under_way: str | None = None
        self._translate_errors = False
        self._holding = False
        self._waiting: int | None = None
        self._previous: dict[int, _Handler] = {}

    @contextmanager
    def hold_until_recorded(self) -> Iterator[None]:
        """Hold signals back from the first publishing within this `with` to its end, where they are raised.

        A second signal does not wait: whoever sends it means it.
        """
        if self._translate_errors or threading.current_thread() is not threading.main_thread():
            yield
            return
        self._translate_errors = True
        try:
            yield
        finally:
            self._translate_errors = False
            self._let_go()

    @contextmanager
    def publishing(self, where: str) -> Iterator[None]:
        """Do within what makes the files of one run visible; `where` names them."""
        if not self._translate_errors or threading.current_thread() is not threading.main_thread():
            yield
            return
        self._hold()
        self.under_way = where
        try:
            yield
        except Exception:  # not what a second signal raises: then it stays known what was under way
            self.under_way = None
            raise
        self.published += 1
        self.last, self.under_way = where, None

    def _hold(self) -> None:
        self._holding = True
        for number in SIGNALS:
            earlier = signal.getsignal(number)
            if earlier is None or earlier in (signal.SIG_IGN, self._arrive):
                continue
            self._previous[number] = earlier
            signal.signal(number, self._arrive)

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        if self._holding and self._waiting is None:
            self._waiting = number
            return
        self._pass_on(number, frame)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        earlier = self._previous.get(number, signal.SIG_DFL)
        if callable(earlier):
            earlier(number, frame)
            return
        signal.signal(number, earlier)
        signal.raise_signal(number)

    def _let_go(self) -> None:
        self._holding = False  # from here on a signal is passed on, even while the handlers are put back
        waiting, self._waiting = self._waiting, None
        for number, earlier in self._previous.items():
            signal.signal(number, earlier)
        if waiting is not None:
            signal.raise_signal(waiting)


interrupts = Interrupts()  # one, as a process has one set of signal handlers
