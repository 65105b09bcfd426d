"""A process with a Spark of its own: executors have the environment, and so the store, that Spark was started with."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Self

_SCRIPT = """
import json, sys
from callcenter_etl import CallcenterEtlError, validate
for line in sys.stdin:
    try:
        result = validate(**json.loads(line), engine="spark", workers=2)
        told = {"summary": result.summary, "already_done": result.already_done,
                "rejected": result.exceptions[["reject_line", "reject_rules"]].values.tolist()}
    except CallcenterEtlError as error:
        told = {"error": str(error)}
    print("told", json.dumps(told), flush=True)
"""


class SparkProcess:
    """Runs `validate` on Spark, once for each order. Use within `with`."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate(timeout=60)

    def run(self, source: str, output: str, **options: Any) -> dict[str, Any]:
        """Give what a run came to: summary, already_done and rejections, or an error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"source": source, "contract": "c.yaml", "output": output, **options}
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            word, _, told = line.partition(" ")
            if word == "told":
                found: dict[str, Any] = json.loads(told)
                return found
        raise AssertionError(f"Spark's process ended with {self._process.wait()}")
