"""Checks the machine for runs: Python, packages, Java, S3 credentials, folders, cores, memory."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.engines.java import JAVA_REMEDY, MIN_JAVA, find_java
from callcenter_etl.os_errors import os_cause
from callcenter_etl.store.s3_session import credentials_source

DISTRIBUTION = "callcenter-etl"
MIN_PYTHON = (3, 11)
MIN_MEMORY = 512 * 2**20
MIN_ROOM = 2**30
# The extras for users, with the option that needs each; the others are for development.
_EXTRAS = {
    "delta": "--target-format delta",
    "excel": "source.format: excel",
    "iceberg": "--target-format iceberg",
    "report": "--report",
    "spark": "--engine spark",
}
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")
# PEP 508 allows both kinds of quotes in a marker.
_OF_EXTRA = re.compile(r"""extra == ["']([\w-]+)["']""")
_OF_PLATFORM = re.compile(r"""sys_platform == ["']([\w-]+)["']""")
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """The result of one check: `ok`, `note` (some commands need more) or `wrong`, and a remedy."""

    name: str
    state: Literal["ok", "note", "wrong"]
    found: str
    remedy: str | None = None


def examine(
    storage: StorageOptions, *, staging: str | None = None, extras: Collection[str] = ()
) -> tuple[MachineCheck, ...]:
    """Return the results of all checks; a missing package of `extras` is `wrong` instead of a `note`.

    Writes an empty file into each checked folder and removes it.
    """
    needed, by_extra = _requirements()
    folders = [_temporary_folder()] if staging is None else [_temporary_folder(), _folder("staging", staging)]
    return (
        _python(),
        _packages(needed),
        *(_extra(name, needs, wanted=name in extras) for name, needs in by_extra.items()),
        _java(wanted="spark" in extras),
        _credentials(storage),
        *folders,
        _cores(),
        _memory(),
    )


def _python() -> MachineCheck:
    found = f"{sys.version.split()[0]} ({sys.executable})"
    least = ".".join(map(str, MIN_PYTHON))
    if sys.version_info < MIN_PYTHON:
        return MachineCheck("python", "wrong", found, f"install Python {least} or newer")
    return MachineCheck("python", "ok", found)


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """Return the distributions that are always required, and those of each extra for users."""
    needed: list[str] = []
    by_extra: dict[str, list[str]] = {name: [] for name in _EXTRAS}
    for text in _declared():
        name, extra = _REQUIREMENT.match(text), _OF_EXTRA.search(text)
        platform = _OF_PLATFORM.search(text)
        if name is None or (platform is not None and platform[1] != sys.platform):
            continue
        if extra is None:
            needed.append(name[0])
        elif extra[1] in by_extra:
            by_extra[extra[1]].append(name[0])
    return needed, {name: needs for name, needs in by_extra.items() if needs}


def _declared() -> list[str]:
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []


def _versions(names: list[str]) -> tuple[list[str], list[str]]:
    """Return the installed distributions with their versions, and the names of the missing ones."""
    there, missing = [], []
    for name in names:
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return there, missing


def _packages(names: list[str]) -> MachineCheck:
    # Without metadata, the code runs from a folder in which it was not installed.
    if not names:
        return MachineCheck("packages", "wrong", "not installed as a package", "pip install callcenter-etl")
    there, missing = _versions([DISTRIBUTION, *names])
    if missing:
        remedy = f"pip install --upgrade --force-reinstall {DISTRIBUTION}"
        return MachineCheck("packages", "wrong", f"missing: {', '.join(missing)}", remedy)
    return MachineCheck("packages", "ok", ", ".join(there))


def _extra(name: str, needs: list[str], *, wanted: bool) -> MachineCheck:
    there, missing = _versions(needs)
    if missing:
        remedy = f"for {_EXTRAS[name]}: pip install '{DISTRIBUTION}[{name}]'"
        return MachineCheck(
            f"extra {name}", "wrong" if wanted else "note", f"missing: {', '.join(missing)}", remedy
        )
    return MachineCheck(f"extra {name}", "ok", ", ".join(there))


def _java(*, wanted: bool) -> MachineCheck:
    java = find_java()
    if java.fault is not None:
        remedy = f"for {_EXTRAS['spark']}, which needs Java {MIN_JAVA} or later: {JAVA_REMEDY}"
        return MachineCheck("java", "wrong" if wanted else "note", java.fault, remedy)
    return MachineCheck("java", "ok", f"{java.version} ({java.command})")


def _credentials(storage: StorageOptions) -> MachineCheck:
    # Only the name of the provider is shown, never a key.
    source = credentials_source(storage)
    if source.fault is not None:
        return MachineCheck("s3", "wrong", source.fault, "name a profile that is there, or mend ~/.aws")
    region = f", region {source.region}" if source.region else ", no region"
    if source.method is None:
        remedy = "for s3://: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws"
        return MachineCheck("s3", "note", f"no credentials{region}", remedy)
    return MachineCheck("s3", "ok", f"credentials from {source.method}{region}")


def _temporary_folder() -> MachineCheck:
    try:
        return _folder("temporary folder", tempfile.gettempdir())
    except FileNotFoundError:  # no candidate of `gettempdir` can be written
        return MachineCheck(
            "temporary folder", "wrong", "none can be written", "set TMPDIR to a folder that can"
        )


def _folder(name: str, folder: str) -> MachineCheck:
    try:
        # Permission bits would not show a read-only file system, so a file is created.
        with tempfile.NamedTemporaryFile(prefix="callcenter_etl-doctor-", dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        cause = os_cause(error)
        where = "TMPDIR" if name != "staging" else "--staging"
        return MachineCheck(
            name, "wrong", f"{folder}: {cause}", f"name a folder that can be written, in {where}"
        )
    found = f"{folder}, {_gib(free)} free"
    if free < MIN_ROOM:
        return MachineCheck(
            name, "note", found, "for large sources: make room, runs stage their files before publishing"
        )
    return MachineCheck(name, "ok", found)


def _cores() -> MachineCheck:
    from callcenter_etl.run.cores import usable_cores

    return MachineCheck("cores", "ok", f"{usable_cores()} (the default of --workers)")


def _memory() -> MachineCheck:
    amounts = list(_amounts_of_memory())
    if not amounts:
        return MachineCheck("memory", "note", "unknown on this system")
    found = ", ".join(f"{_gib(amount)} {what}" for what, amount in amounts)
    # In a container, the machine's memory is shown too, but the smaller limit counts.
    if min(amount for _, amount in amounts) < MIN_MEMORY:
        return MachineCheck("memory", "note", found, "a run takes some 400 MB; fewer --workers take less")
    return MachineCheck("memory", "ok", found)


def _amounts_of_memory() -> Iterator[tuple[str, int]]:
    """Yield description and bytes of the machine's memory, and of the container's limit if there is one."""
    try:
        yield "in all", os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return
    try:
        limit = _CGROUP_LIMIT.read_text(encoding="ascii").strip()
    except OSError:
        return
    # A container without a limit has the word `max` there.
    if limit.isdigit():
        yield "allowed to this container", int(limit)


def _gib(amount: int) -> str:
    return f"{amount / 2**30:,.1f} GiB"
