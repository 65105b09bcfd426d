"""Finds column names that an expression must quote in backticks, such as `End Time`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from callcenter_etl.contract.expressions.tree import WORDS, ExpressionFault
from callcenter_etl.contract.quoting import shortened

_MAX_NAMES = 1_000  # searched for one after another
_QUOTED = re.compile(r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_HINT = re.compile(r" \([^()]*\)$")  # the advice at the end of a message


def with_backticks(
    faults: tuple[ExpressionFault, ...], text: str, columns: Iterable[str]
) -> tuple[ExpressionFault, ...]:
    """Return the faults; those inside an unquoted column name such as `End Time` advise backticks.

    Each name gets one fault. Without this, `End Time > 5` is a syntax error at `Time` and `call-id` is two unknown
    columns.
    """
    spans = list(_bare_names(text, columns))
    found: dict[object, ExpressionFault] = {}
    for fault in faults:
        span = next((each for each in spans if each[0] <= fault.offset < each[1]), None)
        if span is None:
            found[fault] = fault
            continue
        message = _HINT.sub("", fault.message)
        advice = f" (write the column in backticks: `{shortened(span[2].replace('`', '``'))}`)"
        found.setdefault(span, replace(fault, message=message + advice))
    return tuple(found.values())


def _bare_names(text: str, columns: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and name of each column name outside quotes that is not an identifier."""
    # Quoted parts are blanked out and keep their length, so that offsets still refer to the text.
    bare = _QUOTED.sub(lambda match: "\0" * len(match[0]), text)
    special = (name for name in columns if name and (not name.isidentifier() or name in WORDS))
    # The longest first: of `End` and `End Time` the longer one is meant.
    for name in sorted(islice(special, _MAX_NAMES), key=len, reverse=True):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", bare):
            yield match.start(), match.end(), name
