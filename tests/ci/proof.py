"""Proves the action and the hooks as others get them: installed from this folder, in environments of their own.

Run as `python -m tests.ci.proof`; it takes a few minutes and installs from the package index.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.ci.support import run_step
from tests.reports.support import write_sources
from tests.shared_folder import REPOSITORY

BIN = Path(sys.executable).parent


def main() -> int:
    """Give 0 where all of it did what it should."""
    with tempfile.TemporaryDirectory(prefix="callcenter_etl-proof-") as name:
        for proof in (prove_action, prove_hooks):
            folder = Path(name) / proof.__name__
            folder.mkdir()
            proof(folder)
            print(f"{proof.__name__}: as it should be")
    return 0


def prove_action(folder: Path) -> None:
    """Run the install step and the validate step of action.yml, one after the other."""
    checkout, temp = folder / "checkout", folder / "runner"
    checkout.mkdir()
    temp.mkdir()
    write_sources(checkout)
    done, outputs = run_step("install", inputs={}, folder=checkout, temp=temp)
    expect(done.returncode, 0, done.stderr)
    installed = {"install.command": outputs["command"]}
    for source, code in (("good.csv", 0), ("bad.csv", 1)):
        inputs = {"contract": "c.yaml", "source": source, "sarif": "out.sarif"}
        done, outputs = run_step("validate", inputs=inputs, folder=checkout, temp=temp, outputs=installed)
        expect(done.returncode, code, done.stderr)
        expect(outputs["sarif"], "out.sarif", done.stderr)


def prove_hooks(folder: Path) -> None:
    """Let pre-commit install the hooks from this folder and run both of them."""
    write_sources(folder)
    contracts = folder / "contracts"
    contracts.mkdir()
    (folder / "c.yaml").rename(contracts / "c.yaml")
    git("init", "--quiet", folder=folder)
    git("add", ".", folder=folder)
    expect(try_hook("contract-check", folder=folder), 0, "a sound contract")
    (contracts / "wrong.yaml").write_text("contract: c\ncolums: []\n", encoding="utf-8")
    git("add", ".", folder=folder)
    expect(try_hook("contract-check", folder=folder), 1, "a wrong contract")
    config = folder / ".pre-commit-config.yaml"
    config.write_text(
        f"repos:\n- repo: {REPOSITORY}\n  rev: {git('rev-parse', 'HEAD', folder=REPOSITORY)}\n  hooks:\n"
        "  - {id: contract-validate, args: [--contract, contracts/c.yaml]}\n",
        encoding="utf-8",
    )
    for source, code in (("good.csv", 0), ("bad.csv", 1)):
        words = ["run", "contract-validate", "--files", source]
        expect(pre_commit(*words, folder=folder), code, source)


def try_hook(hook: str, *, folder: Path) -> int:
    return pre_commit("try-repo", str(REPOSITORY), hook, "--all-files", folder=folder)


def pre_commit(*words: str, folder: Path) -> int:
    return subprocess.run([BIN / "pre-commit", *words], check=False, cwd=folder).returncode


def git(*words: str, folder: Path) -> str:
    return subprocess.run(
        ["git", *words], check=True, capture_output=True, text=True, cwd=folder
    ).stdout.strip()


def expect(found: object, wanted: object, about: str) -> None:
    if found != wanted:
        sys.exit(f"{found!r} came out, {wanted!r} should have: {about}")


if __name__ == "__main__":
    sys.exit(main())
