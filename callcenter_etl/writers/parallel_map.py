"""Call a function for many files in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

MAX_PARALLEL = 8
Item = TypeVar("Item")


def parallel_map(items: Iterable[Item], act: Callable[[Item], object]) -> None:
    """Call `act` for each item, up to MAX_PARALLEL at a time. Raises the first error, after the calls under way ended."""
    with ThreadPoolExecutor(MAX_PARALLEL, thread_name_prefix="files") as threads:
        futures = [threads.submit(act, item) for item in items]
        try:
            for future in futures:
                future.result()
        except BaseException:
            # Waits for the calls under way: the caller cleans up, and none of them may add a file after that.
            threads.shutdown(wait=True, cancel_futures=True)
            raise
