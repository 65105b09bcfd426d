"""Finds the Java that a local Spark would be started with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MIN_JAVA = 17  # of Spark 4: https://spark.apache.org/docs/latest/
JAVA_REMEDY = "apt-get install openjdk-17-jre-headless, or set JAVA_HOME"
_SECONDS = 30
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')  # 1.8 was Java 8


@dataclass(frozen=True, slots=True)
class Java:
    """A Java: where it was looked for, its command, and its feature version (`17`); None where there is none."""

    sought: str
    command: str | None = None
    version: int | None = None

    @property
    def fault(self) -> str | None:
        """Return why Spark cannot use it, None where it can."""
        if self.command is None:
            return f"there is none {self.sought}"
        if self.version is None:
            return f"{self.command} does not tell its version"
        return None if self.version >= MIN_JAVA else f"{self.command} is Java {self.version}"


def find_java() -> Java:
    """Look for Java as Spark does, in JAVA_HOME or else on the PATH, and ask it for its version."""
    home = os.environ.get("JAVA_HOME") or None  # an empty one says nothing to Spark either
    sought = "on the PATH" if home is None else f"in JAVA_HOME, {home}"
    command = shutil.which("java", path=None if home is None else str(Path(home, "bin")))
    return Java(sought) if command is None else Java(sought, command, _version_of(command))


def _version_of(command: str) -> int | None:
    try:
        told = subprocess.run(  # noqa: S603  the command that Spark would start
            [command, "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(told.stderr + told.stdout)
    return None if match is None else int(match[1])
