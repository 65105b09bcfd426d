"""Render a run for a notebook: verdict, counts and violated rules as an HTML fragment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from callcenter_etl.run.summary import VERDICTS, RuleCount, Summary
from callcenter_etl.terminal import printable

_COLOURS = {"passed": "#0b8a55", "rejects": "#b06000"}  # each readable on a light and on a dark notebook
_OTHERWISE = "#d93a30"
_LEFT, _RIGHT = ' style="text-align:left"', ' style="text-align:right"'
_RULE_HEADS = (("rule", _LEFT), ("severity", _LEFT), ("records", _RIGHT))
_FIRST_HEADS = (("first line", _RIGHT), ("reason", _LEFT))


def notebook_html(summary: Summary, *, already_done: bool) -> str:
    """Return a run as an HTML fragment without scripts, with every text escaped."""
    colour = _COLOURS.get(summary.status, _OTHERWISE)
    records = summary.records
    verdict = f'<strong style="color:{colour}">{_text(VERDICTS[summary.status])}</strong>'
    contract = f"contract {_text(summary.contract.id)} {_text(summary.contract.version)}"
    counts = (
        f"{records.read:,} read, {records.accepted:,} accepted, {records.rejected:,} rejected"
        f" ({records.malformed:,} malformed), {records.warned:,} warned in {summary.seconds:.2f} s"
    )
    lines = [f"<div>{verdict} · {_text(summary.source.uri)} · {contract}</div>", f"<div>{counts}</div>"]
    if already_done:
        lines.append(
            f"<div>already done by run {_text(summary.run_id)} ({_text(summary.finished_at)}), nothing was written</div>"
        )
    if summary.problems:
        problems = (f"<li>{_text(each.problem_line)}</li>" for each in summary.problems)
        lines.append(f"<ul>{''.join(problems)}</ul>")
    broken = {rule: count for rule, count in summary.rules.items() if count.broken}
    return "".join(lines) + (_table(broken) if broken else "")


def _table(broken: Mapping[str, RuleCount]) -> str:
    # A summary that was read from its file has no first lines and reasons, so there are no columns for them.
    known = any(count.first_line is not None for count in broken.values())
    heads = (*_RULE_HEADS, *_FIRST_HEADS) if known else _RULE_HEADS
    rows = (_row(rule, count, known=known) for rule, count in broken.items())
    return (
        f"<table><thead><tr>{_cells(heads, tag='th')}</tr></thead>"
        f"<tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
    )


def _row(rule: str, count: RuleCount, *, known: bool) -> str:
    cells = [(rule, _LEFT), (count.severity, _LEFT), (f"{count.broken:,}", _RIGHT)]
    if known:
        first = "" if count.first_line is None else f"{count.first_line:,}"
        cells += [(first, _RIGHT), (count.sample_reason or "", _LEFT)]
    return _cells(cells, tag="td")


def _cells(cells: Iterable[tuple[str, str]], *, tag: str) -> str:
    return "".join(f"<{tag}{style}>{_text(text)}</{tag}>" for text, style in cells)


def _text(text: str) -> str:
    # Reasons and addresses come from the source: they may hold markup or control characters.
    return escape(printable(text))
