"""Colours are for terminals, and NO_COLOR turns them off there too."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

# Select Graphic Rendition with a colour in it: 30 to 37, 90 to 97, 38 and the backgrounds. Bold and dim are none.
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")
CONTRACT = "contract: c\ncolumns: [{name: id, type: digits}]\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    Path("bad.csv").write_text("id\nx\n", encoding="utf-8")


def on_terminal(*words: str, **environ: str) -> str:
    """Give what the command writes to a pseudo-terminal, both streams."""
    reader, terminal = pty.openpty()
    command = [sys.executable, "-m", "callcenter_etl", *words]
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env={**os.environ, **environ}
    ):
        os.close(terminal)
        pieces = []
        while True:
            try:
                piece = os.read(reader, 65536)
            except OSError:  # how Linux says that nobody writes any more
                break
            if not piece:
                break
            pieces.append(piece)
    os.close(reader)
    return b"".join(pieces).decode()


COMMANDS = (
    ("validate", "bad.csv", "-c", "c.yaml", "--log-level", "INFO", "-o", "out"),
    ("explain", "bad.csv", "--line", "2", "-c", "c.yaml"),
    ("runs", "list", "-o", "out"),
)


def test_a_terminal_gets_colours() -> None:
    for words in COMMANDS:
        assert COLOUR.search(on_terminal(*words)), words


def test_no_color_turns_them_off() -> None:
    for words in COMMANDS:
        said = on_terminal(*words, NO_COLOR="1")
        assert said
        assert COLOUR.findall(said) == [], words


def test_a_pipe_gets_no_escape_at_all() -> None:
    for words in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "callcenter_etl", *words], capture_output=True, check=False
        )
        assert done.stdout
        assert b"\x1b" not in done.stdout + done.stderr, words
