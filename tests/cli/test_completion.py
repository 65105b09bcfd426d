"""Completion in the shells: the script that each takes, and what it gives for half a command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "callcenter-etl"


def called(words: list[str], **environ: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])
    env = {**os.environ, **environ, "PATH": path}
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False)


def completed(line: str) -> list[str]:
    """Give what bash would offer for the last word of the line."""
    number = str(len(line.split(" ")) - 1)
    done = called(
        [str(PROGRAM)], _CALLCENTER_ETL_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=number
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("callcenter-etl vali", ["validate"]),
        ("callcenter-etl contract s", ["schema"]),
        ("callcenter-etl validate --format j", ["json", "junit"]),
        ("callcenter-etl contract check --format ", ["text", "json", "github", "junit", "sarif"]),
        ("callcenter-etl validate --fail-on ", ["warn", "reject", "never"]),
        ("callcenter-etl validate --max-r", ["--max-rejected"]),
        ("callcenter-etl validate some_fi", []),  # then bash offers its own file names: complete -o default
    ],
)
def test_half_a_command_line_is_completed(line: str, offered: list[str]) -> None:
    assert completed(line) == offered


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("bash", "complete -o default -F _callcenter_etl_completion callcenter-etl"),
        ("zsh", "compdef _callcenter_etl_completion callcenter-etl"),
        ("fish", "complete --command callcenter-etl"),
    ],
)
def test_each_shell_gets_its_script(shell: str, said: str) -> None:
    done = called([str(PROGRAM)], _CALLCENTER_ETL_COMPLETE=f"source_{shell}")
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is absent")
def test_bash_itself_completes_with_what_is_shown() -> None:
    script = (
        'eval "$(callcenter-etl --show-completion)"; COMP_WORDS=(callcenter-etl contract sc); COMP_CWORD=2; '
    )
    done = called(
        ["bash", "-c", script + '_callcenter_etl_completion callcenter-etl; echo "${COMPREPLY[@]}"']
    )
    assert done.stdout.split() == ["schema"], done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is absent")
def test_it_is_installed_where_it_says(tmp_path: Path) -> None:
    done = called(["bash", "-c", "callcenter-etl --install-completion; exit $?"], HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "_callcenter_etl_completion" in (tmp_path / ".bash_completions" / "callcenter-etl.sh").read_text()
    assert ".bash_completions/callcenter-etl.sh" in (tmp_path / ".bashrc").read_text()
