"""Scalars of a contract: their source text, and the type that YAML 1.2 resolves it to."""

from __future__ import annotations

import re

# The core schema of YAML 1.2, as ruamel.yaml resolves it, so that NO, 12:30:45 and dates stay text.
# Most scalars begin with another letter, and need no regular expression.
_FIRST_OF_NO_TEXT = frozenset("tTfFnN~+-.0123456789")
_PLAIN = re.compile(
    r"""(?P<bool>true|True|TRUE|false|False|FALSE)
    |(?P<float>[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+
        |[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))
    |(?P<int>[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)
    |(?P<null>~|null|Null|NULL)""",
    re.VERBOSE,
)


class Scalar(str):
    """The source text of a scalar; `tag` is the type that YAML resolves it to (str int float bool null)."""

    __slots__ = ("tag",)
    tag: str

    @classmethod
    def of(cls, text: str, tag: str) -> Scalar:
        """Return a scalar of a text and the tag that YAML resolves it to."""
        scalar = cls(text)
        scalar.tag = tag
        return scalar


def plain_tag(text: str) -> str:
    """Return the type of a plain scalar: str, int, float, bool or null."""
    if not text:
        return "null"
    if text[0] not in _FIRST_OF_NO_TEXT:
        return "str"
    match = _PLAIN.fullmatch(text)
    return "str" if match is None or match.lastgroup is None else match.lastgroup
