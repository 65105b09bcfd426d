"""Find the Java with which a local Spark is started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MIN_JAVA = 17  # required by Spark 4: https://spark.apache.org/docs/latest/
JAVA_REMEDY = "apt-get install openjdk-17-jre-headless, or set JAVA_HOME"
_SECONDS = 30
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')  # 1.8 was Java 8


@dataclass(frozen=True, slots=True)
class Java:
    """A Java: the place where it was searched, its command and its feature version (`17`); None where not found."""

    sought: str
    command: str | None = None
    version: int | None = None

    @property
    def fault(self) -> str | None:
        """Return why Spark cannot use it, None where it can."""
        if self.command is None:
            return f"there is none {self.sought}"
        if self.version is None:
            return f"{self.command} does not report its version"
        return None if self.version >= MIN_JAVA else f"{self.command} is Java {self.version}"


def find_java() -> Java:
    """Return the Java that Spark would use, from JAVA_HOME or else from the PATH, with its version."""
    home = os.environ.get("JAVA_HOME") or None  # Spark ignores an empty one, too
    sought = "on the PATH" if home is None else f"in JAVA_HOME, {home}"
    command = shutil.which("java", path=None if home is None else str(Path(home, "bin")))
    return Java(sought) if command is None else Java(sought, command, _version_of(command))


def _version_of(command: str) -> int | None:
    try:
        done = subprocess.run(  # noqa: S603  the command that Spark would start
            [command, "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(done.stderr + done.stdout)  # most versions of Java print it to stderr
    return None if match is None else int(match[1])
