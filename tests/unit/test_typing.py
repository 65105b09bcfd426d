"""The wheel carries its types: mypy --strict checks a user's script against the installed package."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.shared_folder import REPOSITORY

SCRIPT = """
from pathlib import Path

import pandas as pd

import callcenter_etl
from callcenter_etl import CallcenterEtlError, Contract, RunResult, diff, explain, infer, load_contract, validate
from contracts import call_center

contract: Contract = load_contract(Path("calls.yaml"))
result: RunResult = validate("calls.csv", contract, output=Path("out"), workers=2)
passed: bool = result.passed
frame: pd.DataFrame = result.exceptions
accepted, rejected = contract.split(frame)
both: pd.DataFrame = pd.concat([accepted, rejected])
text: str = infer(["a.csv", Path("b.csv")], tolerance=0.05).text
line: str = explain("calls.csv", contract, line=3).status
causes = explain(result, contract)
effects: list[str] = [change.effect for change in diff("old.yaml", contract)]
sources: list[str] = callcenter_etl.find_sources("drops/*.csv")
try:
    validate("calls.csv", {"contract": "c", "columns": [{"name": "a"}]})
except CallcenterEtlError as error:
    code: int = error.exit_code
REVEALED
"""
REVEALED = {
    "contract.split(frame).reasons": "Series[str]",
    'explain("calls.csv", contract, line=3)': "Explanation",
    "causes": "Causes | None",
    "infer('a.csv').contract": "callcenter_etl.api_contract.Contract",
}
WRONG = {
    "validate(3, contract)": "arg-type",
    'validate("calls.csv", contract, ouput="o")': "call-arg",
    "causes.nothing": "union-attr",
    "callcenter_etl.nothing": "attr-defined",
    "result.pased": "attr-defined",
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the Python of an environment in which the wheel is installed, apart from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        assert {"callcenter_etl/py.typed", "contracts/py.typed"} <= set(archive.namelist())
        archive.extractall(packages)
    others = [path for path in sys.path if Path(path).name == "site-packages"]
    others.append(sysconfig.get_path("purelib"))
    (packages / "others.pth").write_text("\n".join(dict.fromkeys(others)) + "\n", encoding="utf-8")
    return folder / "venv" / "bin" / "python"


def checked(python: Path, script: str, folder: Path) -> str:
    """Give what mypy says of a script, with nothing of the checkout's settings."""
    (folder / "users_script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", str(python)]
    done = subprocess.run(
        [*command, "--cache-dir", str(python.parent / "cache"), "users_script.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_user_s_script_is_checked_strictly_against_the_wheel(python: Path, tmp_path: Path) -> None:
    revealed = "\n".join(f"reveal_type({each})" for each in REVEALED)
    said = checked(python, SCRIPT.replace("REVEALED", revealed), tmp_path)
    assert "Success: no issues found" in said, said
    notes = [line for line in said.splitlines() if "Revealed type is" in line]
    for note, kind in zip(notes, REVEALED.values(), strict=True):
        assert kind in note.replace("pandas.core.series.", "").replace('"str"', "str"), note


def test_a_user_s_mistakes_are_found(python: Path, tmp_path: Path) -> None:
    said = checked(python, SCRIPT.replace("REVEALED", "\n".join(WRONG)), tmp_path)
    found = [line.rpartition("[")[2].rstrip("]") for line in said.splitlines() if ": error: " in line]
    assert list(dict.fromkeys(found)) == list(dict.fromkeys(WRONG.values())), said
    assert said.count("[attr-defined]") == 2, said
