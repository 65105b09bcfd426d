"""Checks that RE2, the engine that matches values in a run, accepts a pattern."""

from __future__ import annotations

import re

from callcenter_etl.contract.quoting import as_written, shortened

_BEYOND_RE2 = re.compile(r"\(\?[=!<]|\\[1-9]")


def pattern_fault(pattern: str) -> str | None:
    """Return the fault of a pattern, None if RE2 accepts it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # Not pa.array([None]): for the conversion of its first Python value pyarrow imports pandas.
    nothing = pa.nulls(1, pa.string())
    try:
        # Alone first: `a)|(b` would close the group of the full match and compile with another meaning.
        pc.match_substring_regex(nothing, pattern=pattern)
        pc.match_substring_regex(nothing, pattern=rf"\A(?:{pattern})\z")
    except pa.ArrowInvalid as error:
        cause = str(error).removeprefix("Invalid regular expression: ")
        known = _BEYOND_RE2.search(pattern)
        hint = "" if known is None else " (RE2 has no lookahead, lookbehind or backreferences)"
        return f"the pattern {as_written(pattern)} does not work: {shortened(cause)}{hint}"
    return None
