"""Retry calls with random exponential backoff, within a budget of tries and seconds."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store.store_errors import RetriesExhaustedError, cause_of, is_cut_answer, is_transient
from callcenter_etl.store.uris import shown

DEFAULT_RETRIES = 8
MAX_WAIT = 15.0

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


async def call_with_retries(call: Callable[[], Awaitable[_T]], *, name: str, options: StorageOptions) -> _T:
    """Return the result of a call; transient failures are retried within the budget of the options.

    Raises RetriesExhaustedError when the budget is used up, and every other failure at once.
    """
    retrying = AsyncRetrying(**_budget(name, options), retry=retry_if_exception(is_transient))

    # tenacity awaits only a function that is declared `async`; a lambda that returns a coroutine is not.
    async def attempt() -> _T:
        return await call()

    try:
        return await retrying(attempt)
    except RetryError as error:
        raise _given_up(error, retrying.statistics) from error.last_attempt.exception()


def retry_until_complete(call: Callable[[], _T], *, name: str, options: StorageOptions) -> _T:
    """Return the result of a call of boto3; the call is retried while the body of its response ends early.

    Raises RetriesExhaustedError when the budget is used up, and every other failure at once.
    """
    # Only this failure: boto3 itself retries what fails before the body, and a second loop would square the tries.
    retrying = Retrying(**_budget(name, options), retry=retry_if_exception(is_cut_answer))
    try:
        return retrying(call)
    except RetryError as error:
        raise _given_up(error, retrying.statistics) from error.last_attempt.exception()


def _budget(name: str, options: StorageOptions) -> dict[str, Any]:
    retries = DEFAULT_RETRIES if options.retries is None else options.retries
    return {
        "stop": stop_after_attempt(retries + 1) | stop_after_delay(options.retry_seconds),
        "wait": wait_random_exponential(multiplier=0.2, max=MAX_WAIT),
        "before_sleep": lambda state: _log_retry(name, state),
    }


def _given_up(error: RetryError, statistics: dict[str, Any]) -> RetriesExhaustedError:
    last = error.last_attempt
    seconds = float(statistics.get("delay_since_first_attempt", 0.0))
    return RetriesExhaustedError(last.exception() or error, tries=last.attempt_number, seconds=seconds)


def _log_retry(name: str, state: RetryCallState) -> None:
    cause = None if state.outcome is None else state.outcome.exception()
    words = "" if cause is None else shown(cause_of(cause))
    _log.warning("%s: try %d failed: %s", shown(name), state.attempt_number, words)
