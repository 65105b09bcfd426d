"""Finds column names that an expression must write in backticks, such as `End Time`."""

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
    """Return the faults, those within a bare column name such as `End Time` with the advice to use backticks.

    One name gets one fault: `End Time > 5` is a fault of syntax at `Time`, `call-id` are two unknown columns.
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
    """Yield start, end and name of each column name that stands outside of quotes and is no plain word."""
    # Blanked out with their length kept, so that offsets stay those of the text.
    bare = _QUOTED.sub(lambda match: "\0" * len(match[0]), text)
    special = (name for name in columns if name and (not name.isidentifier() or name in WORDS))
    for name in sorted(islice(special, _MAX_NAMES), key=len, reverse=True):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", bare):
            yield match.start(), match.end(), name
