"""Tries calls again, with backoff, inside a budget of tries and seconds."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    RetryError,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from callcenter_etl.contract.storage import StorageOptions
from callcenter_etl.storage.addresses import shown
from callcenter_etl.storage.failures import PatienceError, cause_of, is_transient

DEFAULT_RETRIES = 8
LONGEST_WAIT = 15.0

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


async def patiently(call: Callable[[], Awaitable[_T]], *, name: str, options: StorageOptions) -> _T:
    """Give what the call gives; passing failures are tried again within the budget of the options.

    Raises PatienceError when the budget is used up, and every other failure at once.
    """
    retries = DEFAULT_RETRIES if options.retries is None else options.retries
    retrying = AsyncRetrying(
        stop=stop_after_attempt(retries + 1) | stop_after_delay(options.retry_seconds),
        wait=wait_random_exponential(multiplier=0.2, max=LONGEST_WAIT),
        retry=retry_if_exception(is_transient),
        before_sleep=lambda state: _tell(name, state),
    )

    async def once() -> _T:  # tenacity waits only for what is declared to be async
        return await call()

    try:
        return await retrying(once)
    except RetryError as error:
        last = error.last_attempt
        cause = last.exception() or error
        seconds = float(retrying.statistics.get("delay_since_first_attempt", 0.0))
        raise PatienceError(cause, tries=last.attempt_number, seconds=seconds) from cause


def _tell(name: str, state: RetryCallState) -> None:
    cause = None if state.outcome is None else state.outcome.exception()
    words = "" if cause is None else shown(cause_of(cause))
    _log.warning("%s: try %d failed: %s", shown(name), state.attempt_number, words)
