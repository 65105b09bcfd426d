"""Write values as fields of a dialect, so that they are read back unchanged."""

from __future__ import annotations

from collections.abc import Sequence

from callcenter_etl.sources.dialect import Dialect

LINE_BREAKS = ("\r", "\n")


def record_text(values: Sequence[str], dialect: Dialect) -> str:
    """Return a record of these values without a line end; see `can_hold` for values that no field can hold."""
    fields = (field_text(value, dialect, first=not at) for at, value in enumerate(values))
    return dialect.delimiter.join(fields)


def field_text(value: str, dialect: Dialect, *, first: bool) -> str:
    """Return a value as a field, in quotes only where it needs them."""
    comment = first and _begins_comment(value, dialect)
    if value in dialect.verbatim and not comment:
        return value
    spaced = dialect.skip_initial_space and value.startswith(" ") and not first
    quote, escape = dialect.quote, dialect.escape
    if escape is not None:
        value = value.replace(escape, escape * 2)
    # A text with its escapes doubled may be one of the empty values, of which no escape is read.
    needed = spaced or _has_marks(value, dialect) or value in dialect.verbatim
    if quote is not None and (needed or comment or quote in value):
        doubled = quote if dialect.double_quote else escape
        if doubled is not None:
            return quote + value.replace(quote, doubled + quote) + quote
        # A quote that cannot be doubled is text where it does not open the value.
        return quote + value + quote if quote not in value else value
    if escape is None:
        return value
    text = _escaped(value, dialect) if needed else value
    return escape + text if comment and not text.startswith(escape) else text


def _has_marks(value: str, dialect: Dialect) -> bool:
    """Return whether a value has a line break, or a delimiter before its end; that may end in the field's own one."""
    delimiter = dialect.delimiter
    # Of `||` the leftmost occurrence counts: in `|||` the value `|` would be the rest of the next field.
    return (value + delimiter).find(delimiter) < len(value) or any(mark in value for mark in LINE_BREAKS)


def _begins_comment(text: str, dialect: Dialect) -> bool:
    """Return whether a record that begins with this text of a field may be a comment, which no reader has."""
    if dialect.comment is None:
        return False
    # The text of a comment may be longer than that of the first field.
    start = text + dialect.delimiter
    return start.startswith(dialect.comment) or dialect.comment.startswith(start)


def _escaped(value: str, dialect: Dialect) -> str:
    """Return a value that has no quotes to protect it with escapes before all that has a meaning."""
    marks = {*dialect.delimiter, *LINE_BREAKS}
    text = "".join(f"{dialect.escape}{each}" if each in marks else each for each in value)
    # An escape before CR takes the LF with it.
    text = text.replace(f"\r{dialect.escape}\n", "\r\n")
    return f"{dialect.escape}{text}" if text.startswith(" ") and dialect.skip_initial_space else text


def can_hold(value: str, dialect: Dialect, *, first: bool) -> bool:
    """Return whether a field of the dialect can hold a value, line breaks aside."""
    quote = dialect.quote
    if dialect.escape is not None:
        # Without quotes the escape of a CR at the end would take the line end with it.
        if quote is None and value.endswith("\r"):
            return False
        text = field_text(value, dialect, first=first)
        return text == value or text not in dialect.verbatim
    spaced = dialect.skip_initial_space and value.startswith(" ") and not first
    needed = spaced or _has_marks(value, dialect)
    if quote is None:
        return not needed
    return dialect.double_quote or quote not in value or not (needed or value.startswith(quote))
