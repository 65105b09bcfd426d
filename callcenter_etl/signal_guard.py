"""Delays SIGINT and SIGTERM from the first published file until the run is recorded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], object] | int


class Interrupts:
    """The files that this process has published, and the signals that it delays.

    Python handles signals in the main thread, so a run in another thread is never interrupted and needs no guard.
    """

    def __init__(self) -> None:
        self.published = 0
        self.last = ""
        self.under_way: str | None = None
        self._guarding = False
        self._holding = False
        self._waiting: int | None = None
        self._previous: dict[int, _Handler] = {}

    @contextmanager
    def hold_until_recorded(self) -> Iterator[None]:
        """Delay a signal from the first publishing inside the `with` to its end, and raise it there.

        A second signal is not delayed, so that a user can end a run that hangs.
        """
        if self._guarding or threading.current_thread() is not threading.main_thread():
            yield
            return
        self._guarding = True
        try:
            yield
        finally:
            self._guarding = False
            self._let_go()

    @contextmanager
    def publishing(self, where: str) -> Iterator[None]:
        """Guard the steps that make the files of one run visible; `where` is their location for messages."""
        if not self._guarding or threading.current_thread() is not threading.main_thread():
            yield
            return
        self._hold()
        self.under_way = where
        try:
            yield
        except (
            Exception
        ):  # not BaseException: after a second signal, the message names the unfinished publishing
            self.under_way = None
            raise
        self.published += 1
        self.last, self.under_way = where, None

    def _hold(self) -> None:
        self._holding = True
        for number in SIGNALS:
            earlier = signal.getsignal(number)
            # None is a handler that was not set from Python, and that Python cannot restore.
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
        self._holding = False  # first: a signal that arrives while the handlers are restored is passed on
        waiting, self._waiting = self._waiting, None
        for number, earlier in self._previous.items():
            signal.signal(number, earlier)
        if waiting is not None:
            signal.raise_signal(waiting)


interrupts = Interrupts()  # a singleton, since a process has one set of signal handlers
