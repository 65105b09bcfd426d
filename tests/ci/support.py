"""Runs the shell steps of action.yml as GitHub's runner does: inputs in `env`, outputs in a file."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.shared_folder import REPOSITORY

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def action() -> dict[str, Any]:
    """Give action.yml as plain values."""
    loaded: dict[str, Any] = YAML(typ="safe").load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    return loaded


def step(name: str) -> dict[str, Any]:
    """Give one step of the action by its id."""
    return next(each for each in action()["runs"]["steps"] if each.get("id") == name)


def run_step(
    name: str,
    *,
    inputs: Mapping[str, str],
    folder: Path,
    temp: Path,
    outputs: Mapping[str, str] | None = None,
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run a step in `folder`; `outputs` are those of earlier steps, `step.name`. Gives what it did and its outputs."""
    known = {f"inputs.{key}": str(each.get("default", "")) for key, each in action()["inputs"].items()}
    known |= {f"inputs.{key}": text for key, text in inputs.items()}
    known |= {f"steps.{key}": text for key, text in (outputs or {}).items()}
    known["github.action_path"] = str(REPOSITORY)
    the_step = step(name)
    variables = {
        key: EXPRESSION.sub(lambda match: known[match[1].replace(".outputs.", ".")], text)
        for key, text in the_step["env"].items()
    }
    script, told = temp / f"{name}.sh", temp / f"{name}.output"
    script.write_text(the_step["run"], encoding="utf-8")
    told.touch()
    inherited = {key: text for key, text in os.environ.items() if not key.startswith(("GITHUB_", "RUNNER_"))}
    runner = {"RUNNER_TEMP": str(temp), "GITHUB_OUTPUT": str(told), "GITHUB_WORKSPACE": str(folder)}
    runner["GITHUB_STEP_SUMMARY"] = str(temp / "summary.md")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
        env={**inherited, **runner, **variables},
    )
    return done, dict(line.split("=", 1) for line in told.read_text(encoding="utf-8").splitlines())
