"""Names of the encodings in which files of records are written."""

from __future__ import annotations

import codecs

from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.suggestions import did_you_mean

# Python counts these among the text encodings, but no file of records is written in them.
_NO_TEXT_CODECS = ("unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined")


def text_codec(value: str) -> str:
    """Return the name of an encoding as Python has it. Raises ValueError for one that is not of text files."""
    try:
        info = codecs.lookup(value)
    except (LookupError, ValueError):
        known = (
            "utf-8",
            "utf-16",
            "latin-1",
            "cp1252",
            "cp1254",
            "iso8859-15",
            "shift_jis",
            "gb18030",
            "big5",
        )
        raise ValueError(f"unknown encoding {quoted(value)}{did_you_mean(value, known)}") from None
    # Only this private attribute separates codecs of text from those of bytes, such as base64.
    if not getattr(info, "_is_text_encoding", True) or info.name.replace("-", "_") in _NO_TEXT_CODECS:
        raise ValueError(f"{quoted(value)} is no encoding of text files (utf-8 or cp1252, say)")
    # A BOM is dropped in any case, so both names are the same encoding.
    return "utf-8" if info.name in ("utf-8-sig", "utf-8") else info.name
