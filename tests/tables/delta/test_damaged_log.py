"""A Delta log that would overflow delta-rs's stack ends a run with exit code 3; the table and its files stay as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import given
from hypothesis import strategies as st

from callcenter_etl import validate
from callcenter_etl.errors import OutputError
from callcenter_etl.store.access import DEFAULTS
from callcenter_etl.writers.tables.delta import delta_log_check
from callcenter_etl.writers.tables.delta.delta_log_check import _nesting, check_log
from callcenter_etl.writers.tables.delta.delta_table import one_line
from tests.tables.delta.test_runs import FOUR, contract, ids, source

LEVELS = 100_000
DEEP = "[" * LEVELS + "]" * LEVELS
LAST = "00000000000000000001.json"


def command(*words: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, which a stack overflow kills."""
    line = [sys.executable, "-m", "callcenter_etl", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def table_of_two_versions(folder: Path) -> Path:
    file = source(folder)
    validate(file, contract(folder), output=folder / "out")
    file.write_text(file.read_text() + FOUR.replace("1,", "9,"), encoding="utf-8")
    validate(file, contract(folder), output=folder / "out")
    return folder / "out/target/_delta_log"


def rewritten(log: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Change each action of the last commit."""
    actions = [json.loads(line) for line in (log / LAST).read_text().splitlines()]
    for action in actions:
        change(action)
    (log / LAST).write_text("".join(json.dumps(action) + "\n" for action in actions))


def with_statistics(text: str) -> Callable[[Path], object]:
    def change(action: dict[str, object]) -> None:
        if isinstance(add := action.get("add"), dict):
            add["stats"] = text

    return lambda log: rewritten(log, change)


def escaped_statistics(log: Path) -> None:
    with_statistics("STATS")(log)
    text = (log / LAST).read_text().replace("STATS", r"\u005b" * LEVELS + r"\u005D" * LEVELS)
    (log / LAST).write_text(text)


def checkpoint_statistics(log: Path) -> None:
    DeltaTable(log.parent).create_checkpoint()
    (path,) = log.glob("*.checkpoint.parquet")
    found = pq.read_table(path)
    rows = found.to_pylist()
    for row in rows:
        if row["add"] is not None:
            row["add"]["stats"] = DEEP
    pq.write_table(pa.Table.from_pylist(rows, schema=found.schema), path)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a nested commit": lambda log: (log / LAST).write_text(DEEP),
    "a nested commit without an end": lambda log: (log / LAST).write_text("[" * LEVELS),
    "nested objects": lambda log: (log / LAST).write_text('{"a":' * LEVELS + "1" + "}" * LEVELS),
    "a commit nested over many lines": lambda log: (log / LAST).write_text("[\n" * LEVELS + "]\n" * LEVELS),
    "an unknown key": lambda log: (log / LAST).write_text('{"a\\"": "[", "b":' + DEEP + "}"),
    "statistics": with_statistics(DEEP),
    "a bound in the statistics": with_statistics('{"numRecords":1,"minValues":{"id":' + DEEP + "}}"),
    "escaped statistics": escaped_statistics,
    "statistics of a checkpoint": checkpoint_statistics,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_log_nested_too_deeply_ends_a_run_with_its_place_cause_and_remedy(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    log = table_of_two_versions(tmp_path)
    damage(log)
    before = {path.name: path.read_bytes() for path in log.iterdir()}
    summary = (tmp_path / "out/summary.json").read_bytes()
    done = command(
        "validate", tmp_path / "calls.csv", "-c", contract(tmp_path), "-o", tmp_path / "out", "--force"
    )
    assert (done.returncode, done.stdout) == (3, ""), done.stderr[-500:]
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert f"{log}/0000000000000000000" in said
    assert "is nested more than 4,000 deep, which delta-rs cannot parse" in said
    assert "(restore it from a copy, or name another table)" in said
    assert {path.name: path.read_bytes() for path in log.iterdir()} == before
    assert (tmp_path / "out/summary.json").read_bytes() == summary


def test_what_is_before_a_checkpoint_is_not_parsed_and_keeps_no_run_from_its_end(tmp_path: Path) -> None:
    log = table_of_two_versions(tmp_path)
    DeltaTable(log.parent).create_checkpoint()
    (log / "00000000000000000000.json").write_text(DEEP)
    (tmp_path / "calls.csv").write_text((tmp_path / "calls.csv").read_text().replace("1,", "7,"))
    validate(tmp_path / "calls.csv", contract(tmp_path), output=tmp_path / "out")
    assert "7" in ids(tmp_path / "out/target")


def test_wide_statistics_and_brackets_in_values_are_no_depth(tmp_path: Path) -> None:
    log = table_of_two_versions(tmp_path)
    wide = json.dumps({"numRecords": 1, "minValues": {"who": "[{" * LEVELS}, "more": [{}] * LEVELS})
    with_statistics(wide)(log)
    check_log(str(log), DEFAULTS)


def test_a_commit_larger_than_memory_should_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = table_of_two_versions(tmp_path)
    monkeypatch.setattr(delta_log_check, "MAX_COMMIT_BYTES", 9_000)
    (log / LAST).write_text(" " * 9_001)
    with pytest.raises(OutputError, match=r"0001\.json: has 9,001 bytes, a commit of at most 9,000 is read"):
        check_log(str(log), DEFAULTS)


def test_a_checkpoint_in_parts_counts_only_with_all_of_them() -> None:
    parts = {f"{7:020}.checkpoint.{part:010}.{2:010}.parquet": 1 for part in (1, 2)}
    older = {f"{3:020}.checkpoint.parquet": 1, f"{5:020}.json": 1, "_last_checkpoint": 1}
    assert delta_log_check._newest_checkpoint(older | parts) == f"{7:020}"
    assert delta_log_check._newest_checkpoint(older | dict([*parts.items()][:1])) == f"{3:020}"
    assert [name for name, _ in delta_log_check._parsed_files(older)] == [
        f"{3:020}.checkpoint.parquet",
        f"{5:020}.json",
    ]


def depth_by_character(text: str) -> tuple[int, int]:
    """Return the greatest depth and the last one, by the slowest way: the oracle."""
    depth = deepest = 0
    within = escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif within and character == "\\":
            escaped = True
        elif character == '"':
            within = not within
        elif not within and character in "[]{}":
            depth += 1 if character in "[{" else -1
            deepest = max(deepest, depth)
    return deepest, depth


JSON = st.recursive(
    st.none() | st.integers() | st.text(alphabet='[]{}"\\,:\n\u2028aé'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='[]{}"\\a'), inner),
)


@given(value=JSON, ascii_only=st.booleans())
def test_depth_is_what_counting_character_by_character_finds(*, value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    deepest, end, _ = _nesting(text.encode())
    assert (max(deepest, 0), end) == depth_by_character(text)
    assert end == 0


def test_a_message_of_the_library_is_one_line_without_colours() -> None:
    nested = "Kernel error\n  \x1b[31m↳\x1b[0m task 1 panicked\n    \x1b[31m↳\x1b[0m Os { code: 5 }"
    assert one_line(nested) == "Kernel error task 1 panicked Os { code: 5 }"
    assert one_line("s3://user:secret@bucket/x failed") == "s3://***@bucket/x failed"
