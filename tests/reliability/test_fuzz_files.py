"""No file breaks the product: those of the corpora, and mutated ones. `make soak` throws many more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.accounting import complaints
from tests.reliability.fuzz_files import run_case, run_cases
from tests.reliability.mutations import Case, contract_files, corpus_files, mutated_case, whole_case
from tests.reliability.support import DATA, run, written
from tests.shared_folder import shared_or_skip

FIRST_SEED = 1_000_000
CASES = 120


def test_no_corpus_file_breaks_it(capsys: pytest.CaptureFixture[str]) -> None:
    shared_or_skip("data", "corpora")
    cases = [(str(path), whole_case(path.read_bytes())) for path in corpus_files()]
    assert run_cases(cases) == 0, capsys.readouterr().out


def test_no_mutated_file_breaks_it(capsys: pytest.CaptureFixture[str]) -> None:
    corpus, contracts = corpus_files(), contract_files()
    seeds = range(FIRST_SEED, FIRST_SEED + CASES)
    cases = ((f"seed {seed}", mutated_case(seed, corpus, contracts)) for seed in seeds)
    assert run_cases(cases) == 0, capsys.readouterr().out


def test_the_command_is_held_to_the_same(tmp_path: Path) -> None:
    sound = whole_case(b"id,note\n1,a\n2\n")
    for number, (case, expected) in enumerate(((sound, 1), (Case("source.csv", b"", b"contract: ["), 2))):
        (tmp_path / str(number)).mkdir()
        assert run_case(case, tmp_path / str(number), by_command=True) == (expected, [])


@pytest.mark.parametrize(
    ("name", "spoilt"),
    [
        ("target.csv", b"id,note\n1,a\n"),
        ("target.csv", b"id,note\n1,a\n3,c\n3,c\n"),
        ("target.csv", b"id,note\n3,c\n1,a\n"),
        ("target.csv", b"id;note\n1,a\n3,c\n"),
        ("rejected.csv", b"id,note\nx,B\n"),
        ("exceptions.csv", b"id\r\n"),
    ],
)
def test_the_accounting_of_these_tests_sees_what_is_lost_or_doubled(
    tmp_path: Path, name: str, spoilt: bytes
) -> None:
    result = run(tmp_path)
    source, output = written(tmp_path, DATA), tmp_path / "out"
    assert complaints(source, output, result.summary, columns=2, encoding="utf-8") == []
    (output / name).write_bytes(spoilt)
    untold = {**result.summary, "outputs": {}}  # so that it is not the hash that tells
    assert complaints(source, output, untold, columns=2, encoding="utf-8")
