"""A signal never comes between what is published and what is told of it. `make soak-signals` sends many more."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl.run.ledger import RunFilter, list_runs
from callcenter_etl.signal_guard import Interrupts
from tests.reliability.proofs import Folder, Job, Prefix, Tally, bucket_on_moto, is_one_run
from tests.reliability.signals import at_every_request
from tests.reliability.support import run

ROOT = Path(__file__).parents[2]
# Sends signals in the middle of publishing, between two renames.
IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path
from callcenter_etl.writers.staging import Staging
from tests.reliability.support import run
how_many, replace, final = int(sys.argv.pop()), Staging._replace, Staging._final
def interrupted_final(self, name):
    if name == "rejected":
        for _ in range(how_many):
            os.kill(os.getpid(), signal.SIGINT)
    return final(self, name)
def interrupted_replace(self, names):
    Staging._final = interrupted_final
    try:
        replace(self, names)
    finally:
        Staging._final = final
Staging._replace = interrupted_replace
"""
FROM_PYTHON = """
try:
    run(Path(sys.argv[1]))
except KeyboardInterrupt:
    print("KeyboardInterrupt", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""
AT_THE_SECOND = """
import os, signal, sys
import callcenter_etl.cli.batch
module = sys.modules["callcenter_etl.cli.batch"]
original = module._run
def run(source, *given, **named):
    if source.endswith("b.csv"):
        os.kill(os.getpid(), signal.SIGTERM)
    return original(source, *given, **named)
module._run = run
"""
# A process started in the background of a script without job control inherits SIGINT as ignored.
NOT_IGNORED = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
BY_COMMAND = "from callcenter_etl.cli import main\nmain()\n"


def script(text: str, *words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", NOT_IGNORED + text, *map(str, words)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def test_from_python_an_interrupt_waits_until_the_run_is_published_and_told(tmp_path: Path) -> None:
    done = script(IN_THE_MIDDLE + FROM_PYTHON, tmp_path, 1)
    assert done.stdout.splitlines() == ["KeyboardInterrupt True", "True"], done.stderr
    assert is_one_run(Folder(tmp_path / "out").files()) == []
    assert [record.status for record in list_runs(str(tmp_path / "out"), RunFilter())] == ["rejects"]
    assert run(tmp_path).already_done


@pytest.mark.parametrize(
    ("signals", "said", "stands"),
    [
        (1, "interrupted, but one run had published its files: {}/summary.json", True),
        (
            2,
            "interrupted in the middle of publishing {}/summary.json: nothing counts there until it exists",
            False,
        ),
    ],
)
def test_the_command_says_what_stands(tmp_path: Path, signals: int, said: str, *, stands: bool) -> None:
    job, output = Job.make(tmp_path, "s", 10), tmp_path / "out"
    words = ("validate", job.source, "-c", job.contract, "-o", output, "-q")
    done = script(IN_THE_MIDDLE + BY_COMMAND, *words, signals)
    assert (done.returncode, done.stderr) == (130, said.format(output) + "\n")
    assert (output / "summary.json").exists() is stands
    again = script(BY_COMMAND, *words)
    assert ("already done" in again.stdout) is stands
    assert is_one_run(Folder(output).files(), job.clean) == []


def test_of_several_sources_those_that_are_published_are_told(tmp_path: Path) -> None:
    first, second = Job.make(tmp_path, "a", 10), Job.make(tmp_path, "b", 20)
    words = ("validate", first.source, second.source, "-c", first.contract, "-o", tmp_path / "out", "-q")
    done = script(AT_THE_SECOND + BY_COMMAND, *words)
    stands = tmp_path / "out" / "a" / "summary.json"
    assert (done.returncode, done.stderr) == (
        130,
        f"interrupted, but one run had published its files: {stands}\n",
    )


def test_signals_at_chosen_lines_of_publishing_and_after_it() -> None:
    line = [sys.executable, "-m", "tests.reliability.signal_sweep", "--points", "4"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, ": 0 broken" in done.stdout) == (0, True), done.stdout + done.stderr


def test_signals_at_requests_of_a_run_into_s3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("signals")
    with bucket_on_moto(tmp_path) as drops:
        jobs = (Job.make(tmp_path, "earlier", 10), Job.make(tmp_path, "later", 20, first=100))
        at_every_request(tally, drops, jobs, step=23)
        assert not Prefix(drops, "requests").litter()
    assert tally.broken == 0, capsys.readouterr().out
    assert sum(count for outcome, count in tally.outcomes.items() if outcome.startswith("interrupted")) >= 2


def test_handlers_are_put_back_and_a_run_that_publishes_nothing_holds_nothing() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    try:
        mine = signal.getsignal(signal.SIGTERM)
        held = Interrupts()
        with held.hold_until_recorded():
            signal.raise_signal(signal.SIGTERM)
            assert came == [signal.SIGTERM]
            with held.publishing("there"), held.hold_until_recorded():
                signal.raise_signal(signal.SIGTERM)
            assert (came, held.published, held.last) == ([signal.SIGTERM], 1, "there")
        assert came == [signal.SIGTERM] * 2
        assert signal.getsignal(signal.SIGTERM) is mine
        with held.publishing("kept by nobody"):
            signal.raise_signal(signal.SIGTERM)
            assert came == [signal.SIGTERM] * 3
        assert held.published == 1
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_fails_while_publishing_is_not_under_way_any_more() -> None:
    held = Interrupts()
    with pytest.raises(OSError, match="full"), held.hold_until_recorded(), held.publishing("there"):
        raise OSError("full")
    assert (held.published, held.under_way) == (0, None)
