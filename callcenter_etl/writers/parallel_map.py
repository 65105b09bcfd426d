"""Does something for many files, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

MAX_PARALLEL = 8
Item = TypeVar("Item")


def parallel_map(items: Iterable[Item], act: Callable[[Item], object]) -> None:
    """Do something for each; the first error ends it."""
    with ThreadPoolExecutor(MAX_PARALLEL, thread_name_prefix="files") as threads:
        futures = [threads.submit(act, item) for item in items]
        try:
            for future in futures:
                future.result()
        except BaseException:
            threads.shutdown(wait=True, cancel_futures=True)
            raise
