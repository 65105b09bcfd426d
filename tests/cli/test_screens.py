"""What a person sees on a terminal of 60, 80 and 120 columns, as tmux shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callcenter_etl.cli.progress_line import progress_line
from callcenter_etl.run.summary import Progress

CONTRACT = """contract: calls
columns:
  - {name: call_identifier, type: digits, required: true}
  - {name: call_status_text, allowed: [COMPLETED, DROPPED, FAILED]}
"""
SOURCE = "call_identifier,call_status_text\n1,COMPLETED\nx,DROPPED\n3,LOST\n"
WIDTHS = (60, 80, 120)
PART = Progress(bytes_read=121_600_000, bytes_total=270_100_000, records=1_204_512, rejected=12)
LINES = {
    60: "calls_20250131.csv   45%  1,204,512 records  12 rejected",
    80: "calls_202501…  ━━━━━───────   45%  1,204,512 records  12 rejected  0:00:12 left",
    120: "calls_20250131.csv  ━━━━━━━━━━━──────────────   45%  121.6 MB of 270.1 MB  1,204,512 records  12 rejected  0:00:12 left",
}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_progress_fits_the_width_with_whole_figures(width: int) -> None:
    assert progress_line("calls_20250131.csv", PART, seconds=10, width=width - 1) == LINES[width]


@pytest.mark.parametrize("width", range(1, 200))
def test_the_progress_is_never_wider_than_the_terminal(width: int) -> None:
    line = progress_line("calls_20250131.csv", PART, seconds=10, width=width)
    assert len(line) <= width
    figures = ("45%", "121.6 MB of 270.1 MB", "1,204,512 records", "12 rejected", "0:00:12 left")
    for piece in re.split(" {2,}", line.lstrip())[1:]:  # behind the name, which may be cut
        assert piece in figures or not piece.strip("━─")


def test_a_source_of_unknown_size_has_no_bar_and_no_question_mark() -> None:
    progress = Progress(bytes_read=1_000, bytes_total=None, records=1, rejected=0)
    line = progress_line("standard input", progress, seconds=10, width=79)
    assert line == "standard input  1.0 kB  1 record  0 rejected"


class Screen:
    """A terminal of a width, with a shell in it."""

    def __init__(self, width: int, folder: Path, environ: tuple[str, ...]) -> None:
        self._name = f"screens-{uuid.uuid4().hex[:12]}"
        shell = ["env", "-u", "NO_COLOR", "-u", "COLUMNS", "-u", "LINES", *environ, "PS1=$ ", "sh"]
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", "50", "-c", str(folder), *shell
        )
        self.wait_for(lambda text: text.endswith("$"))

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-u", "-L", self._name, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    def type(self, line: str) -> None:
        self._tmux("send-keys", "-l", f"clear; {line}")
        self._tmux("send-keys", "Enter")

    def text(self, *options: str) -> str:
        return self._tmux("capture-pane", "-p", *options).rstrip()

    def wait_for(self, shown: Callable[[str], object]) -> str:
        deadline = time.monotonic() + 90
        while not shown(text := self.text()):
            assert time.monotonic() < deadline, text
            time.sleep(0.1)
        return text

    def run(self, line: str) -> str:
        """Return the screen after a command has ended."""
        self.type(f"{line}; echo ended")
        return self.wait_for(lambda text: "\nended\n" in f"\n{text}\n" and "echo" not in text).partition(
            "\nended"
        )[0]

    def close(self) -> None:
        self._tmux("kill-server")


@pytest.fixture
def screens(tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed (Debian: tmux)")
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "calls.csv").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "etl").write_text(
        f'#!/bin/sh\nexec {sys.executable} -m callcenter_etl "$@"\n', encoding="utf-8"
    )
    (tmp_path / "etl").chmod(0o755)
    opened: list[Screen] = []

    def open_screen(width: int, *environ: str) -> Screen:
        opened.append(Screen(width, tmp_path, environ))
        return opened[-1]

    yield open_screen
    for screen in opened:
        screen.close()


def _steady(text: str) -> str:
    """Replace what differs from run to run, width by width."""
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN", text)
    return re.sub(
        r"\d+\.\d\d s, +[\d.]+ .?B(ytes)?/s|\d+\.\d\d s, \d+ bytes?/s",
        "0.10 s, 1.0 kB/s",
        re.sub(r"\b\d\.\d\d\b", "0.10", text),
    )


# Progress is reported by the block, so the source has some of them before it pauses.
SLOW = "(cat calls.csv; yes 1,COMPLETED | head -n 3000000; sleep 4; echo 4,LOST) | ./etl validate - -c c.yaml -o out"


@pytest.mark.parametrize("environ", [(), ("NO_COLOR=1",)], ids=["colour", "no colour"])
@pytest.mark.parametrize("width", WIDTHS)
def test_log_lines_stay_above_the_progress_which_leaves_nothing_behind(
    screens: Callable[..., Screen], width: int, environ: tuple[str, ...]
) -> None:
    screen = screens(width, *environ)
    screen.type(f"{SLOW} >/dev/null; echo ended")
    seen = screen.wait_for(lambda text: "standard input" in text)
    assert re.fullmatch(r"standard input  [\d.]+ \w+  [\d,]+ records  [\d,]+ rejected", seen.splitlines()[-1])
    assert "?" not in seen
    left = screen.wait_for(lambda text: "ended" in text)
    assert "standard input" not in left
    logged = screen.text("-J").splitlines()  # with lines that the terminal wrapped joined again
    assert all(re.match(r"\d{4}-\d\d-\d\dT\S+ \[\w+ *\] \w+", line) for line in logged[:-2]), logged
    assert logged[-2:] == ["ended", "$"]


@pytest.mark.parametrize("environ", [(), ("NO_COLOR=1",)], ids=["colour", "no colour"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_screen_of_a_result(
    screens: Callable[..., Screen], width: int, environ: tuple[str, ...], golden: Path
) -> None:
    screen = screens(width, *environ)
    shown = _steady(screen.run("./etl validate calls.csv -c c.yaml -o out -q; ./etl runs list -o out"))
    assert shown == (golden / f"result_{width}.txt").read_text(encoding="utf-8").rstrip()
    coloured = re.search(r"\x1b\[(3[0-7]|9[0-7])m", screen.text("-e"))
    assert (coloured is None) is bool(environ)


@pytest.fixture
def golden() -> Path:
    return Path(__file__).parent / "screens"
