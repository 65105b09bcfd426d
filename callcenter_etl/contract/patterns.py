"""Checks that RE2, the engine that matches values in a run, accepts a pattern, and matches single texts with it."""

from __future__ import annotations

import re

from callcenter_etl.contract.quoting import as_written, shortened

_BEYOND_RE2 = re.compile(r"\(\?[=!<]|\\[1-9]")
# A quoted stretch, an escape, a character class (which may hold a bracket or a class of its own), an unnamed group.
_TOKEN = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\((?!\?)", re.DOTALL)


def pattern_fault(pattern: str) -> str | None:
    """Return the fault of a pattern, None if RE2 accepts it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # Not pa.array([None]): for the conversion of its first Python value pyarrow imports pandas.
    nothing = pa.nulls(1, pa.string())
    try:
        # Alone first: `a)|(b` would close the group of the full match and compile with another meaning.
        pc.match_substring_regex(nothing, pattern=pattern)
        pc.match_substring_regex(nothing, pattern=whole(pattern))
    except pa.ArrowInvalid as error:
        cause = str(error).removeprefix("Invalid regular expression: ")
        known = _BEYOND_RE2.search(pattern)
        hint = "" if known is None else " (RE2 has no lookahead, lookbehind or backreferences)"
        return f"the pattern {as_written(pattern)} does not work: {shortened(cause)}{hint}"
    return None


def whole(pattern: str) -> str:
    """Return the pattern of a full match."""
    return rf"\A(?:{pattern})\z"


def group_names(pattern: str) -> tuple[str, ...]:
    """Return the names of the groups of a pattern that RE2 accepts, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = pc.extract_regex(pa.nulls(1, pa.string()), pattern=_named_alone(pattern)).type
    return tuple(field.name for field in kind)


def matched_groups(pattern: str, text: str) -> dict[str, str] | None:
    """Return the text of each named group where the pattern matches the whole text, None where it does not.

    A group that takes no part in the match is an empty text, as RE2 has it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array([text], type=pa.string())
    # Apart from the groups: Arrow's result without any group has no place for a text that does not match.
    if not pc.match_substring_regex(texts, pattern=whole(pattern))[0].as_py():
        return None
    found: dict[str, str] = pc.extract_regex(texts, pattern=whole(_named_alone(pattern)))[0].as_py()
    return found


def _named_alone(pattern: str) -> str:
    """Return the pattern with its unnamed groups as groups without capture, since Arrow refuses to extract them."""
    return _TOKEN.sub(lambda token: "(?:" if token[0] == "(" else token[0], pattern)
