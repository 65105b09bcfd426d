"""Draw the charts of a report: Vega-Lite specifications, rendered to static SVG by vl-convert.

Colours are the page's own (`var(--…)`), so that a chart follows the theme, and print.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from callcenter_etl.diagnostics.html.page_data import PastRun, RuleSection, Strip

WIDTH = 860
MAX_RULES = 20
MAX_RULES_IN_STRIP = 8
# Pinned: vl-convert has several versions of Vega-Lite, and its default moves with its releases.
_VEGA_LITE = "5.21"
_LABEL_PIXELS = 240
PIXELS_A_CHARACTER = 7.4  # of a wide font at 12 px: the reader's own fonts are not known here
_Spec = dict[str, Any]
_CONFIG: _Spec = {
    "background": None,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--soft)",
        "labelFontSize": 12,
        "titleColor": "var(--soft)",
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
}
SEVERITY = {"domain": ["error", "warn"], "range": ["var(--bad)", "var(--warn)"]}
_STATUS = {
    "domain": ["passed", "rejects", "failed"],
    "range": ["var(--good)", "var(--warn)", "var(--bad)"],
}


def rules_chart(rule_sections: Sequence[RuleSection]) -> Markup:
    """Draw one bar for each rule, most violated first."""
    values = rule_values(rule_sections[:MAX_RULES])
    names, key_offset = _names_axis([section.rule for section in rule_sections[:MAX_RULES]])
    # Vega-Lite sorts names by the alphabet; null keeps the order of the data.
    rule = {"field": "rule", "type": "nominal", "sort": None, "axis": names}
    width = WIDTH - key_offset
    room = max(len(str(each["label"])) for each in values) * PIXELS_A_CHARACTER + 10
    most = rule_sections[0].broken / (1 - room / width)  # so that numbers fit behind the longest bar
    scale = {"domain": [0, most], "nice": False}
    records = {"field": "records", "type": "quantitative", "axis": None, "scale": scale}
    color = {"field": "severity", "type": "nominal", "scale": SEVERITY, "legend": None}
    bars = {"mark": {"type": "bar", "height": 16, "cornerRadiusEnd": 3}, "encoding": {"color": color}}
    numbers = {
        "mark": {"type": "text", "align": "left", "dx": 6},
        "encoding": {"text": {"field": "label", "type": "nominal"}},
    }
    return draw(
        {
            "width": width,
            "height": {"step": 26},
            "data": {"values": values},
            "encoding": {"y": rule, "x": records},
            "layer": [bars, numbers],
        }
    )


def rule_values(rule_sections: Sequence[RuleSection]) -> list[_Spec]:
    """Return one row for each rule, with the label of its bar."""
    return [
        {
            "rule": section.rule,
            "records": section.broken,
            "severity": section.severity,
            "label": f"{section.broken:,}{' (warning)' if section.severity == 'warn' else ''}",
        }
        for section in rule_sections
    ]


def strip_chart(strip: Strip, rule_sections: Sequence[RuleSection]) -> Markup:
    """Draw rejected records by line of the source, with a strip below for each of the most violated rules."""
    # A rule without rejected records, such as a warning, has no strip.
    rules = [section.rule for section in rule_sections if section.rule in strip.by_rule][:MAX_RULES_IN_STRIP]
    names, key_offset = _names_axis(rules)
    width = {"width": WIDTH - key_offset}
    charts = [{**width, **rejected_by_line(strip, {})}, {**width, **_broken_by_line(strip, rules, names)}]
    return draw({"vconcat": charts, "spacing": 14})


def rejected_by_line(strip: Strip, axis_layout: _Spec) -> _Spec:
    """Return the chart of all rejected records by line; `axis_layout` is the layout of its axis."""
    most = max(strip.rejected)
    # With few records Vega would put ticks at fractions of one.
    ticks = {"tickCount": 3} if most > 4 else {"values": list(range(most + 1))}
    axis = {"title": "rejected", "format": ",d", "domain": False, "ticks": False, **ticks, **axis_layout}
    return {
        "height": 84,
        "data": {"values": _stretches(strip, strip.rejected)},
        "mark": {"type": "bar", "color": "var(--bad)", "binSpacing": 0.5},
        "encoding": {
            **line_axis(strip, None),
            "y": {"field": "records", "type": "quantitative", "axis": axis},
        },
    }


def _broken_by_line(strip: Strip, rules: Sequence[str], names: _Spec) -> _Spec:
    lines = {"title": "line", "format": ",d", "grid": False, "tickCount": min(6, strip.lines)}
    scale = {"domain": rules, "paddingInner": 0.25}
    # The square root keeps stretches with few records visible next to one with many.
    opacity = {"type": "sqrt", "domainMin": 0, "range": [0.15, 1]}
    return {
        "height": {"step": 18},
        "data": {"values": strip_values(strip, rules)},
        "mark": {"type": "rect", "color": "var(--bad)"},
        "encoding": {
            **line_axis(strip, lines),
            "y": {"field": "rule", "type": "nominal", "sort": rules, "scale": scale, "axis": names},
            "opacity": {"field": "records", "type": "quantitative", "scale": opacity, "legend": None},
        },
    }


def strip_values(strip: Strip, rules: Sequence[str]) -> list[_Spec]:
    """Return one row for each rule and stretch of lines with records that violate it."""
    return [{**each, "rule": rule} for rule in rules for each in _stretches(strip, strip.by_rule[rule])]


def _names_axis(names: Sequence[str]) -> tuple[_Spec, int]:
    """Return the axis of rule names, and its width in pixels."""
    # From the number of characters: vl-convert measures with its own fonts, and readers have others.
    key_offset = int(min(max(map(len, names), default=0) * PIXELS_A_CHARACTER, _LABEL_PIXELS * 1.2)) + 8
    axis = {
        "title": None,
        "ticks": False,
        "domain": False,
        "labelLimit": _LABEL_PIXELS,
        "labelColor": "var(--ink)",
        "labelPadding": 8,
        # Both extents are equal, so that charts above each other begin at the same pixel.
        "minExtent": key_offset,
        "maxExtent": key_offset,
    }
    return axis, key_offset


def line_axis(strip: Strip, axis: _Spec | None) -> _Spec:
    """Return the horizontal encoding of stretches over all lines of the source."""
    scale = {"domain": [1, strip.lines + 1], "nice": False, "zero": False}
    return {
        "x": {
            "field": "first",
            "type": "quantitative",
            # The stretches are counted already and must not be binned again.
            "bin": {"binned": True},
            "scale": scale,
            "axis": axis,
        },
        "x2": {"field": "end"},
    }


def _stretches(strip: Strip, counts: Sequence[int]) -> list[_Spec]:
    found = []
    for index, records in enumerate(counts):
        if records:
            first, last = strip.stretch(index)
            found.append({"first": first, "end": last + 1, "records": records})
    return found


def past_chart(past: Sequence[PastRun]) -> Markup:
    """Draw the share of rejected records, one bar for each run in order of time; reported runs are highlighted."""
    return draw({"width": WIDTH - 50, "height": 150, **past_spec(past)})


def past_spec(past: Sequence[PastRun]) -> _Spec:
    """Return the chart of past runs without its size."""
    values = [
        # Runs may start in the same minute: the number keeps their bars apart, and the label drops it.
        {"run": f"{run.started_at[:16].replace('T', ' ')}|{number}", "rate": run.rate, **_bar(run)}
        for number, run in enumerate(past)
        if run.rate is not None
    ]
    x = {
        "field": "run",
        "type": "ordinal",
        "sort": None,
        "axis": {
            "title": "started (UTC)",
            "labelExpr": "split(datum.label, '|')[0]",
            "labelAngle": 0,
            "labelOverlap": "greedy",
            "labelSeparation": 16,
        },
    }
    y = {
        "field": "rate",
        "type": "quantitative",
        "axis": {
            "title": "rejected",
            "format": "~%",
            "tickCount": 4,
            "domain": False,
            "ticks": False,
        },
    }
    color = {"field": "status", "type": "nominal", "scale": _STATUS, "legend": None}
    # Without a scale the number is the opacity itself.
    opacity = {"field": "opacity", "type": "quantitative", "scale": None}
    return {
        "data": {"values": values},
        "mark": {"type": "bar", "width": {"band": 0.6}, "cornerRadiusEnd": 2},
        "encoding": {"x": x, "y": y, "color": color, "opacity": opacity},
    }


def _bar(run: PastRun) -> _Spec:
    return {"status": run.status, "opacity": 1 if run.reported else 0.55}


def draw(spec: _Spec) -> Markup:
    """Return a chart as SVG markup; the library escapes every text."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg({**spec, "config": _CONFIG}, vl_version=_VEGA_LITE)
    # The page describes the chart; roles without a name within it would only be read out as noise.
    drawn = drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return Markup(drawn)  # noqa: S704  texts in it are escaped by the library, tests/reports/test_report_keeps_secrets.py
