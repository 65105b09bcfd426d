"""Runs of both engines side by side, and the session that all tests of this folder share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callcenter_etl import load_contract, validate
from callcenter_etl.api_contract import Contract

FILES = ("target.csv", "exceptions.csv", "rejected.csv")
# What tells one execution from another, and where it wrote.
OWN = ("run_id", "started_at", "finished_at", "seconds", "outputs")


def outcome_of(output: Path) -> dict[str, Any]:
    """Give all that a run wrote: its files, and its summary without what is its own."""
    summary = json.loads((output / "summary.json").read_text(encoding="utf-8"))
    hashes = {name: (file["bytes"], file["sha256"]) for name, file in summary["outputs"].items()}
    files = {name: (output / name).read_bytes() for name in FILES if (output / name).exists()}
    return {**{key: told for key, told in summary.items() if key not in OWN}, **files, "hashes": hashes}


def both(
    source: Path, contract: Contract | Path, folder: Path, *, range_bytes: int, **options: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the local engine and Spark; give what each wrote."""
    loaded = contract if isinstance(contract, Contract) else load_contract(contract)
    validate(source, loaded, output=folder / "local", workers=1, **options)
    validate(
        source,
        loaded,
        output=folder / "spark",
        workers=2,
        engine="spark",
        range_bytes=range_bytes,
        **options,
    )
    return outcome_of(folder / "local"), outcome_of(folder / "spark")


def differing(
    local: dict[str, Any], spark: dict[str, Any], say: Callable[[object], object] = repr
) -> list[str]:
    """Give a line for each thing in which two outcomes differ."""
    return [
        f"{key}: local {say(local.get(key))}, spark {say(spark.get(key))}"
        for key in sorted({*local, *spark})
        if local.get(key) != spark.get(key)
    ]
