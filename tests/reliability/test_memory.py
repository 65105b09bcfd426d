"""Lack of memory is the machine's state and no bug: exit code 3, with what takes less."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from callcenter_etl import SourceError
from callcenter_etl.memory_errors import OutOfMemoryError, is_memory_error, translate_memory_errors
from callcenter_etl.run.ledger import RunFilter, list_runs
from callcenter_etl.run.ledger.run_record import readable_entries
from callcenter_etl.writers.staging import CHECKPOINT_NAME, Staging, new_folder, staging
from tests.published import names_in
from tests.reliability.support import contents, run, write_contract, written

# Limited once all is imported: how much the libraries take themselves differs from machine to machine.
LIMITED = """
import resource, sys
from pathlib import Path
import callcenter_etl.api, callcenter_etl.diagnostics, pandera.pandas
from callcenter_etl.cli import main
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + int(sys.argv.pop(1)), -1))
main()
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory of a process is not told here")
def test_a_run_that_gets_no_memory_is_exit_3_and_publishes_nothing(tmp_path: Path) -> None:
    run(tmp_path)
    before = contents(tmp_path / "out")
    columns = [{"name": "id", "type": "digits", "unique": True}, {"name": "note"}]
    words = ("validate", written(tmp_path, name="t.csv"), "-c", write_contract(tmp_path, columns=columns))
    line = [sys.executable, "-c", LIMITED, str(2**24), *map(str, words), "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [*line, "-q", "--force", "--workers", "1"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert "error: the memory does not suffice (fewer --workers or a smaller --chunk-rows" in done.stderr
    assert contents(tmp_path / "out") == before
    assert names_in(tmp_path / "out") == sorted(before)
    latest = readable_entries(list_runs(str(tmp_path / "out"), RunFilter()))[0]
    assert (latest.status, latest.exit_code) == ("error", 3)
    assert "memory" in str(latest.cause)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        pa.ArrowMemoryError("malloc of size 64 failed"),
        pa.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"),
        ImportError("libarrow.so.2600: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_it_is_known_in_every_shape_that_the_libraries_give_it(error: Exception) -> None:
    with pytest.raises(OutOfMemoryError), translate_memory_errors():
        raise error
    error.add_note("go on")
    with pytest.raises(OutOfMemoryError) as told, translate_memory_errors():
        raise error
    assert told.value.__notes__ == ["go on"]
    outer = ValueError("what came of it")
    outer.__cause__ = error
    assert is_memory_error(outer)


@pytest.mark.parametrize("error", [ValueError("x"), OSError(errno.ENOSPC, "No space left"), TypeError("int")])
def test_nothing_else_passes_for_it(error: Exception) -> None:
    with pytest.raises(type(error)), translate_memory_errors():
        raise error
    with pytest.raises(SourceError), translate_memory_errors():
        raise SourceError("cannot allocate memory") from MemoryError()


@pytest.mark.parametrize(("error", "kept"), [(MemoryError(), True), (ValueError("a bug"), False)])
def test_a_checkpoint_is_kept_for_when_there_is_more_memory(
    tmp_path: Path, error: Exception, *, kept: bool
) -> None:
    folder = tmp_path / "staged"
    new_folder(folder)
    (folder / CHECKPOINT_NAME).touch()
    with pytest.raises(type(error)) as told, staging(Staging(tmp_path, folder)):
        raise error
    assert folder.exists() is kept
    assert any("resumes from there" in note for note in getattr(told.value, "__notes__", ())) is kept
