"""Whatever became of an output, and wherever a command is called, it ends in order; `make soak-state` tries far more."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from callcenter_etl.run.ledger.location import output_as_recorded, output_of
from callcenter_etl.store.uris import encodable, local_path
from tests.reliability.damages import DAMAGES, Outside
from tests.reliability.forked import Server, server
from tests.reliability.odd_state import LEDGER, Case, Ground, cases, faults_of, ill_ended, sweep
from tests.reliability.odd_surroundings import (
    NOBODY,
    copied,
    readable_ground,
    removed_working_folder,
)

SECONDS = 15.0


@pytest.fixture(scope="module")
def calls() -> Iterator[Server]:
    with server() as started:
        yield started


@pytest.fixture(scope="module")
def place(calls: Server) -> Iterator[Ground]:
    with readable_ground(calls) as made:
        yield made


def test_no_damage_among_some_chosen_at_random_ends_a_command_badly(place: Ground, calls: Server) -> None:
    count, faults = sweep(place, calls, cases(place, random.Random(0)), seconds=SECONDS, note=lambda _: None)
    assert faults == []
    assert count > 0


@pytest.mark.parametrize("damage", ["a pipe", "a device", "a folder", "a link to its content"])
@pytest.mark.parametrize("part", ["summary.json", "exceptions.csv", "ledger.sqlite", ".callcenter_etl.lock"])
def test_what_is_no_file_neither_blocks_a_command_nor_is_written_through(
    place: Ground, calls: Server, part: str, damage: str
) -> None:
    for command in ("again", "explain"):
        assert faults_of(place, calls, Case("csv", part, damage, command)) == []


@pytest.mark.parametrize("part", LEDGER)
def test_a_ledger_that_is_a_link_is_refused_and_what_it_links_to_stays(
    place: Ground, calls: Server, part: str, tmp_path: Path
) -> None:
    with copied(place) as output:
        outside = Outside.make(tmp_path / "outside")
        DAMAGES["a link to its content"](output / part, outside)
        before = outside.fingerprint()
        done = calls.call(place.commands(output, "csv")["again"], cwd=tmp_path)
        assert (done.code, outside.fingerprint()) == (3, before)
        assert f"{part} is a symbolic link (move it away" in done.err


@pytest.mark.parametrize("name", ["target.csv", "exceptions.csv", "rejected.csv", "summary.json"])
def test_a_folder_in_the_place_of_a_file_is_refused_before_earlier_files_go(
    place: Ground, calls: Server, name: str, tmp_path: Path
) -> None:
    with copied(place) as output:
        (output / name).unlink()
        (output / name).mkdir()
        before = {path.name: path.read_bytes() for path in output.glob("*.*") if path.is_file()}
        done = calls.call(place.commands(output, "csv")["again"], cwd=tmp_path)
        assert done.code == 3
        assert f"{output / name}: is a folder, where a run publishes a file" in done.err
        for each in ("target.csv", "exceptions.csv", "rejected.csv", "summary.json"):
            assert (output / each).is_dir() or (output / each).read_bytes() == before[each]


def test_commands_in_a_removed_working_folder_end_in_order(place: Ground, calls: Server) -> None:
    assert list(removed_working_folder(place, calls)) == []


@pytest.mark.parametrize("name", [b"\xff\xfe.csv", b"a\nb.csv", b"--help", b"[bold].csv"])
def test_sources_of_any_name_are_run_and_recorded(
    place: Ground, calls: Server, tmp_path: Path, name: bytes
) -> None:
    source, other, output = tmp_path / os.fsdecode(name), tmp_path / "other.csv", tmp_path / "out"
    shutil.copy(place.source, source)
    shutil.copy(place.source, other)
    line = ["validate", "-c", place.contract, "-o", output, "--", source, other]
    for already in (False, True):
        done = calls.call(line, cwd=tmp_path)
        assert (done.code, ill_ended(done)) == (1, []), done.err
        assert (done.out.count("already done") == 2) is already
    for words in (["runs", "list", "-o", output], ["runs", "list", "-o", output, "--format", "json"]):
        done = calls.call(words, cwd=tmp_path)
        assert (done.code, ill_ended(done)) == (0, []), done.err
        assert "unreadable" not in done.out


def test_an_output_whose_name_is_not_utf8_is_found_again(tmp_path: Path) -> None:
    output = f"{tmp_path}/{os.fsdecode(bytes([255, 37, 32]))}"
    recorded = output_as_recorded(output, str(tmp_path))
    assert encodable(recorded) == recorded
    assert local_path(output_of(recorded, str(tmp_path))) == output
    assert encodable(output) == f"{tmp_path}/\\xff% "


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may call a command as another user")
@pytest.mark.parametrize("mode", [0o000, 0o444, 0o555])
def test_an_output_without_permissions_is_an_error_with_its_place(
    place: Ground, calls: Server, mode: int
) -> None:
    with copied(place) as output:
        output.chmod(mode)
        for command in ("again", "report", "list", "explain", "reprocess"):
            done = calls.call(place.commands(output, "csv")[command], cwd=output.parent, uid=NOBODY)
            assert ill_ended(done) == []
        output.chmod(0o700)


def test_the_first_cases_of_a_seed_are_the_same_each_time(place: Ground) -> None:
    first, second = (list(islice(cases(place, random.Random(3)), 5)) for _ in range(2))
    assert first == second
