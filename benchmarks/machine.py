"""Says on what the benchmarks ran: processor, system, versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

from benchmarks.contestants import OUR_BIN, PEER_PYTHON

NAMED = {
    OUR_BIN / "python": ("numpy", "pandas", "pandera", "pyarrow"),
    PEER_PYTHON: ("dataframely", "duckdb", "frictionless", "great_expectations", "pandas", "pandera", "pointblank",
                  "polars", "pyarrow"),
}  # fmt: skip
QUESTION = """
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
"""


def described() -> dict[str, object]:
    """Give the machine's cores, memory and software."""
    ours, peers = (_versions(python, names) for python, names in NAMED.items())
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "processor": _processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": ours,
        "peer_versions": peers,
    }


def _versions(python: Path, names: tuple[str, ...]) -> dict[str, str]:
    asked = subprocess.run([python, "-c", QUESTION, *names], capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, str] = json.loads(asked.stdout)
    return found


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
