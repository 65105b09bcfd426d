"""Finds rejected lines that are not records: a repeated header, a line of types or totals, a comment, an end-of-file mark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.tools.explain.broken_values import Cluster
from callcenter_etl.tools.explain.published_rejects import Rejects
from callcenter_etl.tools.explain.remedies import Indices

# CP/M and DOS programs end a text file with this character.
END_OF_FILE = "\x1a"
_TYPE = re.compile(
    r"(?:n?(?:var)?char|string|text|(?:tiny|small|medium|big)?int(?:eger)?|u?int[0-9]*|serial|float[0-9]*|double(?: precision)?"
    r"|real|dec(?:imal)?|number|numeric|money|bool(?:ean)?|bit|date|time|datetime[0-9]*|timestamp(?:tz)?|interval|uuid|n?clob|blob)"
    r"(?: ?\([0-9]+(?:, ?[0-9]+)?\))?",
    re.IGNORECASE,
)

_TOTALS = re.compile(
    r"[\s\"']*(?:(?:grand|overall|sub)[ -]?)?(?:totals?|summe|gesamt|insgesamt|suma|somme|sum|trailer"
    r"|end of (?:file|report)|(?:rows?|records?|lines?|count)\s*[:=]|[0-9]+ (?:rows?|records?|lines?)\b)(?![A-Za-z_])",
    re.IGNORECASE,
)


def line_clusters(rejects: Rejects, document: ContractDocument) -> Iterator[Cluster]:
    """Yield the rejected lines that are not records, one cluster for each kind; a line is in at most one."""
    if not len(rejects):
        return
    for find, what, hint in (
        (_repeated_headers, "the header is repeated", "were files joined? leave out the headers but the first"),
        (_type_lines, "the line holds the types of the columns", "declare source.after_header"),
        (_totals, "the last rejected line looks like totals", "declare source.footer, so that the totals are compared and a file that is cut short shows"),
        (_comments, "lines that begin with # look like comments", 'declare source.comment: "#"'),
        (_end_of_file_marks, "the line holds the end-of-file mark 0x1A (Ctrl-Z) of DOS alone", "ask the sender to leave it out"),
    ):  # fmt: skip
        records = np.flatnonzero(find(rejects, document))
        if len(records):
            yield Cluster(rejects.first_rule(int(records[0])), records, what, hint=hint)


def _repeated_headers(rejects: Rejects, document: ContractDocument) -> Mask:
    found: Mask = np.full(len(rejects), document.source.header != "none")
    for name, values in zip(rejects.layout.names, rejects.values, strict=True):
        found &= as_mask(pc.equal(values, name))
    return found


def _type_lines(rejects: Rejects, _: ContractDocument) -> Mask:
    found: Mask = np.zeros(len(rejects), dtype=bool)
    first = int(rejects.lines.argmin())  # such a line follows the header
    values = [column[first].as_py() for column in rejects.values]
    filled = [value for value in values if value]
    # One word alone, such as `text` or `date`, may be a value.
    found[first] = len(filled) > 1 and all(_TYPE.fullmatch(value.strip()) for value in filled)
    return found


def _totals(rejects: Rejects, document: ContractDocument) -> Mask:
    found: Mask = np.zeros(len(rejects), dtype=bool)
    last = int(rejects.lines.argmax())
    # A declared footer that does not match has a problem of its own.
    if document.source.footer is None and rejects.lines[last] > 1:
        found[last] = _TOTALS.match(_line_starts(rejects)[last].as_py()) is not None
    return found


def _comments(rejects: Rejects, document: ContractDocument) -> Mask:
    if document.source.comment is not None:
        return np.zeros(len(rejects), dtype=bool)
    # A first value such as #12 may be a number with a sign of its own.
    malformed = as_mask(pc.starts_with(rejects.raws, "#"))
    return malformed | as_mask(pc.starts_with(rejects.values[0], "# "))


def _line_starts(rejects: Rejects) -> pa.StringArray:
    """Return the text at the start of each line: all of a malformed one, else the first value."""
    return pc.if_else(pc.equal(rejects.raws, ""), rejects.values[0], rejects.raws)


def _end_of_file_marks(rejects: Rejects, _: ContractDocument) -> Mask:
    alone = as_mask(pc.equal(rejects.raws, END_OF_FILE))
    # With one column such a line is a well-formed record, so that `reject_raw` is empty.
    if len(rejects.values) == 1:
        alone |= as_mask(pc.equal(rejects.values[0], END_OF_FILE))
    return alone


def without_records(cluster: Cluster, records: Indices) -> Cluster | None:
    """Return a cluster without some records, None if none are left."""
    kept = np.setdiff1d(cluster.records, records)
    if len(kept) == len(cluster.records):
        return cluster
    return replace(cluster, records=kept) if len(kept) else None
