"""Judges files with datacontract-cli and frictionless, in their own environment: JSON in, JSON out.

Run by `interop_proof.py`; reads a list of {"name", "odcs", "package"} with paths of contracts whose source lies
beside them, and prints for each what the two tools say.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from datacontract.data_contract import DataContract
from frictionless import Package

logging.disable(logging.CRITICAL)


def checks_of(contract: str) -> list[dict[str, Any]]:
    """Give what datacontract-cli says of each of its checks."""
    run = DataContract(data_contract_file=contract).test()
    return [
        {
            "type": check.type,
            "field": check.field,
            "result": str(getattr(check.result, "value", "none")),
            "reason": check.reason,
        }
        for check in run.checks
    ]


def errors_of(package: str) -> list[dict[str, Any]]:
    """Give frictionless's errors."""
    report = Package(package).validate()
    return [
        {"type": error.type, "field": getattr(error, "field_name", None), "reason": error.note}
        for task in report.tasks
        for error in task.errors
    ] + [{"type": error.type, "field": None, "reason": error.note} for error in report.errors]


def main() -> None:
    """Judge every case of standard input."""
    said = []
    for case in json.load(sys.stdin):
        folder = Path(case["odcs"]).parent
        os.chdir(folder)  # both resolve a source from the current folder
        said.append(
            {
                "name": case["name"],
                "checks": checks_of(Path(case["odcs"]).name),
                "errors": errors_of(Path(case["package"]).name) if "package" in case else None,
            }
        )
    tools = {name: version(name) for name in ("datacontract-cli", "frictionless")}
    json.dump({"tools": tools, "said": said}, sys.stdout)


if __name__ == "__main__":
    main()
