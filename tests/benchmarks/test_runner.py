"""The benchmarks' runner and its report, on processes that take no time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.goals import goals
from benchmarks.measure import measure
from benchmarks.outcomes import read_results
from benchmarks.plan import PAIRS, chosen_pairs, chosen_peers
from benchmarks.report import MARKED, link_folder, page_block, table
from tests.shared_folder import REPOSITORY


def outcome(contestant: str, seconds: list[float], **other: object) -> dict[str, object]:
    return {
        "series": "peers 1000000 1",
        "contestant": contestant,
        "records": 1_000_000,
        "rejects": 1,
        "damage": 0,
        "duplicates": 0,
        "differences": [],
        "seconds": seconds,
        "cpu_seconds": seconds,
        "peak_bytes": [300_000_000] * len(seconds),
        **other,
    }


def results(folder: Path, *measurements: dict[str, object]) -> Path:
    machine = {
        "cores": 2,
        "processor": "a",
        "memory_gib": 8,
        "python": "3.11",
        "peer_versions": {"duckdb": "2"},
    }
    document = {"machine": machine, "measurements": measurements}
    (folder / "results.json").write_text(json.dumps(document))
    return folder


def test_a_process_is_measured_from_outside(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    work = "import sys; held = bytearray(200_000_000); print('said'); sum(range(3_000_000)); sys.exit(3)"
    found = measure((sys.executable, "-c", work), log)
    assert found.exit_code == 3
    assert found.peak_bytes > 200_000_000
    assert 0 < found.cpu_seconds < found.seconds * 2
    assert log.read_text() == "said\n"


def test_goals_take_the_better_of_the_peers_that_did_the_same_job(tmp_path: Path) -> None:
    folder = results(
        tmp_path,
        outcome("ours", [1.0, 3.0, 1.5]),
        outcome("duckdb_sql.table", [3.0]),
        outcome("duckdb_sql.stream", [2.0]),
        outcome("polars_streaming", [1.0], differences=["rejected by us alone: 1 lines, first 7"]),
    )
    measured = {goal.text: goal for goal in goals(read_results(folder))}
    against_duckdb = measured["time against the better DuckDB SQL, 1,000,000 records, 1 % rejects"]
    assert against_duckdb.measured == pytest.approx(0.75)
    assert against_duckdb.verdict == "**missed**"
    assert measured["time against streaming polars, 1,000,000 records, 1 % rejects"].measured is None


def test_the_table_names_who_disagreed_and_gives_it_no_time(tmp_path: Path) -> None:
    difference = "rejected by us alone: 1 lines, first 7"
    folder = results(tmp_path, outcome("ours", [1.0]), outcome("csv_loop", [9.0], differences=[difference]))
    text = table(read_results(folder))
    assert "| Python csv loop | other outputs |" in text
    assert f"csv_loop, 1,000,000 records, 1 % rejects: {difference}" in text


def test_what_was_not_run_says_how_long_it_would_take_only_where_two_sizes_tell(tmp_path: Path) -> None:
    sizes = [
        outcome(name, [seconds], records=records, series=f"peers {records} 1")
        for name, records, seconds in (
            ("ours", 1_000, 1.0),
            ("ours", 100_000, 1.0),
            ("ours", 1_000_000, 1.0),
            ("csv_loop", 1_000, 0.1),
            ("csv_loop", 100_000, 1.09),
            ("frictionless_rows", 100_000, 4.0),
        )
    ]
    text = page_block(read_results(results(tmp_path, *sizes)), "benchmarks/results")
    (loop,) = (line for line in text.splitlines() if line.startswith("| Python csv loop"))
    assert "not run (would take about 10)" in loop
    (frictionless,) = (line for line in text.splitlines() if line.startswith("| frictionless"))
    assert frictionless.count("not run") == 2
    assert "would" not in frictionless


def test_the_performance_page_has_one_place_for_the_table() -> None:
    assert len(MARKED.findall((REPOSITORY / "docs" / "performance.md").read_text(encoding="utf-8"))) == 1


def test_a_page_links_results_of_its_own_repository_only(tmp_path: Path) -> None:
    page = REPOSITORY / "docs" / "performance.md"
    assert link_folder(REPOSITORY / "benchmarks" / "results", page) == "../benchmarks/results"
    assert link_folder(tmp_path, page) is None


def test_sizes_and_peers_are_chosen_by_name() -> None:
    assert chosen_pairs((), ()) == PAIRS
    assert chosen_pairs((1_000,), (0, 30)) == ((1_000, 0), (1_000, 30))
    assert [peer.name for peer in chosen_peers(("duckdb_sql",))] == ["duckdb_sql.table", "duckdb_sql.stream"]
    with pytest.raises(ValueError, match="no peer 'spark'"):
        chosen_peers(("spark",))
