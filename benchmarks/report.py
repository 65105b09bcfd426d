"""Write table.md from results.json, and replace the table of a page of the docs.

python -m benchmarks.report RESULTS [--page docs/performance.md]
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.contestants import FLOORS, OURS, PEERS, Contestant
from benchmarks.goals import goals
from benchmarks.outcomes import Figure, Results, read_results

MARKED = re.compile(r"(<!-- benchmark table -->\n).*?(<!-- /benchmark table -->)", re.DOTALL)
ROWS = (OURS, *PEERS, *FLOORS)
PAGE_REJECTS = 1


def table(results: Results) -> str:
    """Return the whole of table.md."""
    parts = ["# Benchmarks\n", _how(results), "## Goals\n", _goals(results), *_disagreements(results)]
    for records, rejects in results.pairs():
        parts += [f"## {records:,} records, {rejects} % rejects\n", _series(results, records, rejects)]
    parts += ["## The product against itself\n", _own(results)]
    return "\n".join(parts)


def page_block(results: Results, folder: str | None) -> str:
    """Return the table of the page: time at each size, memory at the largest, at 1 % rejects.

    `folder`: path of the results relative to the page, for links; None where they lie outside of the repository.
    """
    sizes = [records for records, rejects in results.pairs() if rejects == PAGE_REJECTS]
    head = [
        "seconds (of ours), 1 % rejects",
        *(f"{size:,} records" for size in sizes),
        "peak MiB at the most",
    ]
    rows = [
        [
            each.label,
            *(_time(results, each, size, PAGE_REJECTS) for size in sizes),
            _largest_peak(results, each, sizes),
        ]
        for each in ROWS
        if any(results.peer(each.name, size, PAGE_REJECTS) for size in sizes)
    ]
    links = (
        ""
        if folder is None
        else (
            f"\nAll figures and goals: [table.md]({folder}/table.md). Against size: "
            f"[time]({folder}/time.svg), [memory]({folder}/memory.svg).\n"
        )
    )
    return f"\n{_how(results)}\n{_markdown(head, rows)}{links}\n"


def link_folder(results: Path, page: Path) -> str | None:
    """Return the path of the results from the page, None where they lie outside of the page's repository."""
    root = page.resolve().parent.parent
    if not results.resolve().is_relative_to(root):
        return None  # a link there would be dead in every clone
    return os.path.relpath(results.resolve(), page.resolve().parent)


def _how(results: Results) -> str:
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine["peer_versions"].items())
    return (
        "Whole processes, medians, every contestant in turn within each round; the same rules, accepted and rejected "
        "records written, a reason on each reject. A time counts only if the outputs are ours. "
        "No peak is seen below the runner's own, some 18 MiB. "
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, "
        f"Python {machine['python']}; {versions}.\n"
    )


def _goals(results: Results) -> str:
    rows = [
        [
            goal.text,
            f"{goal.limit:g} {goal.unit}",
            "" if goal.measured is None else f"{goal.measured:.3g} {goal.unit}",
            goal.verdict,
        ]
        for goal in goals(results)
    ]
    return _markdown(["goal", "at most", "measured", ""], rows)


def _disagreements(results: Results) -> Iterator[str]:
    found = [figure for figure in results.figures if not figure.counts]
    if found:
        yield "## Outputs that were not ours\n"
        yield "".join(
            f"- {figure.contestant}, {figure.records:,} records, {figure.rejects} % rejects: "
            f"{'; '.join(figure.differences)}\n"
            for figure in found
        )


def _series(results: Results, records: int, rejects: int) -> str:
    rows = []
    for each in ROWS:
        figure = results.peer(each.name, records, rejects)
        if figure is not None and figure.counts:
            details = [_seconds(figure.cpu_seconds), _mebibytes(figure), str(figure.runs)]
        else:
            details = ["", "", ""]
        rows.append([each.label, _time(results, each, records, rejects), *details])
    return _markdown(["", "seconds (of ours)", "CPU seconds", "peak MiB", "runs"], rows)


def _time(results: Results, contestant: Contestant, records: int, rejects: int) -> str:
    figure = results.peer(contestant.name, records, rejects)
    if figure is None:
        return _not_run(results, contestant, records, rejects)
    if not figure.counts:
        return "other outputs"
    ours = results.peer("ours", records, rejects)
    ratio = "" if ours is None or ours is figure else f" ({figure.seconds / ours.seconds:.2g} x)"
    return f"{_seconds(figure.seconds)}{ratio}"


def _not_run(results: Results, contestant: Contestant, records: int, rejects: int) -> str:
    """Say how long it would take, if the two largest sizes that were measured tell."""
    measured = [
        results.peer(contestant.name, size, share) for size, share in results.pairs() if share == rejects
    ]
    sound = [
        figure for figure in measured if figure is not None and figure.counts and figure.records < records
    ]
    if len(sound) < 2:
        return "not run"
    small, large = sorted(sound, key=lambda figure: figure.records)[-2:]
    slope = (large.seconds - small.seconds) / (large.records - small.records)
    return f"not run (would take about {large.seconds + slope * (records - large.records):,.0f})"


def _largest_peak(results: Results, contestant: Contestant, sizes: list[int]) -> str:
    found = [results.peer(contestant.name, size, PAGE_REJECTS) for size in sizes]
    sound = [figure for figure in found if figure is not None and figure.counts]
    if not sound:
        return ""
    largest = sound[-1]
    return _mebibytes(largest) + ("" if largest.records == sizes[-1] else f" (at {largest.records:,})")


def _own(results: Results) -> str:
    rows = [
        [
            figure.series,
            figure.contestant,
            f"{figure.records:,}",
            f"{figure.rejects} %",
            f"{figure.damage} %",
            _seconds(figure.seconds) if figure.counts else "other outputs",
            _seconds(figure.cpu_seconds),
            _mebibytes(figure),
        ]
        for figure in results.figures
        if not figure.series.startswith("peers ")
    ]
    return _markdown(
        ["series", "", "records", "rejects", "damage", "seconds", "CPU seconds", "peak MiB"], rows
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= 0.1 else f"{seconds:.4f}"


def _mebibytes(figure: Figure) -> str:
    return f"{figure.peak_bytes / 2**20:,.0f}"


def _markdown(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main() -> None:
    """Write the table, and replace the one of the page."""
    parser = argparse.ArgumentParser(description="write table.md from results.json")
    parser.add_argument("results", type=Path)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    results = read_results(options.results)
    (options.results / "table.md").write_text(table(results), encoding="utf-8")
    if options.page is not None:
        block = page_block(results, link_folder(options.results, options.page))
        text = options.page.read_text(encoding="utf-8")
        options.page.write_text(MARKED.sub(lambda found: found[1] + block + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
