"""Who takes part: the product, its peers, and the floors; how each is started."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
OUR_BIN = REPOSITORY / ".venv" / "bin"
PEER_PYTHON = REPOSITORY / ".venv-bench" / "bin" / "python"
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command with `{source}` and `{out}` in it. A peer's outputs are compared with the product's, a floor's are not."""

    name: str
    label: str
    role: str
    command: tuple[str, ...]
    max_records: int = 10 * MILLION
    sound_exits: tuple[int, ...] = (0,)

    def started_on(self, source: Path, out: Path) -> tuple[str, ...]:
        """Give the command for one source and one output folder."""
        return tuple(word.format(source=source, out=out) for word in self.command)


def _ours(name: str, label: str, *options: str, contract: str = "calls.yaml") -> Contestant:
    command = (
        str(OUR_BIN / "callcenter-etl"),
        "validate",
        "{source}",
        "-c",
        str(HERE / contract),
        "-o",
        "{out}",
        "-q",
        *options,
    )
    # Exit code 1 says that there are rejects, which is what was asked for.
    return Contestant(name, label, "ours", command, sound_exits=(0, 1))


def _script(name: str, label: str, *options: str, role: str = "peer", most: int = 10 * MILLION) -> Contestant:
    script, *_ = name.split(".")
    command = (str(PEER_PYTHON), str(HERE / "peers" / f"{script}.py"), "{source}", "{out}", *options)
    return Contestant(name, label, role, command, max_records=most)


OURS = _ours("ours", "callcenter_etl")
OURS_UNIQUE = _ours("ours_unique", "callcenter_etl, call_id unique", contract="calls_unique.yaml")
IMPORTS = Contestant(
    "imports",
    "python -c 'import pandas, pandera.pandas'",
    "floor",
    (str(OUR_BIN / "python"), "-c", "import pandas, pandera.pandas"),
)
PEERS = (
    _script("duckdb_sql.table", "DuckDB SQL, through a temporary table", "table"),
    _script("duckdb_sql.stream", "DuckDB SQL, two streaming scans", "stream"),
    _script("polars_streaming", "polars, lazy and streaming"),
    _script("dataframely_filter", "dataframely"),
    _script("pointblank_sundered", "pointblank", most=MILLION),
    _script("pandera_naive", "pandera, naive", most=MILLION),
    _script("csv_loop", "Python csv loop", most=MILLION),
    _script("frictionless_rows", "frictionless", most=MILLION),
    _script("great_expectations_suite", "great_expectations", most=MILLION),
)
FLOORS = (
    _script("arrow_read", "floor: Arrow read, no check", role="floor"),
    Contestant("cp", "floor: cp", "floor", ("cp", "{source}", "{out}")),
    Contestant("wc", "floor: wc -l", "floor", ("wc", "-l", "{source}")),
)


def with_workers(number: int) -> Contestant:
    """Give the product with a fixed number of workers."""
    return _ours(f"ours_workers_{number}", f"callcenter_etl --workers {number}", "--workers", str(number))


def workers_can_be_chosen() -> bool:
    """Tell whether this version of the product has the option."""
    helped = subprocess.run(  # noqa: S603 (the product's own command)
        [OUR_BIN / "callcenter-etl", "validate", "--help"], capture_output=True, text=True, check=True
    )
    return "--workers" in helped.stdout
