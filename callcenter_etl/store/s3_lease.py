"""The right to publish under a prefix: one run has it at a time, and a dead one does not keep it."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from callcenter_etl.documents import DocumentError, parse_object
from callcenter_etl.errors import OutputError
from callcenter_etl.store.s3_uploads import Bucket
from callcenter_etl.store.uris import shown

# By the store's clock; the holder gives up well before, by its own.
LEASE_SECONDS = 15 * 60
OWNER_SECONDS = 10 * 60
FOLDER = ".publishing"
_MAX_CHAIN = 100

_log = logging.getLogger(__name__)


class Claim:
    """The right to publish, held from `claimed` to the end of its `with`."""

    def __init__(self) -> None:
        self._until = time.time() + OWNER_SECONDS

    @property
    def is_over(self) -> bool:
        """True where another run may take the claim for dead."""
        return time.time() > self._until

    def check(self, uri: str) -> None:
        """Raise OutputError where the claim is over; asked before each step of publishing."""
        if self.is_over:
            raise OutputError(
                f"{shown(uri)}: publishing took longer than {OWNER_SECONDS // 60} minutes, another run may have begun"
                " to (run again)"
            )


@contextmanager
def claimed(bucket: Bucket, prefix: str, run_id: str) -> Iterator[Claim]:
    """Hold the right to publish under `prefix` (empty, or ending in /).

    Raises OutputError, naming the run that holds it, where another one does.
    """
    body = json.dumps({"run_id": run_id, **_me(), "claimed_at": datetime.now(UTC).isoformat()}).encode()
    claim = Claim()
    chain = _acquire(bucket, prefix, run_id, body)
    try:
        yield claim
    finally:
        if not claim.is_over:
            _release(bucket, chain)


def _acquire(bucket: Bucket, prefix: str, run_id: str, body: bytes) -> list[str]:
    """Put a claim behind those of dead runs; give the keys of the chain, the own one last."""
    key = f"{prefix}{FOLDER}/claim"
    chain = [key]
    labels = {"run-id": run_id}
    for _ in range(_MAX_CHAIN):
        if bucket.put_if_absent(key, body, labels):
            _probe(bucket, key, body, labels)
            break
        lock_owner = _lock_owner(bucket, key)
        if lock_owner is None:
            continue  # it was given back just now
        if lock_owner["run_id"] == run_id:
            break  # ours: the answer to an earlier try was lost
        if not lock_owner["dead"]:
            raise OutputError(
                f"{shown(bucket.uri(prefix))}: run {lock_owner['run_id']} is publishing there (on {lock_owner['host']},"
                f" since {lock_owner['claimed_at']}); this run lost the race and published nothing"
            )
        key = f"{prefix}{FOLDER}/claim-after-{lock_owner['run_id']}"
        chain.append(key)
    _check_chain(bucket, prefix, chain, run_id)
    return chain


def _check_chain(bucket: Bucket, prefix: str, chain: list[str], run_id: str) -> None:
    """Walk the chain once more: a claim behind one that is gone holds nothing."""
    runs = [(_lock_owner(bucket, key) or {"run_id": None})["run_id"] for key in chain]
    keys = [f"{prefix}{FOLDER}/claim", *(f"{prefix}{FOLDER}/claim-after-{run}" for run in runs[:-1])]
    if keys != chain or runs[-1] != run_id:
        bucket.delete(chain[-1])
        raise OutputError(
            f"{shown(bucket.uri(prefix))}: another run claimed it at the same moment; this run published nothing"
            " (run again)"
        )


def _release(bucket: Bucket, chain: list[str]) -> None:
    """Give the claim back, the first of the chain first, so that no new one is put behind a dead one."""
    try:
        for key in chain:
            bucket.delete(key)
    except OutputError as error:
        _log.warning("the claim could not be given back: %s", error)


def _probe(bucket: Bucket, key: str, body: bytes, labels: Mapping[str, str]) -> None:
    if bucket.put_if_absent(key, body, labels):
        _log.warning(
            "%s: the store ignores If-None-Match, so two runs at the same time are not kept apart there",
            shown(bucket.uri("")),
        )


def _lock_owner(bucket: Bucket, key: str) -> dict[str, Any] | None:
    """Return who holds a claim, and whether it is dead; None where nobody does."""
    answer = bucket.read(key)
    if answer is None:
        return None
    unknown = {"run_id": "of another program", "host": "?", "claimed_at": "?"}
    try:
        told = {**unknown, **parse_object(answer["Body"])}
    except DocumentError:
        told = unknown
    return {**told, "dead": _age(answer) > LEASE_SECONDS or _is_gone(told)}


def _age(answer: Mapping[str, Any]) -> float:
    """Return the seconds since an object was written, both times by the store's clock."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
    return float((now - answer["LastModified"]).total_seconds())


def _is_gone(lock_owner: Mapping[str, Any]) -> bool:
    """Return whether a holder was a process of this very system and is no more."""
    place = _me()["place"]
    if place is None or lock_owner.get("place") != place:
        return False
    return _start_of(lock_owner.get("pid")) != lock_owner.get("process_started")


def _me() -> dict[str, Any]:
    """Return what tells this process from all others: host, boot and PID namespace, PID and its start."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        boot = space = ""
    place = f"{socket.gethostname()} {boot} {space}" if boot else None
    pid = os.getpid()
    return {"host": socket.gethostname(), "place": place, "pid": pid, "process_started": _start_of(pid)}


def _start_of(pid: Any) -> str | None:
    """Return when a process started, in ticks since the boot; None where there is no such process any more."""
    try:
        state, *rest = Path(f"/proc/{int(pid)}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except (OSError, ValueError, IndexError, TypeError):
        return None
    return None if state in "ZX" else rest[18]
