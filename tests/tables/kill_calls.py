"""Kills a run into a Delta table at its first, second, … renaming, linking or removing call, until one ends unharmed.

`python -m tests.tables.kill_calls`; needs strace. After each kill readers must see the old rows or the new ones, and the same
command must give the new ones, in one version more than before.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from deltalake import DeltaTable

from tests.tables.delta.test_runs import contract, ids, source

CALLS = "rename,renameat,renameat2,link,linkat,unlink,unlinkat"
BEFORE, AFTER = ["1", "5"], ["1", "2", "4"]
_RUN = (
    "import sys; from callcenter_etl import validate; validate(sys.argv[1], sys.argv[2], output=sys.argv[3])"
)


def run(words: list[str], *, strace: list[str] | None = None) -> bool:
    """Run a source into an output; tell whether it ended well."""
    command = [*(strace or []), sys.executable, "-c", _RUN, *words]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def kill_at(number: int, words: list[str]) -> bool:
    """Kill a run at its `number`th call; tell whether it ended before."""
    inject = f"inject={CALLS}:signal=KILL:when={number}"
    return run(words, strace=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS}", "-e", inject])


def main() -> None:
    """Kill at each call in turn, and tell what readers saw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rules = contract(folder, run="  layout: {partition_by: [day]}\n")
        before, output = folder / "before", folder / "output"
        source(folder, body="1,2025-01-01,,,,\n5,2025-01-03,,,,\n")
        run([str(folder / "calls.csv"), str(rules), str(before)])
        words = [str(source(folder)), str(rules), str(output)]
        seen: Counter[str] = Counter()
        for number in range(1, 1_000):
            shutil.rmtree(output, ignore_errors=True)
            shutil.copytree(before, output)
            is_over = kill_at(number, words)
            found = ids(output / "target")
            seen[
                "old rows" if found == BEFORE else "new rows" if found == AFTER else f"wrong: {found}"
            ] += not is_over
            done = run(words) and ids(output / "target") == AFTER
            if not done or DeltaTable(str(output / "target")).version() != 1:
                raise SystemExit(f"call {number}: the same command did not mend it")
            if is_over:
                print(f"{number - 1} kills; readers saw {dict(seen)}")
                return


if __name__ == "__main__":
    main()
