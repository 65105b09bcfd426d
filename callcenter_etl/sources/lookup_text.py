"""Read the values of columns of a lookup file: comma-separated UTF-8 with a header line, unless declared otherwise."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from callcenter_etl.contract.lookup_keys import LookupSource
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.sources.content_sniffing import HEAD_BYTES, not_delimited
from callcenter_etl.store.compression import SUFFIXES

_FORM = "lookups are comma-separated UTF-8 with a header line"
_OTHER_DELIMITERS = (";", "\t", "|")
# The longer byte order marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


class LookupFormatError(ValueError):
    """A file that cannot be a lookup; the message says why, and which form is expected."""


class NoColumnError(LookupFormatError):
    """A readable lookup file without the column, or with several columns of that name."""


def lookup_rows(data: bytes, columns: Sequence[str], source: LookupSource) -> list[tuple[str, ...]]:
    """Return the distinct values of columns, row by row, in the order of the file.

    Raises LookupFormatError with the cause where the file is in another form.
    """
    form = _form(source)
    text = io.StringIO(_decoded(data, source, form), newline="")
    quoting: Any = csv.QUOTE_MINIMAL if source.quote is not None else csv.QUOTE_NONE
    reader = csv.reader(
        text, strict=True, delimiter=source.delimiter, quotechar=source.quote, quoting=quoting
    )
    try:
        header = next(reader, [])
        places = [_place(header, column, source, form) for column in columns]
        rows = _sound_rows(reader, len(header))
        return list(dict.fromkeys(tuple(row[place] for place in places) for row in rows))
    except csv.Error as error:
        raise LookupFormatError(f"line {reader.line_num:,}: {error} ({form})") from error


def _form(source: LookupSource) -> str:
    if source == LookupSource():
        return _FORM
    return f"declared are the delimiter {source.delimiter!r} and the encoding {source.encoding}, with a header line"


def _decoded(data: bytes, source: LookupSource, form: str) -> str:
    if not data.strip():
        raise LookupFormatError(f"the file is empty ({form})")
    for kind, magic, _ in SUFFIXES.values():
        if data.startswith(magic) and not data.isascii():
            raise LookupFormatError(f"the file is {kind} data (decompress it: {form})")
    if source.encoding == "utf-8":
        return _decoded_utf8(data, form)
    try:
        text = data.decode(source.encoding)
    except UnicodeError as error:
        raise LookupFormatError(f"the file is not {source.encoding}: {error} ({form})") from error
    _refuse_other_files(text[:HEAD_BYTES].encode("utf-8", "replace"), form)
    return text.removeprefix("\ufeff")


def _decoded_utf8(data: bytes, form: str) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    # Without a byte order mark, a NUL next to the first letter shows UTF-16 or UTF-32: no column name begins with one.
    if encoding is None and b"\0" in (data[:1], data[1:2]):
        encoding = "UTF-16 or UTF-32"
    if encoding is not None:
        raise LookupFormatError(f"the file is {encoding} (save it as UTF-8: {form})")
    _refuse_other_files(data[:HEAD_BYTES], form)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LookupFormatError(
            f"line {line:,}: byte 0x{data[error.start]:02X} at offset {error.start:,} is not UTF-8"
            f" (save the file as UTF-8, it may be cp1252: {form})"
        ) from error


def _refuse_other_files(head: bytes, form: str) -> None:
    other = not_delimited(head, text=True)
    if other is not None:
        raise LookupFormatError(f"{other.replace('the source', 'the file')}; {form}")


def _place(header: list[str], column: str, source: LookupSource, form: str) -> int:
    places = [position for position, name in enumerate(header) if name == column]
    if len(places) == 1:
        return places[0]
    if places:
        shown = ", ".join(str(place + 1) for place in places)
        raise NoColumnError(f"the column {quoted(column)} occurs {len(places)} times, at positions {shown}")
    if not header:
        raise LookupFormatError(f"the first line is blank, the header is expected there ({form})")
    delimiter = _other_delimiter(header, column) if source.delimiter == "," else None
    if delimiter is not None:
        advice = f"source: {{delimiter: {delimiter!r}}}".replace("'\\t'", '"\\t"')
        raise LookupFormatError(f"the file is separated by {delimiter!r}; {form} (or declare {advice})")
    raise NoColumnError(f"there is no column {quoted(column)}{did_you_mean(column, header)}")


def _other_delimiter(header: list[str], column: str) -> str | None:
    """Return the delimiter of a header that is not separated by commas, None where no other delimiter fits."""
    line = ",".join(header)
    found = [each for each in _OTHER_DELIMITERS if each in line]
    named = next((each for each in found if column in _split(line, each)), None)
    return named or (found[0] if found and len(header) == 1 else None)


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _sound_rows(rows: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """Yield the rows. Raises LookupFormatError after the last one where some have another number of fields."""
    # Where a field is missing or too many, the column's position may hold the value of another column, which would
    # then be accepted as a value of the lookup. All rows are read first, so that the message can count them.
    ragged, first = 0, ""
    for number, row in enumerate(rows, start=2):
        if len(row) == width:
            yield row
        elif row:  # a blank line is no row
            first = first or f"row {number:,} with {len(row):,}"
            ragged += 1
    if ragged:
        what = "1 row has" if ragged == 1 else f"{ragged:,} rows have"
        raise LookupFormatError(
            f"{what} another number of fields than the header ({width:,}), the first is {first}"
        )
