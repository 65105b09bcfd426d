"""What a run writes is its owner's alone, unless the contract says otherwise."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import ContractError, load_contract, validate
from callcenter_etl.writers import staging
from tests.reliability.support import contract, written

PUBLISHED = ("target.csv", "exceptions.csv", "rejected.csv", "summary.json")


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes_of(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def run_watched(folder: Path, monkeypatch: pytest.MonkeyPatch, **run: Any) -> dict[str, int]:
    """Run, and give the modes of what was staged, with that of the staging folder itself under its name."""
    staged: dict[str, int] = {}
    publish = staging.Staging.publish

    def watched(self: staging.Staging, names: tuple[str, ...], summary: bytes) -> None:
        staged.update(modes_of(self.directory))
        staged["folder"] = stat.S_IMODE(self.directory.stat().st_mode)
        publish(self, names, summary)

    monkeypatch.setattr(staging.Staging, "publish", watched)
    validate(written(folder), contract(run=run), output=folder / "out")
    return staged


@pytest.mark.parametrize(("declared", "expected"), [(None, 0o600), ("0640", 0o640), ("664", 0o664)])
@pytest.mark.usefixtures("umask")
def test_staged_and_published_files_have_the_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: str | None, expected: int
) -> None:
    staged = run_watched(tmp_path, monkeypatch, file_mode=declared)
    assert staged == {"folder": 0o700, **dict.fromkeys(PUBLISHED[:3], expected)}
    kept = modes_of(tmp_path / "out")
    assert kept == dict.fromkeys([*PUBLISHED, "ledger.sqlite", ".callcenter_etl.lock"], expected)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755


@pytest.mark.usefixtures("umask")
def test_the_umask_takes_from_the_default_and_not_from_what_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.umask(0o277)
    assert run_watched(tmp_path, monkeypatch)["target.csv"] == 0o400
    os.umask(0o077)
    assert run_watched(tmp_path, monkeypatch, file_mode="0640")["target.csv"] == 0o640


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0640", 'stands in quotes: "0640"'),
        ("0o640", "in quotes is expected, such as \"0640\", not '0o640'"),
        ("640", 'stands in quotes: "640"'),
        ('"0777"', "executable"),
        ('"0440"', "begin with 06"),
        ('"4640"', "not '4640'"),
        ('"rw-r-----"', "not 'rw-r-----'"),
        ("[6, 4, 0]", "not a list"),
    ],
)
def test_a_mode_that_yaml_would_misread_is_a_fault_with_its_remedy(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"contract: c\ncolumns: [{{name: a}}]\nrun: {{file_mode: {text}}}\n")
    with pytest.raises(ContractError, match=r"run\.file_mode") as caught:
        load_contract(path)
    assert said in str(caught.value)


def test_a_number_from_python_is_a_fault_as_well() -> None:
    with pytest.raises(ContractError, match=r"run\.file_mode"):
        contract(run={"file_mode": 0o640})
