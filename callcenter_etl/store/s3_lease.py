"""Lease on an S3 prefix: one run at a time may publish there, and the lease of a dead run expires."""

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

# Other runs judge the age of a claim by the store's clock, its owner by its own. The owner gives up five minutes
# earlier, since one of its requests may still be under way at that moment.
LEASE_SECONDS = 15 * 60
OWNER_SECONDS = 10 * 60
FOLDER = ".publishing"
_MAX_CHAIN = 100

_log = logging.getLogger(__name__)


class Claim:
    """The right to publish, held from `claimed` to the end of its `with`, for OWNER_SECONDS at most."""

    def __init__(self) -> None:
        self._until = time.time() + OWNER_SECONDS

    @property
    def is_over(self) -> bool:
        """Return whether another run may treat this claim as expired."""
        return time.time() > self._until

    def check(self, uri: str) -> None:
        """Raise OutputError where the claim has expired. Call it before each request of publishing."""
        if self.is_over:
            raise OutputError(
                f"{shown(uri)}: publishing took longer than {OWNER_SECONDS // 60} minutes, another run may have begun"
                " to (run again)"
            )


@contextmanager
def claimed(bucket: Bucket, prefix: str, run_id: str) -> Iterator[Claim]:
    """Hold the right to publish under `prefix` (empty, or ending in /).

    Raises OutputError with the run id of the owner where another run holds it.
    """
    body = json.dumps({"run_id": run_id, **_me(), "claimed_at": datetime.now(UTC).isoformat()}).encode()
    claim = Claim()
    chain = _acquire(bucket, prefix, run_id, body)
    try:
        yield claim
    finally:
        # An expired claim may belong to another run by now: deleting it would end that run's lease.
        if not claim.is_over:
            _release(bucket, chain)


def _acquire(bucket: Bucket, prefix: str, run_id: str, body: bytes) -> list[str]:
    """Put a claim after those of dead runs, and return the keys of the chain, this run's own last.

    A dead run's claim is never deleted to make room: two runs could each delete the claim that the other one has just
    put. Both put `claim-after-<dead run>` with `If-None-Match: *` instead, and one of them wins.
    """
    key = f"{prefix}{FOLDER}/claim"
    chain = [key]
    labels = {"run-id": run_id}
    for _ in range(_MAX_CHAIN):
        if bucket.put_if_absent(key, body, labels):
            _probe(bucket, key, body, labels)
            break
        lock_owner = _lock_owner(bucket, key)
        if lock_owner is None:
            continue  # released since the put was refused
        if lock_owner["run_id"] == run_id:
            break  # this run's own: the response to an earlier try was lost, and boto3 tried again
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
    """Read the chain again. Raises OutputError where a claim before this run's own was released meanwhile."""
    runs = [(_lock_owner(bucket, key) or {"run_id": None})["run_id"] for key in chain]
    keys = [f"{prefix}{FOLDER}/claim", *(f"{prefix}{FOLDER}/claim-after-{run}" for run in runs[:-1])]
    if keys != chain or runs[-1] != run_id:
        bucket.delete(chain[-1])
        raise OutputError(
            f"{shown(bucket.uri(prefix))}: another run claimed it at the same moment; this run published nothing"
            " (run again)"
        )


def _release(bucket: Bucket, chain: list[str]) -> None:
    """Delete the claims of the chain; a failure is logged, since what was published stays published."""
    try:
        # The first claim first: a run that comes now starts a new chain, and none continues this one.
        for key in chain:
            bucket.delete(key)
    except OutputError as error:
        _log.warning("the claim could not be released: %s", error)


def _probe(bucket: Bucket, key: str, body: bytes, labels: Mapping[str, str]) -> None:
    # The claim is there, so a second put must be refused; a store that accepts it ignores the condition.
    if bucket.put_if_absent(key, body, labels):
        _log.warning(
            "%s: the store ignores If-None-Match, so two runs at the same time are not kept apart there",
            shown(bucket.uri("")),
        )


def _lock_owner(bucket: Bucket, key: str) -> dict[str, Any] | None:
    """Return the owner of a claim and whether it is dead, None where the claim does not exist."""
    answer = bucket.read(key)
    if answer is None:
        return None
    unknown = {"run_id": "of another program", "host": "?", "claimed_at": "?"}
    try:
        owner = {**unknown, **parse_object(answer["Body"])}
    except DocumentError:
        owner = unknown
    return {**owner, "dead": _age(answer) > LEASE_SECONDS or _is_gone(owner)}


def _age(answer: Mapping[str, Any]) -> float:
    """Return the age of an object in seconds, both times by the store's clock where its response has a date."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
    return float((now - answer["LastModified"]).total_seconds())


def _is_gone(lock_owner: Mapping[str, Any]) -> bool:
    """Return whether an owner was a process of this very system that has ended."""
    # A PID means nothing on another host, after another boot or in another container.
    place = _me()["place"]
    if place is None or lock_owner.get("place") != place:
        return False
    return _start_of(lock_owner.get("pid")) != lock_owner.get("process_started")


def _me() -> dict[str, Any]:
    """Return the identity of this process: host, boot and PID namespace, PID and its start time."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        boot = space = ""
    place = f"{socket.gethostname()} {boot} {space}" if boot else None
    pid = os.getpid()
    return {"host": socket.gethostname(), "place": place, "pid": pid, "process_started": _start_of(pid)}


def _start_of(pid: Any) -> str | None:
    """Return the start time of a process in ticks since the boot, None where it has ended."""
    # The start time as well, since the system reuses PIDs.
    try:
        state, *rest = Path(f"/proc/{int(pid)}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except (OSError, ValueError, IndexError, TypeError):
        return None
    return None if state in "ZX" else rest[18]
