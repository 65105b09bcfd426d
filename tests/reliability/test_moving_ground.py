"""What becomes of the source or the target while a run is under way never makes a wrong success."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter_etl import OutputError, SourceError, validate
from callcenter_etl.run.ledger import RunFilter, list_runs
from callcenter_etl.run.ledger.run_record import readable_entries
from tests.published import names_in
from tests.reliability.support import contents, contract, run, written

DATA = b"id,note\n" + b"1,a\n" * 50_000


def truncate(source: Path) -> None:
    with source.open("r+b") as file:
        file.truncate(len(DATA) // 2)


def cut_to_nothing(source: Path) -> None:
    source.write_bytes(b"")


def append(source: Path) -> None:
    with source.open("ab") as file:
        file.write(b"9,z\n")


def rewrite_in_place(source: Path) -> None:
    with source.open("r+b") as file:
        file.seek(len(DATA) // 2)
        file.write(b"7")


def replace(source: Path) -> None:
    other = source.with_name("other")
    other.write_bytes(DATA)
    other.replace(source)


def replace_with_a_folder(source: Path) -> None:
    source.unlink()
    source.mkdir()


CHANGES = (truncate, cut_to_nothing, append, rewrite_in_place, replace, replace_with_a_folder, Path.unlink)


def once(change: Callable[[Path], None], path: Path) -> Callable[[object], None]:
    """Give a listener to a run's progress that changes something the first time."""
    done: list[bool] = []

    def listen(progress: object) -> None:
        if not done:
            done.append(True)
            change(path)

    return listen


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_source_that_does_not_stay_what_it_was_publishes_nothing(
    tmp_path: Path, change: Callable[[Path], None], workers: int
) -> None:
    run(tmp_path)
    before = contents(tmp_path / "out")
    source = written(tmp_path, DATA, "moving.csv")
    with pytest.raises(
        SourceError, match=r"moving\.csv: (changed|was deleted) while it was read|is a folder"
    ):
        validate(
            source,
            contract(),
            output=tmp_path / "out",
            block_bytes=20_000,
            workers=workers,
            on_progress=once(change, source),
            force=True,
        )
    assert contents(tmp_path / "out") == before
    assert names_in(tmp_path / "out") == sorted(before)
    assert [
        record.exit_code for record in readable_entries(list_runs(str(tmp_path / "out"), RunFilter()))
    ] == [
        3,
        1,
    ]


def test_a_target_folder_that_goes_away_is_an_output_error(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with pytest.raises(OutputError, match=f"{output}"):
        validate(
            written(tmp_path, DATA),
            contract(),
            output=output,
            block_bytes=20_000,
            on_progress=once(shutil.rmtree, output),
        )
    assert not output.exists()
    assert run(tmp_path).record.status == "rejects"


def test_a_target_folder_that_was_made_anew_meanwhile_gets_nothing_half(tmp_path: Path) -> None:
    output = tmp_path / "out"

    def make_anew(folder: Path) -> None:
        shutil.rmtree(folder)
        folder.mkdir()

    with pytest.raises(OutputError, match=f"{output}"):
        validate(
            written(tmp_path, DATA),
            contract(),
            output=output,
            block_bytes=20_000,
            on_progress=once(make_anew, output),
        )
    assert names_in(output) == []
    assert run(tmp_path).record.status == "rejects"


def test_a_target_that_is_a_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"precious")
    with pytest.raises(
        OutputError, match=f"{tmp_path / 'out'}: cannot be locked: (file exists|not a directory)"
    ):
        run(tmp_path)
    assert (tmp_path / "out").read_bytes() == b"precious"
