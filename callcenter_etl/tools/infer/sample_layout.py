"""Detects the layout of the samples: delimiter, quote, header, and options of quoting."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clevercsv.detect import Detector

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import SampleError, UsageError
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.framing import QUOTE
from callcenter_etl.sources.record_scanner import split_fields
from callcenter_etl.tools.infer.likenesses import looks_given, looks_unmistakable
from callcenter_etl.tools.infer.sample_chunks import OnBytes, plain_document, read_chunks
from callcenter_etl.tools.infer.sample_survey import Encoding, Survey

DELIMITERS = ",;\t|"
SNIFFED_CHARACTERS = 2**15  # clevercsv's run time grows faster than the size of its sample
HEADER_ROWS = 1_000
MAX_NAMES_COMPARED = 20  # values below a header cell that are tested for given names
_VALUE_LIKE = re.compile(r"[+-]?[$€£]?[0-9][0-9 .,:/%TZ+-]*(?:[AaPp][Mm])?")
_NO_NAME = re.compile(r"[\W\d_]*")


@dataclass(frozen=True, slots=True)
class SampleLayout:
    """The common layout of all samples; `names` are from the header, or generated if there is none.

    `quoting` has the keys of the contract's source format that describe the quoting.
    """

    encoding: Encoding
    delimiter: str
    quote: str | None
    header: bool
    names: tuple[str, ...]
    quoting: Mapping[str, Any]
    header_evidence: str = ""

    @property
    def source(self) -> dict[str, Any]:
        """The source format with the keys of a contract."""
        return {
            "delimiter": self.delimiter,
            "quote": self.quote,
            "encoding": self.encoding.name,
            "header": "exact" if self.header else "none",
            **self.quoting,
        }

    def columns(self) -> list[dict[str, Any]]:
        """Return the names of the columns as in a contract; several empty header cells get names with an alias."""
        if not self.header:
            return [{"name": name} for name in self.names]
        empty = self.names.count("")
        return [
            {"name": f"column_{place}", "aliases": [""]} if not name and empty > 1 else {"name": name}
            for place, name in enumerate(self.names, start=1)
        ]

    def document(self) -> ContractDocument:
        """Return the layout as a contract without rules."""
        return plain_document(self.columns(), self.source)


def layout_of(
    surveys: Sequence[Survey],
    encoding: Encoding,
    *,
    delimiter: str | None,
    header: bool | None,
    on_bytes: OnBytes,
) -> SampleLayout:
    """Return the layout of the samples; a given `delimiter` or `header` is not guessed.

    Raises SampleError if there is no layout, UsageError if the samples have different headers.
    """
    heads = [_head_text(each, encoding) for each in surveys]
    delimiter, quote = _sniffed(heads[0], delimiter)
    first = _first_record(heads[0], delimiter, quote)
    numbered = tuple(f"column_{place}" for place in range(1, len(first) + 1))
    layout = SampleLayout(encoding, delimiter, quote, header=False, names=numbered, quoting={})
    layout = replace(layout, **_quoting(surveys, layout, on_bytes))
    header, evidence = _has_header(surveys[0].uri, layout) if header is None else (header, "as was asked for")
    if header:
        _check_names(surveys, heads, first, layout)
    return replace(layout, header=header, names=first if header else numbered, header_evidence=evidence)


def _head_text(survey: Survey, encoding: Encoding) -> str:
    """Return the decoded start of a sample, without a byte order mark and an incomplete last line."""
    # An incremental decoder keeps back a character that is cut at the end of the head.
    decoder = codecs.getincrementaldecoder(encoding.name)(errors="replace")
    text = decoder.decode(bytes(survey.head)).removeprefix("\ufeff").lstrip("\r\n")
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if len(survey.head) > len(text) and end > 0 else text


def _sniffed(head: str, delimiter: str | None) -> tuple[str, str | None]:
    detector = Detector()
    sample = head[:SNIFFED_CHARACTERS].replace("\0", " ")  # clevercsv stops at a NUL
    cut = sample.rfind("\n") + 1
    found = detector.detect(sample[:cut] if cut else sample, delimiters=delimiter or DELIMITERS)
    if found is None:
        return delimiter or ",", '"'
    # clevercsv returns an empty text for a quote or delimiter that does not occur.
    return delimiter or found.delimiter or ",", found.quotechar or '"'


def _first_record(head: str, delimiter: str, quote: str | None) -> tuple[str, ...]:
    lines = head.splitlines() or [""]
    record, rest = lines[0], lines[1:]
    # A name with a line break: an odd number of quotes opens a value that a later line closes.
    joined = record
    for line in rest if quote is not None and record.count(quote) % 2 else ():
        joined += "\n" + line
        if joined.count(quote or "") % 2 == 0:
            record = joined
            break
    return tuple(split_fields(record, Dialect(delimiter=delimiter, quote=quote)))


def _quoting(surveys: Sequence[Survey], layout: SampleLayout, on_bytes: OnBytes) -> dict[str, Any]:
    """Return the quoting options with the most well-formed records, then with the fewest malformed ones.

    The fewest malformed records alone would be misleading: with `multiline`, a stray quote joins lines, so that there
    are fewer records of both kinds. Samples without quotes are not read for this.
    """
    if not any(each.quotes for each in surveys):
        return {}
    best: dict[str, Any] = {"quoting": {}}
    most: tuple[int, int] | None = None
    for change in _VARIANTS:
        tally = _tally(surveys, replace(layout, **change), on_bytes)
        # Of equal variants the first is kept, which deviates least from the defaults.
        if most is None or (tally.sound, -tally.malformed) > most:
            most, best = (tally.sound, -tally.malformed), change
            # Other variants only change how quotes are read, and cannot remove other faults.
            if not tally.malformed or (not tally.by_quotes and "quote" not in change):
                break
    return best


_VARIANTS: tuple[dict[str, Any], ...] = (
    {"quoting": {}},
    {"quoting": {"multiline": True}},
    {"quoting": {"quoting": "lenient"}},
    {"quoting": {}, "quote": None},
    {"quoting": {"quoting": "lenient", "multiline": True}},
)


@dataclass(slots=True)
class _Tally:
    """The numbers of well-formed records, of malformed ones, and of those malformed by their quotes."""

    sound: int = 0
    malformed: int = 0
    by_quotes: int = 0


def _tally(surveys: Sequence[Survey], layout: SampleLayout, on_bytes: OnBytes) -> _Tally:
    tally = _Tally()
    for each in surveys:
        for chunk in read_chunks(each.uri, layout.document(), max_records=None, on_bytes=on_bytes):
            if chunk.piece is not None:  # no evidence of how the other records are written
                continue
            tally.sound += len(chunk.sound)
            tally.malformed += len(chunk.malformed)
            tally.by_quotes += sum(m.status == QUOTE for m in chunk.malformed)
    return tally


def _has_header(uri: str, layout: SampleLayout) -> tuple[bool, str]:
    """Return whether the first record is a header, and the evidence: its cells are names and the values below are not."""
    chunks = read_chunks(uri, layout.document(), max_records=HEADER_ROWS, on_bytes=lambda *_: None)
    sound = next(chunks, None)
    if sound is None or not len(sound.sound) or sound.sound[0] != 0:
        return True, "the first record is no sound one"
    columns = [values.to_pylist() for values in sound.values]
    cells = [values[0].strip() for values in columns]
    votes = [
        _vote(cell, [value.strip() for value in values[1:]])
        for cell, values in zip(cells, columns, strict=True)
    ]
    speaking = sum(votes)
    if speaking > 0:
        return True, f"{votes.count(1)} of {len(votes)} names stand over values of another kind"
    filled = [cell for cell in cells if cell]
    named = bool(filled) and len(set(filled)) == len(filled)
    if speaking == 0 and named and all(not _VALUE_LIKE.fullmatch(cell) for cell in filled):
        return True, "the first record's values are all different and stand in no other record"
    return False, "the first record holds values like the others"


def _vote(cell: str, below: list[str]) -> int:
    """Return 1 if the cell is a name above values, -1 if it is a value like those below, else 0."""
    filled = [value for value in below[: HEADER_ROWS - 1] if value]
    if not filled:
        return 0
    values = sum(_VALUE_LIKE.fullmatch(value) is not None for value in filled) * 2 > len(filled)
    if _VALUE_LIKE.fullmatch(cell):
        return -1 if values else 0
    if looks_unmistakable([cell]) is not None:  # an e-mail address, for example, is never a column name
        return -1
    if cell in filled or looks_given([cell, *filled[:MAX_NAMES_COMPARED]]):
        return -1
    return 1 if values and cell and _NO_NAME.fullmatch(cell) is None else 0


def _check_names(
    surveys: Sequence[Survey], heads: Sequence[str], first: tuple[str, ...], layout: SampleLayout
) -> None:
    for survey, head in zip(surveys[1:], heads[1:], strict=True):
        names = _first_record(head, layout.delimiter, layout.quote)
        if names != first:
            raise UsageError(
                f"{surveys[0].uri} and {survey.uri} have different headers: {_difference(first, names)}"
                " (infer a contract from each)"
            )
    for place, name in enumerate(first):
        if name and name in first[:place]:
            places = f"{first.index(name) + 1} and {place + 1}"
            raise SampleError(
                f"{surveys[0].uri}: column {name!r} stands at positions {places} of the header,"
                " and a contract names each column once (rename one of them)"
            )


def _difference(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} columns"
    place = next(place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    return f"column {place + 1} is {_cell(one[place])} in the one and {_cell(other[place])} in the other"


def _cell(cell: str) -> str:
    """Return a header cell for a message, masked if it looks personal: a sample without a header has values there."""
    personal = looks_unmistakable([cell]) is not None or looks_given([cell])
    return "a value that looks personal" if personal else repr(cell)
