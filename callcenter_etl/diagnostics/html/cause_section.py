"""Build the section of causes: the sentences of the terminal, with values masked."""

from __future__ import annotations

import re

from callcenter_etl.diagnostics.causes_report import cause_sentence, causes_heading, other_causes
from callcenter_etl.diagnostics.html.page_data import CauseLine, CauseSection
from callcenter_etl.diagnostics.html.value_display import ValueDisplay
from callcenter_etl.tools.explain.broken_values import ShownValue
from callcenter_etl.tools.explain.reject_causes import Cause, Causes


def cause_section(found: Causes, display: ValueDisplay) -> CauseSection:
    """Return the causes for a page."""
    return CauseSection(
        heading=causes_heading(found),
        causes=tuple(_line(cause, found, display) for cause in found.causes),
        others=other_causes(found),
    )


def _line(cause: Cause, found: Causes, display: ValueDisplay) -> CauseLine:
    sentence, advice = cause_sentence(cause, found), cause.advice
    hidden = {each.text: each for each in cause.shown if not display.in_full(each.column)}
    if hidden:
        # One pass, the longest text first: a mask that is filled in is not searched for the next value.
        texts = sorted(hidden, key=len, reverse=True)
        pattern = re.compile("|".join(re.escape(text) for text in texts))
        sentence = pattern.sub(lambda match: _mask(hidden[match[0]], display), sentence)
    # A mask in YAML would be pasted as a value, so that a change that holds a hidden value is left out whole.
    withheld = advice is not None and any(text in advice.words for text in hidden)
    yaml = None if advice is None or withheld else advice.yaml
    return CauseLine(cause.rule, sentence, yaml, withheld)


def _mask(shown: ShownValue, display: ValueDisplay) -> str:
    return display.quoted(shown.column, shown.value)
