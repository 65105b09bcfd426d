"""Draw the charts of a report for a phone: names are above their bars, so that letters keep their size.

The page holds each chart twice and shows the one that fits: a wide drawing scaled to a phone has letters of 5 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from callcenter_etl.diagnostics.html.charts import (
    MAX_RULES,
    MAX_RULES_IN_STRIP,
    PIXELS_A_CHARACTER,
    SEVERITY,
    draw,
    line_axis,
    past_spec,
    rejected_by_line,
    rule_values,
    strip_values,
)
from callcenter_etl.diagnostics.html.page_data import PastRun, RuleSection, Strip

WIDTH = 350  # of a phone of 390 pixels, less the margins of the page
_AXIS_PIXELS = 44
_FONT_SLACK = 1.25  # the reader's font may be so much wider than the one that names are measured with here
_Spec = dict[str, Any]


def rules_chart(rule_sections: Sequence[RuleSection]) -> Markup:
    """Draw one bar for each rule, most violated first, with its name above."""
    values = rule_values(rule_sections[:MAX_RULES])
    room = max(len(str(each["label"])) for each in values) * PIXELS_A_CHARACTER + 10
    most = rule_sections[0].broken / (1 - room / WIDTH)  # so that numbers fit behind the longest bar
    records = {
        "field": "records",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, most], "nice": False},
    }
    color = {"field": "severity", "type": "nominal", "scale": SEVERITY, "legend": None}
    bars = {
        "mark": {"type": "bar", "height": 14, "yOffset": 9, "cornerRadiusEnd": 3},
        "encoding": {"x": records, "color": color},
    }
    numbers = {
        "mark": {"type": "text", "align": "left", "dx": 6, "dy": 9},
        "encoding": {"x": records, "text": {"field": "label", "type": "nominal"}},
    }
    rule = {"field": "rule", "type": "nominal", "sort": None, "axis": None}
    return draw(
        {
            "width": WIDTH,
            "height": {"step": 42},
            "data": {"values": values},
            "encoding": {"y": rule},
            "layer": [_names("rule", limit=WIDTH, above=9), bars, numbers],
        }
    )


def strip_chart(strip: Strip, rule_sections: Sequence[RuleSection]) -> Markup:
    """Draw rejected records by line of the source, with a named strip below for each of the most violated rules."""
    rules = [each.rule for each in rule_sections if each.rule in strip.by_rule][:MAX_RULES_IN_STRIP]
    width = WIDTH - _AXIS_PIXELS
    extent = {"minExtent": _AXIS_PIXELS, "maxExtent": _AXIS_PIXELS, "titlePadding": 2}
    charts = [
        {"width": width, **rejected_by_line(strip, extent)},
        {"width": width, **_broken_by_line(strip, rules, width)},
    ]
    return draw({"vconcat": charts, "spacing": 10})


def _broken_by_line(strip: Strip, rules: Sequence[str], width: int) -> _Spec:
    lines = {"title": "line", "format": ",d", "grid": False, "tickCount": min(3, strip.lines)}
    opacity = {"type": "sqrt", "domainMin": 0, "range": [0.15, 1]}
    strips = {
        "data": {"values": strip_values(strip, rules)},
        "mark": {"type": "rect", "color": "var(--bad)", "height": 13, "yOffset": 9},
        "encoding": {
            **line_axis(strip, lines),
            "opacity": {"field": "records", "type": "quantitative", "scale": opacity, "legend": None},
        },
    }
    names = {"data": {"values": [{"rule": rule} for rule in rules]}, **_names("rule", limit=width, above=9)}
    rule = {"field": "rule", "type": "nominal", "sort": rules, "axis": None, "scale": {"domain": rules}}
    return {"height": {"step": 36}, "encoding": {"y": rule}, "layer": [names, strips]}


def _names(field: str, *, limit: int, above: int) -> _Spec:
    """Return the layer with a name at the left, above the middle of its band."""
    return {
        "mark": {"type": "text", "align": "left", "dy": -above, "limit": int(limit / _FONT_SLACK)},
        "encoding": {"x": {"value": 0}, "text": {"field": field, "type": "nominal"}},
    }


def past_chart(past: Sequence[PastRun]) -> Markup:
    """Draw the share of rejected records, one bar for each run in order of time."""
    # Half of what the label of the last bar may be wider in the reader's font is beyond the bar.
    sides = {"left": 5, "right": 20, "top": 5, "bottom": 5}
    return draw({"width": WIDTH - _AXIS_PIXELS - 15, "height": 130, "padding": sides, **past_spec(past)})
