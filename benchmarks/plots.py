"""Draws time and memory against size, from results.json, as SVG.

python -m benchmarks.plots RESULTS
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.contestants import FLOORS, OURS, PEERS, Contestant
from benchmarks.outcomes import Figure, Results, read_results

REJECTS = 1
# The product stands out, its peers have a colour each (Okabe and Ito's, and three greys), floors are dashed.
PEER_COLOURS = (
    "#0072B2",
    "#56B4E9",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#7F6A3F",
    "#555555",
    "#8A5FBF",
    "#A0A0A0",
)
OUR_COLOUR = "#D00000"
STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "callcenter_etl",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": "#333333",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
}


def _draw(results: Results, path: Path, title: str, value: Callable[[Figure], float], unit: str) -> None:
    figure, axes = plt.subplots(figsize=(9, 5.4), layout="constrained")
    for place, floor in enumerate(FLOORS):
        style = (0, (1 + 2 * place, 2))
        _line(axes, results, floor, value, color="#BBBBBB", linestyle=style, linewidth=1.2)
    for peer, colour in zip(PEERS, PEER_COLOURS, strict=True):
        _line(axes, results, peer, value, color=colour, linewidth=1.5, marker="o", markersize=3.5)
    _line(axes, results, OURS, value, color=OUR_COLOUR, linewidth=3, marker="o", markersize=6, zorder=5)
    axes.set(xscale="log", yscale="log", xlabel="records", ylabel=unit)
    axes.set_title(title, loc="left", fontsize=12, color="#222222", pad=12)
    sizes = sorted({records for records, rejects in results.pairs() if rejects == REJECTS})
    axes.set_xticks(sizes)
    axes.xaxis.set_minor_locator(NullLocator())
    plain = FuncFormatter(lambda number, _: f"{number:,.0f}" if number >= 1 else f"{number:g}")
    axes.xaxis.set_major_formatter(plain)
    axes.yaxis.set_major_formatter(plain)
    axes.grid(visible=True, which="major", color="#E6E6E6", linewidth=0.8)
    axes.set_axisbelow(True)
    # Named in the order in which the lines end, so that the eye finds them.
    ends = sorted(axes.get_lines(), key=lambda line: -float(line.get_ydata()[-1]))
    axes.legend(handles=ends, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, labelspacing=0.7)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _line(
    axes: Axes, results: Results, contestant: Contestant, value: Callable[[Figure], float], **style: object
) -> None:
    found = [
        results.peer(contestant.name, records, rejects)
        for records, rejects in results.pairs()
        if rejects == REJECTS
    ]
    points = [(figure.records, value(figure)) for figure in found if figure is not None and figure.counts]
    if points:
        records, values = zip(*points, strict=True)
        axes.plot(records, values, label=contestant.label, **style)


def main() -> None:
    """Draw both."""
    folder = Path(sys.argv[1])
    results = read_results(folder)
    with mpl.rc_context(STYLE):
        _draw(
            results,
            folder / "time.svg",
            "Wall-clock time of the whole process, 1 % rejects",
            lambda figure: figure.seconds,
            "seconds",
        )
        _draw(
            results,
            folder / "memory.svg",
            "Peak memory of the largest process, 1 % rejects",
            lambda figure: figure.peak_bytes / 2**20,
            "MiB",
        )


if __name__ == "__main__":
    main()
