"""Standard streams that are closed, full, or read by nobody: the exit code that is due, and never the interpreter's 120."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.support import write_contract, written

# What a shell on a fresh machine has; PYTHONUNBUFFERED and its like would hide what is left in a buffer at the end.
BARE = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
HELP, SOUND, MISSING, WRONG = (
    "--help",
    "validate s.csv -c c.json",
    "validate none.csv -c c.json",
    "no-such-command",
)


def shell(folder: Path, words: str, redirected: str) -> tuple[int, str]:
    """Call the command line as a shell does; return its exit code, and what standard error took."""
    line = f"{sys.executable} -m callcenter_etl {words} {redirected}"
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=BARE, capture_output=True, check=False)
    return done.returncode, done.stderr.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path)
    write_contract(tmp_path)
    return tmp_path


@pytest.mark.parametrize("lost", [">/dev/full", ">&-"])
@pytest.mark.parametrize(("words", "code"), [(HELP, 3), (SOUND, 3), (MISSING, 3), (WRONG, 2)])
def test_a_standard_output_that_takes_nothing(folder: Path, words: str, code: int, lost: str) -> None:
    found, said = shell(folder, words, lost)
    assert found == code, said
    assert "Traceback" not in said
    if words in (HELP, SOUND):
        assert "error: standard output: " in said


@pytest.mark.parametrize("lost", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(("words", "code"), [(HELP, 0), (SOUND, 1), (MISSING, 3), (WRONG, 2)])
def test_a_standard_error_that_takes_nothing_changes_no_exit_code(
    folder: Path, words: str, code: int, lost: str
) -> None:
    found, _ = shell(folder, words, f">shown {lost}")
    assert found == code
    assert "error: " not in (folder / "shown").read_text().lower()


@pytest.mark.parametrize("lost", [">/dev/full 2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "code"), [(HELP, 3), (f"{SOUND} -o out", 3), (WRONG, 2)])
def test_both_take_nothing(folder: Path, words: str, code: int, lost: str) -> None:
    assert shell(folder, words, lost)[0] == code


def test_no_file_of_a_run_gets_the_number_of_a_closed_stream(folder: Path) -> None:
    shell(folder, f"{SOUND} -o closed --log-level DEBUG", "<&- >&- 2>&-")
    shell(folder, f"{SOUND} -o open", "")
    for name in ("target.csv", "exceptions.csv", "rejected.csv"):
        assert (folder / "closed" / name).read_bytes() == (folder / "open" / name).read_bytes()


def test_a_closed_standard_input_cannot_be_read(folder: Path) -> None:
    code, said = shell(folder, "validate - -c c.json -q", "<&-")
    assert (code, "Traceback" in said) == (3, False)
    assert "error: -: bad file descriptor" in said


@pytest.mark.parametrize("words", [HELP, SOUND, "contract schema"])
@pytest.mark.parametrize("reader", ["| head -n 1 >/dev/null", "| true", "2>&1 | true"])
def test_a_reader_that_has_seen_enough_is_no_error(folder: Path, words: str, reader: str) -> None:
    code, said = shell(folder, words, f"{reader}; exit ${{PIPESTATUS[0]}}")
    assert code in (0, 1), said
    assert "BrokenPipe" not in said
    assert "error: " not in said.replace("[error", "")


def test_a_bug_with_no_room_for_its_traceback_shows_it(folder: Path) -> None:
    script = (
        "import sys, tempfile\n"
        "from callcenter_etl.cli import exit_codes\n"
        "def full(*given, **named): raise OSError(28, 'No space left on device')\n"
        "tempfile.NamedTemporaryFile = full\n"
        "def broken(): raise KeyError('the bug')\n"
        "sys.exit(exit_codes.guarded(broken))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert done.stderr.startswith("bug: KeyError; ")
    assert "no space left on device" in done.stderr
    assert done.stderr.count("Traceback") == 1
    assert "KeyError: 'the bug'" in done.stderr
