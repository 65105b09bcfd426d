"""`python -m tests.reliability.fuzz_files --cases N --seed S`: corpus files and N mutated ones, none may break the product.

Each case must end within ten seconds with exit code 0 to 3, never with a traceback, and its accounting must be exact.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from callcenter_etl import CallcenterEtlError, load_contract, validate
from tests.reliability.accounting import complaints
from tests.reliability.mutations import Case, contract_files, corpus_files, mutated_case, whole_case

SECONDS = 10.0
HANGS_AFTER = 600.0  # by the clock: a process may be stopped for a while and not hang
EVERY = 500
CLI_SHARE = 0.01
SOUND = (0, 1, 2, 3)


def main() -> int:
    """Give 0 if no case breaks the product, else 1."""
    parser = argparse.ArgumentParser(description="throw mutated files at the product")
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="the first case's seed; the others follow")
    parser.add_argument("--keep", type=Path, default=None, help="a folder that keeps the cases that break it")
    options = parser.parse_args()
    corpus, contracts = corpus_files(), contract_files()
    if not corpus:
        print("the corpora are absent: only generated files are mutated", file=sys.stderr)
    codes: Counter[int] = Counter()
    whole = ((str(path), whole_case(path.read_bytes())) for path in corpus)
    seeds = range(options.seed, options.seed + options.cases)
    mutated = ((f"seed {seed}", mutated_case(seed, corpus, contracts)) for seed in seeds)
    broken = 0
    for cases in (whole, mutated):
        broken += run_cases(cases, keep=options.keep, codes=codes)
    told = ", ".join(f"{count} ended with {code}" for code, count in sorted(codes.items()))
    print(f"{sum(codes.values())} cases ({told}): {broken} broken")
    return min(broken, 1)


def run_cases(
    cases: Iterable[tuple[str, Case]], *, keep: Path | None = None, codes: Counter[int] | None = None
) -> int:
    """Run cases, say which break the product and how; give how many."""
    broken = 0
    codes = Counter() if codes is None else codes
    for number, (name, case) in enumerate(cases, start=1):
        with tempfile.TemporaryDirectory() as scratch:
            code, found = run_case(case, Path(scratch), by_command=random.Random(name).random() < CLI_SHARE)
            codes[code] += 1
            broken += bool(found)
            for sentence in found:
                print(f"{name}: {sentence}", flush=True)
            if found and keep is not None:
                shutil.copytree(scratch, keep / name.replace("/", "_").replace(" ", "_"), dirs_exist_ok=True)
        if number % EVERY == 0:
            print(f"{number} cases, {broken} broken", file=sys.stderr, flush=True)
    return broken


def run_case(case: Case, folder: Path, *, by_command: bool = False) -> tuple[int, list[str]]:
    """Run one case in an empty folder; give its exit code and what is wrong with how it went."""
    source, contract, output = folder / case.name, folder / "contract.yaml", folder / "output"
    source.write_bytes(case.data)
    contract.write_bytes(case.contract)
    (folder / "agents.csv").write_text("key,agent_id\n7,7\nab,12\n", encoding="utf-8")
    faulthandler.dump_traceback_later(HANGS_AFTER, exit=True, file=sys.__stderr__ or sys.stderr)
    before = _processor_seconds()
    try:
        code, found = (_by_command if by_command else _in_process)(source, contract, output)
    finally:
        faulthandler.cancel_dump_traceback_later()
    seconds = _processor_seconds() - before
    if seconds > SECONDS:
        found.append(f"{seconds:.1f} seconds")
    if code not in SOUND:
        found.append(f"exit code {code}")
    if code in (0, 1) and not found:
        document = load_contract(contract).document
        summary = json.loads((output / "summary.json").read_bytes())
        found += complaints(
            source, output, summary, columns=len(document.columns), encoding=document.source.encoding
        )
    elif any(path.suffix == ".csv" for path in output.glob("*")):
        found.append(f"exit code {code}, and yet something is published")
    return code, found


def _processor_seconds() -> float:
    """Give what this process and its ended children have used: others on the machine do not count."""
    return sum(os.times()[:4])


def _in_process(source: Path, contract: Path, output: Path) -> tuple[int, list[str]]:
    try:
        return validate(source, load_contract(contract), output=output).exit_code, []
    except CallcenterEtlError as error:
        return error.exit_code, [] if str(error) else ["an error without a sentence"]
    except Exception:  # noqa: BLE001  the fuzzer goes on and reports any crash
        return 70, [traceback.format_exc(limit=-4)]


def _by_command(source: Path, contract: Path, output: Path) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "callcenter_etl", "validate", str(source), "-c", str(contract), "-q"]
    done = subprocess.run(
        [*command, "-o", str(output)], capture_output=True, check=False, env={**os.environ, "NO_COLOR": "1"}
    )
    found = ["a traceback"] if b"Traceback" in done.stderr + done.stdout else []
    if done.returncode in (2, 3) and not done.stderr.strip():
        found.append("nothing said on standard error")
    return done.returncode, found


if __name__ == "__main__":
    sys.exit(main())
