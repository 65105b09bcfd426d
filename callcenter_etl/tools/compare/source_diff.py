"""Compares the source formats of two contracts: which sources and records are newly refused or rejected.

Reading more records can reject others: a record that was malformed and is now read may be the first with its key, so
that a later record, accepted before, repeats it. And a record that now spans lines absorbs lines that were records.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter_etl.contract.model import FileName
from callcenter_etl.rules.kinds.pattern import is_wider_pattern
from callcenter_etl.tools.compare.direction import (
    Direction,
    asks_about_nothing,
    asks_about_values,
    rejects_repetition,
)
from callcenter_etl.tools.compare.surroundings_diff import changed_types

_ASCII = bytes(range(128))


def source_format(direction: Direction) -> str | None:
    """Return the sources that another format reads differently: all."""
    return f"sources of format {direction.before.source.format}"


def member(direction: Direction) -> str | None:
    """Return the members of archives that another glob leaves out, None where it matches every one."""
    before, after = direction.before.source.member, direction.after.source.member
    if after == "*":
        return None
    which = "the only member of archives" if before is None else f"members of archives that match {before}"
    return f"{which}, if {'there are others' if after is None else f'they do not match {after}'}"


def sheet(direction: Direction) -> str | None:
    """Return the workbooks of which another sheet is read: all."""
    return f"workbooks with the records in sheet {direction.before.source.sheet}"


def delimiter(direction: Direction) -> str | None:
    """Return the sources that another delimiter splits differently: all."""
    return f"sources delimited by {direction.before.source.delimiter!r}"


def quote(direction: Direction) -> str | None:
    """Return the values that another quote character reads differently."""
    mark = direction.before.source.quote
    return "values that hold quotes" if mark is None else f"values quoted with {mark}"


def escape(direction: Direction) -> str | None:
    """Return the values that another escape reads differently."""
    marks = (direction.before.source.escape, direction.after.source.escape)
    return f"values that hold {' or '.join(repr(mark) for mark in marks if mark is not None)}"


def double_quote(direction: Direction) -> str | None:
    """Return the values that are read differently with doubled quotes or without, None where nothing changes."""
    before, after = direction.before.source, direction.after.source
    same = before.doubles_quotes == after.doubles_quotes
    return None if same or before.quote is None else "quoted values that hold a doubled quote"


def skip_initial_space(direction: Direction) -> str | None:
    """Return the values that begin with a space: it belongs to them under one contract alone."""
    return "values that begin with a space"


def trailing_delimiter(direction: Direction) -> str | None:
    """Return what is read differently where records may end in a delimiter, or no longer may."""
    if not direction.after.source.trailing_delimiter:
        return "headers and records that end in a delimiter"
    last = direction.after.columns[-1]
    if "" in (last.name, *last.aliases):  # its name would be taken for the end of the header line
        return "sources of which the last column has no name"
    return _through_more_records(direction, "that end in a delimiter")


def short_records(direction: Direction) -> str | None:
    """Return the records that are malformed without their last fields, or that are read after such records."""
    if direction.after.source.short_records == "malformed":
        return "records with fields missing at the end"
    return _through_more_records(direction, "with fields missing at the end")


def encoding(direction: Direction) -> str | None:
    """Return the sources that another encoding decodes differently; of ASCII only those that repeat keys."""
    before, after = direction.before.source, direction.after.source
    # An encoding that reads the ASCII bytes as ASCII leaves the text of old sources unchanged.
    if before.encoding != "ascii" or _decoded(after.encoding) != _decoded("ascii"):
        return f"sources in {before.encoding}"
    return _through_more_records(direction, "that do not decode as ascii")


def quoting(direction: Direction) -> str | None:
    """Return the records that strict quoting rejects, or that lenient quoting affects by reading more records."""
    if direction.after.source.quoting == "strict":
        return "records with text after a closing quote"
    return _through_more_records(direction, "with text after a closing quote")


def multiline(direction: Direction) -> str | None:
    """Return the records that `multiline` reads differently, None without quotes."""
    if direction.after.source.quote is None and direction.before.source.quote is None:
        return None
    if not direction.after.source.multiline:
        return "records with a line break in a quoted value"
    return "records between two lines with an open quote each, which are read as one value"


def _through_more_records(direction: Direction, which: str) -> str | None:
    if direction.after.source.multiline:
        return f"records after such {which}, if they are read as parts of them"
    if rejects_repetition(direction.after):
        return f"records that repeat the key of such {which}"
    return None


def empty_values(direction: Direction) -> str | None:
    """Return the values for which other rules apply as text or as empty, None if no rule distinguishes them."""
    before, after = (
        # Zero length and white space count as empty under every contract.
        {word for word in each.source.empty_values if word and not word.isspace()}
        for each in (direction.before, direction.after)
    )
    phrases = []
    if before - after and asks_about_values(direction.after):
        phrases.append(f"values {_listed(before - after)} that break a rule as text")
    if after - before and asks_about_nothing(direction.after):
        phrases.append(f"values {_listed(after - before)} that break a rule as empty")
    return ", ".join(phrases) or None


def _listed(words: set[str]) -> str:
    return ", ".join(map(repr, sorted(words)))


def max_bytes(direction: Direction) -> str | None:
    """Return the compressed sources that a lower size limit stops, None if the limit is not lower."""
    before, after = direction.before.source.max_bytes, direction.after.source.max_bytes
    return f"compressed sources of more than {after:,} bytes" if after < before else None


def file_name(key: str, direction: Direction) -> str | None:
    """Return the file names that one rule for the file name newly refuses, None if there are none."""
    before, after = (each.source.filename or FileName() for each in (direction.before, direction.after))
    return _FILE_NAME[key](before, after)


def _name_pattern(before: FileName, after: FileName) -> str | None:
    if after.pattern is None or (before.pattern and is_wider_pattern(before.pattern, after.pattern)):
        return None
    return f"file names that do not match {after.pattern}"


def _name_length(before: FileName, after: FileName) -> str | None:
    if after.length in (None, before.length):
        return None
    return f"file names of other than {after.length} characters"


def _name_extensions(before: FileName, after: FileName) -> str | None:
    # By ending: `.csv` accepts all names that `.tar.csv` accepts.
    if not after.extensions or (
        before.extensions and all(each.endswith(after.extensions) for each in before.extensions)
    ):
        return None
    return f"file names that do not end in {' or '.join(after.extensions)}"


def _name_fields(before: FileName, after: FileName) -> str | None:
    changed = changed_types(before.fields, after.fields)
    return f"file names in which {', '.join(changed)} is of another type" if changed else None


def _decoded(encoding_name: str) -> str | None:
    try:
        return _ASCII.decode(encoding_name)
    except UnicodeDecodeError:
        return None


_FILE_NAME: dict[str, Callable[[FileName, FileName], str | None]] = {
    "pattern": _name_pattern,
    "length": _name_length,
    "extensions": _name_extensions,
    "fields": _name_fields,
}
SOURCE_JUDGES: dict[str, Callable[[Direction], str | None]] = {
    "format": source_format,
    "member": member,
    "sheet": sheet,
    "delimiter": delimiter,
    "quote": quote,
    "encoding": encoding,
    "escape": escape,
    "double_quote": double_quote,
    "skip_initial_space": skip_initial_space,
    "trailing_delimiter": trailing_delimiter,
    "short_records": short_records,
    "quoting": quoting,
    "multiline": multiline,
    "empty_values": empty_values,
    "max_bytes": max_bytes,
}
