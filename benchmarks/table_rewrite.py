"""What a commit costs that replaces one day, or one bucket, of a hundred in a table, against writing all of them.

`python -m benchmarks.table_rewrite [RECORDS] [delta|iceberg]`; prints a table in Markdown, times as the median of three.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.partial_rewrite import COLUMNS, HEADER, LAYOUTS, TRIES, one_part, timed, write_source
from callcenter_etl import Contract, load_contract, validate

Files = dict[str, int]


def active_files(target_format: str, folder: Path) -> Files:
    """Give the files of the table's newest version with their bytes."""
    if target_format == "delta":
        from deltalake import DeltaTable

        paths = [Path(uri.removeprefix("file://")) for uri in DeltaTable(str(folder / "table")).file_uris()]
        return {str(path): path.stat().st_size for path in paths}
    from callcenter_etl.writers.tables.iceberg.iceberg_target import catalog_named

    tasks = catalog_named("bench").load_table("bench.calls").scan().plan_files()
    return {task.file.file_path: task.file.file_size_in_bytes for task in tasks}


def contract_of(target_format: str, folder: Path, layout: str) -> Contract:
    """Give a contract whose runs replace the partitions that they have records for."""
    table = (
        {"uri": str(folder / "table")}
        if target_format == "delta"
        else {"catalog": "bench", "identifier": "bench.calls"}
    )
    run = {
        "target_format": target_format,
        "write": "replace_partitions",
        "layout": LAYOUTS[layout],
        "table": table,
    }
    return load_contract({"contract": "calls", "columns": COLUMNS, "run": run})


def measure(target_format: str, folder: Path, records: int, layout: str) -> dict[str, Any]:
    """Write all, then one part of a hundred, `TRIES` times each into a new table."""
    whole, part = folder / "all.csv", folder / f"{layout}.csv"
    write_source(part, one_part(records, layout))
    all_seconds, part_seconds, found = [], [], {}
    for number in range(TRIES):
        home = folder / f"{layout}-{number}"
        home.mkdir()
        for name, text in (
            ("TYPE", "sql"),
            ("URI", f"sqlite:///{home}/c.db"),
            ("WAREHOUSE", f"file://{home}/w"),
        ):
            os.environ[f"PYICEBERG_CATALOG__BENCH__{name}"] = text
        contract = contract_of(target_format, home, layout)
        all_seconds.append(timed(lambda: validate(whole, contract, output=home / "all")))  # noqa: B023  called at once
        before = active_files(target_format, home)
        part_seconds.append(timed(lambda: validate(part, contract, output=home / "part")))  # noqa: B023  same
        after = active_files(target_format, home)
        new = [size for path, size in after.items() if path not in before]
        kept = len(before.keys() & after.keys())
        found = {"files": (len(before), len(new)), "bytes": (sum(before.values()), sum(new)), "kept": kept}
        shutil.rmtree(home)
    return {**found, "seconds": (statistics.median(all_seconds), statistics.median(part_seconds))}


def nothing(target_format: str, folder: Path) -> float:
    """Give what a run of one record into a table of one row costs in itself."""
    os.environ.update(
        {
            "PYICEBERG_CATALOG__BENCH__TYPE": "sql",
            "PYICEBERG_CATALOG__BENCH__URI": f"sqlite:///{folder}/none.db",
            "PYICEBERG_CATALOG__BENCH__WAREHOUSE": f"file://{folder}/none-w",
        }
    )
    contract, source = contract_of(target_format, folder, "day"), folder / "none.csv"
    source.write_text(HEADER + "1,2025-01-01,1,1,x\n", encoding="utf-8")
    return statistics.median(
        timed(lambda: validate(source, contract, output=folder / "none", force=True))
        for _ in range(TRIES + 1)
    )


def main() -> None:
    """Print the table."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    target_format = sys.argv[2] if len(sys.argv) > 2 else "delta"
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name)
        write_source(folder / "all.csv", range(records))
        size = (folder / "all.csv").stat().st_size
        base = nothing(target_format, folder)
        print(f"{target_format}: {records:,} records, {size:,} bytes; a run of one record: {base:.2f} s\n")
        print("| | all | one of a hundred | share |\n|---|---:|---:|---:|")
        for layout in LAYOUTS:
            found = measure(target_format, folder, records, layout)
            for what, form in (("files", ",d"), ("bytes", ",d"), ("seconds", ".2f")):
                everything, part = found[what]
                share = part / everything
                print(f"| {what} written, by {layout} | {everything:{form}} | {part:{form}} | {share:.1%} |")
            print(f"| files untouched, by {layout} | | {found['kept']} | |")


if __name__ == "__main__":
    main()
