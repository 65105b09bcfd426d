"""Checks patterns against RE2, the engine that judges values by them."""

from __future__ import annotations

import re

from callcenter_etl.contract.quoting import as_written, shortened

_BEYOND_RE2 = re.compile(r"\(\?[=!<]|\\[1-9]")


def pattern_fault(pattern: str) -> str | None:
    """Return what is wrong with a pattern, None where RE2 takes it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing = pa.nulls(1, pa.string())  # no value made from Python: for the first one pyarrow imports pandas
    try:
        # Alone first: `a)|(b` closes the group of the full match, and then means something else.
        pc.match_substring_regex(nothing, pattern=pattern)
        pc.match_substring_regex(nothing, pattern=rf"\A(?:{pattern})\z")
    except pa.ArrowInvalid as error:
        cause = str(error).removeprefix("Invalid regular expression: ")
        known = _BEYOND_RE2.search(pattern)
        hint = "" if known is None else " (RE2 has no lookahead, lookbehind or backreferences)"
        return f"the pattern {as_written(pattern)} does not work: {shortened(cause)}{hint}"
    return None
