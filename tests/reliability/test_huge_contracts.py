"""A huge contract costs time in proportion to its size, or is refused at once with the limit and the number found.

Times are the processor's, so that a machine with other work to do changes little; the bounds are generous.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter_etl import validate
from callcenter_etl.api import examine_contract
from callcenter_etl.api_contract import Contract
from callcenter_etl.contract.loader import LoadedContract, load_document
from callcenter_etl.errors import ContractError, OutputError
from callcenter_etl.tools.compare import compare_contracts
from callcenter_etl.uniqueness.key_registry import MAX_RUNS
from callcenter_etl.uniqueness.share import FULL_REGISTRIES, MIN_RUNS, share_among
from tests.shared_folder import REPOSITORY

MAX_RATIO = 2.6
ATTEMPTS = 3
TOO_MANY_UNIQUE = "10,000 unique rules are declared, and at most 500 are possible: each needs open files"


def rules(count: int) -> str:
    columns = "".join(f"  - {{name: c{n}, type: integer}}\n" for n in range(20))
    checks = "".join(f"  - {{name: r{n}, check: 'c{n % 20} >= {n % 7}'}}\n" for n in range(count))
    return f"contract: c\ncolumns:\n{columns}rules:\n{checks}"


def wide(count: int) -> str:
    keys = "type: integer, required: true, min: 0, max: 100, max_length: 5"
    return "contract: c\ncolumns:\n" + "".join(f"  - {{name: c{n}, {keys}}}\n" for n in range(count))


def columns(count: int) -> str:
    return "contract: c\ncolumns:\n" + "".join(f"  - {{name: c{n}}}\n" for n in range(count))


def unique(count: int) -> str:
    return "contract: c\ncolumns:\n" + "".join(f"  - {{name: c{n}, unique: true}}\n" for n in range(count))


def unique_records(count: int) -> str:
    head = "contract: c\ncolumns: [{name: a}, {name: b}]\nrules:\n"
    return head + "".join(f"  - {{name: r{n}, unique: [a, b]}}\n" for n in range(count))


def allowed(count: int) -> str:
    return f"contract: c\ncolumns:\n  - {{name: c0, allowed: [{', '.join(f'v{n}' for n in range(count))}]}}\n"


def misspelt(count: int) -> str:
    return "contract: c\ncolumns:\n" + "".join(f"  - {{name: c{n}, tipe: text}}\n" for n in range(count))


def load(text: str) -> LoadedContract:
    return load_document("c.yaml", read_bytes=lambda _: text.encode())


def faults_of(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load(text)
    return [str(fault) for fault in caught.value.faults]


def seconds(call: Callable[[], object]) -> float:
    # The objects of all tests before this one would be visited by each full collection, and be counted as the call's.
    gc.collect()
    gc.freeze()
    try:
        started = time.process_time()
        call()
        return time.process_time() - started
    finally:
        gc.unfreeze()


def grows_in_proportion(small: Callable[[], object], large: Callable[[], object]) -> list[float]:
    """Return the ratios of several attempts, up to the first within the bound."""
    ratios: list[float] = []
    while len(ratios) < ATTEMPTS and (not ratios or ratios[-1] > MAX_RATIO):
        ratios.append(seconds(large) / seconds(small))
    return ratios


def source(folder: Path, count: int, records: int = 5) -> Path:
    path = folder / f"{count}.csv"
    lines = [",".join(f"c{n}" for n in range(count))]
    lines += [",".join(str((7 * record + n) % 120) for n in range(count)) for record in range(records)]
    path.write_text("\n".join(lines) + "\n")
    return path


def declared(text: str) -> Contract:
    return Contract(load(text))


@pytest.mark.parametrize("made", [rules, wide, columns, allowed], ids=lambda made: made.__name__)
def test_loading_grows_in_proportion(made: Callable[[int], str]) -> None:
    size = {"wide": 500, "allowed": 50_000}.get(made.__name__, 2_500)
    small, large = made(size), made(2 * size)
    ratios = grows_in_proportion(lambda: load(small), lambda: load(large))
    assert ratios[-1] <= MAX_RATIO, ratios


@pytest.mark.parametrize(
    ("text", "bound"),
    [(rules(10_000), 5), (wide(2_000), 4), (columns(50_000), 8)],
    ids=["rules", "wide", "columns"],
)
def test_a_huge_contract_is_loaded_in_seconds(text: str, bound: float) -> None:
    assert seconds(lambda: load(text)) < bound


def test_a_million_allowed_values_are_loaded_in_seconds() -> None:
    text = allowed(1_000_000)
    loaded: list[LoadedContract] = []
    assert seconds(lambda: loaded.append(load(text))) < 20
    column = loaded[0].document.columns[0]
    assert column.allowed is not None
    assert (len(column.allowed), column.allowed[-1]) == (1_000_000, "v999999")
    at = text.splitlines()[2].index("v999999") + 1
    assert loaded[0].place_of(("columns", 0, "allowed", 999_999)) == (3, at)


def test_a_record_that_breaks_a_long_list_is_told_of_its_first_values(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("c0\nv149999\nx\n")
    result = validate(tmp_path / "s.csv", declared(allowed(150_000)), output=tmp_path / "out")
    assert result.summary["records"]["accepted"] == 1
    reason = str(result.exceptions["reject_reasons"][0])
    assert reason.startswith("c0 must be one of v0, v1, ")
    assert reason.endswith("v98, v99 and 149,900 more values, got 'x'")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            unique(10_000),
            f"c.yaml:503:18: columns[500].unique: {TOO_MANY_UNIQUE}",
        ),
        (
            unique_records(10_000),
            f"c.yaml:504:18: rules[500].unique: {TOO_MANY_UNIQUE}",
        ),
        (columns(100_001), "c.yaml:2:1: columns: 100,001 entries are declared, and at most 100,000 are read"),
    ],
    ids=["unique columns", "unique records", "columns"],
)
def test_what_no_run_can_hold_is_refused_with_the_limit_and_the_number(text: str, fault: str) -> None:
    found: list[str] = []
    assert seconds(lambda: found.extend(faults_of(text))) < 10
    assert found == [fault]


def test_the_same_limits_hold_for_a_mapping() -> None:
    with pytest.raises(ContractError, match="100,001 entries are declared, and at most 100,000 are read"):
        load_document({"contract": "c", "columns": [{"name": str(n)} for n in range(100_001)]})


def test_very_many_faults_are_cut_in_seconds() -> None:
    found: list[str] = []
    assert seconds(lambda: found.extend(faults_of(misspelt(30_000)))) < 8
    assert len(found) == 501
    assert found[-1].endswith("only 500 faults are shown")


def merges(levels: int) -> str:
    maps = [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, levels)]
    return "contract: c\na0: &a0 {k: 1}\n" + "".join(maps) + "columns: [{name: id}]\n"


def test_a_merge_bomb_is_refused_at_once_at_its_first_merge_key() -> None:
    found: list[str] = []
    assert seconds(lambda: found.extend(faults_of(merges(40)))) < 1
    assert found[0].startswith("c.yaml:3:10: merge keys (<<) are not part of YAML 1.2")


def test_an_alias_counts_what_it_repeats_and_is_not_walked() -> None:
    text = "contract: c\na0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
    )
    found: list[str] = []
    assert seconds(lambda: found.extend(faults_of(text))) < 1
    assert len(found) == 1
    assert found[0].endswith("more than 2,000,000 values, which no contract has")


def test_validate_grows_in_proportion_to_the_rules(tmp_path: Path) -> None:
    small, large = declared(rules(500)), declared(rules(1_000))
    path = source(tmp_path, 20)
    ratios = grows_in_proportion(lambda: validate(path, small), lambda: validate(path, large))
    assert ratios[-1] <= MAX_RATIO, ratios


def test_validate_grows_in_proportion_to_the_columns(tmp_path: Path) -> None:
    small, large = declared(wide(200)), declared(wide(400))
    paths = source(tmp_path, 200), source(tmp_path, 400)
    ratios = grows_in_proportion(lambda: validate(paths[0], small), lambda: validate(paths[1], large))
    assert ratios[-1] <= MAX_RATIO, ratios


def test_as_many_unique_rules_as_may_be_run_in_bounds(tmp_path: Path) -> None:
    path = source(tmp_path, 500)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = []
    assert seconds(lambda: result.append(validate(path, declared(unique(500))))) < 10
    # Full filters for each would be 16 GiB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500 * 1024
    assert result[0].summary["records"]["accepted"] == 5


def test_contract_test_grows_in_proportion_to_the_columns() -> None:
    small, large = declared(wide(60)), declared(wide(120))
    ratios = grows_in_proportion(lambda: examine_contract(small), lambda: examine_contract(large))
    # Each record found is judged once more as a whole: a small part that grows with the square.
    assert ratios[-1] <= 3, ratios


def test_diff_grows_in_proportion() -> None:
    texts = [(load(wide(count)), load(wide(count).replace("max: 100", "max: 90"))) for count in (300, 600)]
    ratios = grows_in_proportion(lambda: compare_contracts(*texts[0]), lambda: compare_contracts(*texts[1]))
    assert ratios[-1] <= MAX_RATIO, ratios


@pytest.mark.parametrize("registries", [0, 1, FULL_REGISTRIES, 100, 500])
def test_registries_share_what_the_full_ones_would_use(registries: int) -> None:
    full, share = share_among(1, None), share_among(registries, None)
    assert share.filter_bytes * registries <= full.filter_bytes * FULL_REGISTRIES
    assert share.memory_entries * registries <= full.memory_entries * FULL_REGISTRIES
    assert (full == share) == (registries <= FULL_REGISTRIES)


def test_registries_stay_within_the_open_files_of_the_system() -> None:
    assert share_among(10, 1_024).max_runs == MAX_RUNS
    assert MIN_RUNS <= share_among(100, 1_024).max_runs < MAX_RUNS
    with pytest.raises(
        OutputError, match=r"500 unique rules need 3,200 open files, and the system allows 1,024"
    ):
        share_among(500, 1_024)


def test_contract_check_imports_neither_pandera_nor_pandas(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(wide(3))
    code = (
        "import sys\n"
        "from callcenter_etl.cli import main\n"
        f"sys.argv = ['callcenter-etl', 'contract', 'check', {str(tmp_path / 'c.yaml')!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(sorted({'pandera', 'pandas', 'ruamel.yaml'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr
