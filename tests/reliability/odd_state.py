"""`python -m tests.reliability.odd_state --seed S`: each command on outputs of which a part is damaged, or something else.

No command may end as a bug, hang, show a traceback, or change anything outside of the output; what it publishes must
be right.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.damages import DAMAGES, Outside, remove
from tests.reliability.forked import Done, Server, server
from tests.reliability.resume_support import dirty, run, words, write_contract, write_source

SOUND = (0, 1)
ALLOWED = (0, 1, 2, 3)
RECORDS = 300
BLOCK_BYTES = 1024
KILLED_AT = "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:after:3"
PLAIN = ("target.csv", "exceptions.csv", "rejected.csv")
LEDGER = ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite-journal")
# Names that an output has only for a moment, or in another form.
PASSING = (
    "target",
    "target.parquet",
    "exceptions",
    "rejected",
    ".target.before",
    ".target.gone",
    "reprocessed",
)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the sweep works: a source, its contract, outputs to be copied, and the records of a clean run."""

    folder: Path
    source: Path
    contract: Path
    clean: dict[str, bytes]
    outputs: dict[str, Path]

    def commands(self, output: Path, form: str) -> dict[str, list[object]]:
        """Give the commands to be called on an output."""
        validate: list[object] = [*words(self.source, self.contract, output, "-q"), "--target-format", form]
        ledger, asked = ["--output", output], ["--contract", self.contract]
        return {
            "validate": validate,
            "again": [*validate, "--force"],
            "no resume": [*validate, "--no-resume"],
            "report": [*validate, "--report", output / "report.html"],
            "list": ["runs", "list", *ledger],
            "list json": ["runs", "list", *ledger, "--format", "json"],
            "list errors": ["runs", "list", *ledger, "--status", "error"],
            "show": ["runs", "show", "2", *ledger],
            "explain": ["explain", output, *asked],
            "explain run": ["explain", "--run", "2", *ledger, *asked],
            "reprocess": ["reprocess", output / "exceptions.csv", *asked],
        }


@dataclass(frozen=True, slots=True)
class Case:
    """One output of which one part is damaged in one way, and the command that meets it."""

    form: str
    part: str
    damage: str
    command: str

    def __str__(self) -> str:
        return f"{self.command} on {self.form}, {self.part} is {self.damage}"


def ground(folder: Path, calls: Server) -> Ground:
    """Make the outputs: of each form of target, of a reprocess, and of a run that was killed."""
    source, contract = write_source(folder, dirty(RECORDS)), write_contract(folder)
    outputs: dict[str, Path] = {}
    for form in ("csv", "parquet", "delta"):
        outputs[form] = folder / form
        line = [*words(source, contract, outputs[form], "-q"), "--target-format", form]
        done = calls.call(line, cwd=folder)
        assert done.code == 1, done
    done = calls.call(["reprocess", outputs["csv"] / "exceptions.csv", "-c", contract, "--force"], cwd=folder)
    assert done.code in SOUND, done
    outputs["killed"] = folder / "killed"
    code, said = run(
        words(source, contract, outputs["killed"]), folder, block_bytes=BLOCK_BYTES, kill=KILLED_AT
    )
    assert code == -signal.SIGKILL, said
    clean = {name: (outputs["csv"] / name).read_bytes() for name in PLAIN}
    return Ground(folder, source, contract, clean, outputs)


def parts_of(output: Path) -> list[str]:
    """Give the paths of all that is in an output, those that are there for a moment among them."""
    there = [str(path.relative_to(output)) for path in sorted(output.rglob("*"))]
    return [*there, *(name for name in (*LEDGER, *PASSING) if name not in there)]


def cases(place: Ground, chance: random.Random) -> Iterator[Case]:
    """Give all cases, in a random order."""
    every = [
        Case(form, part, damage, command)
        for form, output in place.outputs.items()
        for part in parts_of(output)
        for damage in DAMAGES
        for command in place.commands(output, form)
    ]
    chance.shuffle(every)
    return iter(every)


def faults_of(place: Ground, calls: Server, case: Case) -> list[str]:
    """Call the command on a copy of the output; give all that is wrong with how it ended."""
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        output, outside = Path(folder) / "out", Outside.make(Path(folder) / "outside")
        shutil.copytree(place.outputs[case.form], output, symlinks=True)
        form = "csv" if case.form == "killed" else case.form
        damaged = output / case.part
        DAMAGES[case.damage](damaged, outside)
        before = outside.fingerprint()
        line = place.commands(output, form)[case.command]
        done = calls.call(line, cwd=place.folder, block_bytes=BLOCK_BYTES)
        faults = ill_ended(done)
        if outside.fingerprint() != before:
            faults.append("changed what is outside of the output")
        publishes = line[0] == "validate"
        # Whether a run is done is asked by the sizes of its files: reading all of them would cost as much as to run.
        unseen = case.damage == "a flipped bit" and case.part in PLAIN
        if publishes and done.code in SOUND and form == "csv" and not unseen:
            faults += wrong_files(place, output)
        if publishes and done.code not in SOUND:
            faults += _not_mended(place, calls, damaged, case)
        return faults


def _not_mended(place: Ground, calls: Server, damaged: Path, case: Case) -> list[str]:
    """Give what is wrong with a run after the damaged part was moved away, as the error says."""
    output = damaged.parents[len(Path(case.part).parts) - 1]
    form = "csv" if case.form == "killed" else case.form
    top = output / Path(case.part).parts[0]
    remove(damaged if case.part in LEDGER else top)
    done = calls.call(place.commands(output, form)["validate"], cwd=place.folder, block_bytes=BLOCK_BYTES)
    if done.code not in SOUND:
        return [f"ends with {done.code} after the part is moved away: {done.err[-300:]}"]
    return wrong_files(place, output) if form == "csv" else []


def wrong_files(place: Ground, output: Path) -> list[str]:
    """Name the published files that are not those of a clean run."""
    return [
        f"{name} is not what a clean run gives"
        for name, data in place.clean.items()
        if not (output / name).is_file()
        or (output / name).is_symlink()
        or (output / name).read_bytes() != data
    ]


def ill_ended(done: Done) -> list[str]:
    """Give all that is wrong with how a command ended, whatever it was called on."""
    said = done.out + done.err
    if done.code is None:
        return [f"hangs: {done.err[:1200]}"]
    faults = [] if done.code in ALLOWED else [f"ends with {done.code}: {_shown(done)}"]
    if "Traceback (most recent" in said:
        faults.append(f"shows a traceback: {said[-1500:]}")
    return faults


def _shown(done: Done) -> str:
    """Give what a command said, with the end of the traceback that it wrote."""
    found = re.search(r"traceback in (\S+)", done.err)
    if found is None:
        return done.err[-1500:]
    path = Path(found[1])
    text = path.read_text(encoding="utf-8", errors="replace")
    path.unlink()
    lines = [line.strip() for line in text.splitlines() if "callcenter_etl/" in line or line[:1].strip()]
    return " | ".join(lines[-6:])


def sweep(
    place: Ground, calls: Server, chosen: Iterator[Case], *, seconds: float, note: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Take cases for so many seconds; give how many, and all faults."""
    end, count, faults = time.monotonic() + seconds, 0, list[str]()
    for case in chosen:
        if time.monotonic() > end:
            break
        count += 1
        for fault in faults_of(place, calls, case):
            faults.append(f"{case}: {fault}")
            note(faults[-1])
    return count, faults


def main() -> int:
    """Give 0 if every command ends as it should, else 1."""
    parser = argparse.ArgumentParser(description="damage outputs, and call each command on them")
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", help="only parts with this in their path")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server() as calls:
        place = ground(Path(folder), calls)
        chosen = (
            case
            for case in cases(place, random.Random(options.seed))
            if options.part is None or options.part in case.part
        )
        count, faults = sweep(
            place, calls, chosen, seconds=options.seconds, note=lambda fault: print(fault, flush=True)
        )
    print(f"soak-state: {count:,} cases, {len(faults):,} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
