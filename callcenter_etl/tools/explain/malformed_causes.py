"""Groups malformed records by the fault in their text, and tries source formats that could read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.fixed_width import spans_of
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import texts_by_name
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.rules.masks import as_mask
from callcenter_etl.sources.blocks import LineBlock
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.source_formats import source_format
from callcenter_etl.tools.explain.broken_values import Cluster
from callcenter_etl.tools.explain.published_rejects import Rejects
from callcenter_etl.tools.explain.remedies import (
    EXACT,
    MAYBE,
    UPPER_BOUND,
    Indices,
    Judge,
    Remedy,
    change_source,
)

_FOUND = r"\A(?P<found>[0-9,]+) (?:field|character)"
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_OTHER_DELIMITERS = ("\t", ";", ",", "|")
_OTHER_ENCODING = "cp1252"
_MAX_KINDS = 4


def structural_clusters(rejects: Rejects, document: ContractDocument) -> Iterator[Cluster]:
    """Group the malformed records."""
    for rule in STRUCTURAL_RULES.values():
        records = np.flatnonzero(rejects.broke(rule))
        if len(records):
            yield from _KINDS[rule](rule, records, rejects, document)


def structural_recovery(cluster: Cluster, remedy: Remedy, rejects: Rejects, judge: Judge) -> int | None:
    """Count the malformed records that a changed source format would read without a broken rule."""
    document = remedy.document
    validator = judge.validator(document)
    if validator is None:
        return None
    # A record of several lines would shift the lines after it, so it is left out.
    single = ~as_mask(
        pc.match_substring_regex(rejects.raws.take(pa.array(cluster.records)), pattern=r"[\r\n]")
    )
    cluster = replace(cluster, records=cluster.records[single])
    texts = rejects.raws.take(pa.array(cluster.records)).to_pylist()
    raw = "\n".join(texts).encode("utf-8", "surrogatepass")
    if document.source.encoding == _OTHER_ENCODING:
        # `reject_raw` has undecodable bytes as \xNN; the other encoding may read the original ones.
        raw = _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), raw)
    shape = source_format(document).records(rejects.layout.fields, None)
    # Lines are counted from 0 here, so that the line of a record is its index in the cluster.
    parsed = LineBlock(raw, first_line=0, offset=0, format=shape).parse()
    return sum(_recovered(chunk, cluster, rejects, judge, validator) for chunk in parsed.chunks)


def _recovered(chunk: Chunk, cluster: Cluster, rejects: Rejects, judge: Judge, validator: Validator) -> int:
    """Count the lines of the records in a chunk that are accepted now."""
    document = validator.document
    values = texts_by_name(rejects.layout, chunk.values, records=len(chunk.sound))
    columns = judge.columns(document, values, chunk.sound_lines)
    # Malformed records took no part in uniqueness, so none is known to repeat a key.
    none = {rule.id: np.full(len(columns), -1, dtype=np.int64) for rule in validator.rules if rule.key}
    columns = replace(columns, first_lines=none)
    kept = ~validator.judge(columns).rejected & _whole_in_the_source(chunk, cluster, rejects)
    # In lines, because the run rejected each line of a joined record by itself.
    return int(chunk.line_counts[chunk.sound][kept].sum())


def _whole_in_the_source(chunk: Chunk, cluster: Cluster, rejects: Rejects) -> np.ndarray:
    """Return which sound records consist of lines that are consecutive in the source too."""
    lines = rejects.lines[cluster.records]
    first = chunk.sound_lines
    last = first + chunk.line_counts[chunk.sound] - 1
    return np.asarray(lines[last] - lines[first] == last - first)


def _fields(rule: str, records: Indices, rejects: Rejects, document: ContractDocument) -> Iterator[Cluster]:
    expected, delimiter = rejects.layout.fields, document.source.delimiter
    for cluster in _misquoted(rule, records, rejects, document):
        yield cluster
        records = np.setdiff1d(records, cluster.records)
    raws = rejects.raws.take(pa.array(records))
    for other in _OTHER_DELIMITERS:
        if other != delimiter and expected > 1:
            mask = as_mask(pc.equal(pc.count_substring(raws, pattern=other), expected - 1))
            if mask.any():
                yield Cluster(
                    rule, records[mask], f"fields are separated by {other!r} instead of {delimiter!r}"
                )
                records, raws = records[~mask], raws.filter(pa.array(~mask))
    for found, mask in _by_found(rejects, records):
        at_end = bool(as_mask(pc.ends_with(raws.filter(pa.array(mask)), delimiter)).all())
        what = f"{found} {'field' if found == 1 else 'fields'} instead of {expected}"
        remedy = _other_number(document, found, expected, at_end=at_end)
        yield Cluster(rule, records[mask], what, remedy, otherwise=_fields_hint(found, expected))


def _other_number(document: ContractDocument, found: int, expected: int, *, at_end: bool) -> Remedy | None:
    """Return the key with which records of another number of fields are read, None where there is none."""
    sure = _sure(document)
    if found == expected + 1 and at_end and not document.source.trailing_delimiter:
        return change_source(document, "`trailing_delimiter: true`", sure=sure, trailing_delimiter=True)
    # A single field is rather a note or a total than a record without its last fields.
    if 1 < found < expected and document.source.short_records == "malformed":
        return change_source(document, "`short_records: empty`", sure=sure, short_records="empty")
    return None


def _misquoted(
    rule: str, records: Indices, rejects: Rejects, document: ContractDocument
) -> Iterator[Cluster]:
    """Yield uses of quotes that another dialect may read, and wrong ones that `multiline` would join."""
    quote = document.source.quote
    if quote is None:
        return
    sure = _sure(document)
    mark, delimiter = re.escape(quote), re.escape(document.source.delimiter)
    escaped = change_source(document, "`escape: '\\'`", sure=sure, escape="\\")
    spaced = change_source(document, "`skip_initial_space: true`", sure=sure, skip_initial_space=True)
    ways = (
        (document.source.escape is None, rf"\\(?:{mark}|{delimiter})", "quotes or delimiters are escaped with backslashes", escaped, f"ask the sender to double quotes inside values ({quote * 2})"),
        (True, rf"\A{mark}[^{mark}]*{delimiter}[^{mark}]*(?:{mark}{mark}[^{mark}]*{mark}{mark}[^{mark}]*)*{mark}\z", "the whole line is in quotes", None, "ask the sender to quote values, not lines: the file was exported as one column"),
        (not document.source.skip_initial_space, rf"{delimiter} +{mark}", "a space comes before a quote, which then opens no quoted value", spaced, "ask the sender to leave out spaces after delimiters"),
    )  # fmt: skip
    for applies, pattern, what, remedy, hint in ways:
        found = as_mask(pc.match_substring_regex(rejects.raws.take(pa.array(records)), pattern=pattern))
        if applies and found.any():
            yield Cluster(rule, records[found], what, remedy, hint)
            records = records[~found]


def _sure(document: ContractDocument) -> str:
    """Return how certain the number of recovered records is: a record that is read may repeat a key."""
    return UPPER_BOUND if any(rule.key for rule in compile_rules(document)) else EXACT


def _found(rejects: Rejects, records: Indices) -> Indices:
    groups = pc.extract_regex(rejects.reasons.take(pa.array(records)), pattern=_FOUND)
    digits = pc.replace_substring(pc.fill_null(groups.field("found"), "0"), pattern=",", replacement="")
    found = pc.cast(digits, pa.int64())
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _by_found(rejects: Rejects, records: Indices) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the numbers that were found most often, each with the mask of its records."""
    counts = _found(rejects, records)
    numbers, sizes = np.unique(counts, return_counts=True)
    for found in numbers[np.argsort(-sizes, kind="stable")][:_MAX_KINDS].tolist():
        yield found, counts == found


def _width(rule: str, records: Indices, rejects: Rejects, document: ContractDocument) -> Iterator[Cluster]:
    expected = max(span.stop for span in spans_of(document.columns))
    for found, mask in _by_found(rejects, records):
        what = f"{found:,} {'character' if found == 1 else 'characters'} instead of {expected:,}"
        if found > expected:
            hint = "the columns declare fewer characters than the file has?"
            yield Cluster(rule, records[mask], what, hint=hint)
            continue
        remedy = change_source(
            document, "`short_records: empty`", sure=_sure(document), short_records="empty"
        )
        yield Cluster(rule, records[mask], f"{what} (without the padding at the end?)", remedy)


def _fields_hint(found: int, expected: int) -> str:
    if found == 1:
        return "a note, a total or a line that was cut?"
    if found > expected:
        return "a value with a delimiter and no quotes around it?"
    return "cut short, or broken over lines?"


def _quote(rule: str, records: Indices, rejects: Rejects, document: ContractDocument) -> Iterator[Cluster]:
    for cluster in _misquoted(rule, records, rejects, document):
        yield cluster
        records = np.setdiff1d(records, cluster.records)
    reasons = rejects.reasons.take(pa.array(records))
    after = as_mask(pc.starts_with(reasons, "there is text after"))
    if after.any():
        remedy = change_source(document, "`quoting: lenient`", sure=_sure(document), quoting="lenient")
        yield Cluster(rule, records[after], "text stands after a closing quote", remedy)
    opened = records[~after]
    if len(opened) and not document.source.multiline:
        if rejects.step == 1:  # otherwise the lines of a broken record are not consecutive
            remedy = change_source(document, "`multiline: true`", sure=MAYBE, multiline=True)
            # The lines after an open quote are read as records of their own, usually with too few fields.
            others = np.flatnonzero(rejects.broke(STRUCTURAL_RULES[4]))
            yield Cluster(
                rule, _with_followers(opened, others, rejects), _OPEN + " (with the lines after it)", remedy
            )
            return
        yield Cluster(rule, opened, _OPEN, hint="declare `multiline: true` if values may hold line breaks")
    elif len(opened):
        yield Cluster(rule, opened, "a quote is opened that nothing closes")


_OPEN = "a quote is still open at the end of the line"


def _with_followers(opened: Indices, others: Indices, rejects: Rejects) -> Indices:
    """Add the malformed lines that follow an open quote without a gap."""
    candidates = np.union1d(opened, others)
    lines = rejects.lines[candidates]
    opens = np.isin(candidates, opened)
    neighbours = np.concatenate(([False], np.diff(lines) == 1))
    stretch = np.cumsum(~neighbours)
    first_of_stretch = np.flatnonzero(~neighbours)[stretch - 1]
    opens_before = np.cumsum(opens)
    return np.asarray(candidates[opens_before > opens_before[first_of_stretch] - opens[first_of_stretch]])


def _encoding(rule: str, records: Indices, rejects: Rejects, document: ContractDocument) -> Iterator[Cluster]:
    what = f"bytes that are no {document.source.encoding}"
    if document.source.encoding != "utf-8":
        yield Cluster(rule, records, what)
        return
    remedy = change_source(document, f"`encoding: {_OTHER_ENCODING}`", sure=MAYBE, encoding=_OTHER_ENCODING)
    yield Cluster(rule, records, what, remedy)


def _too_long(rule: str, records: Indices, rejects: Rejects, document: ContractDocument) -> Iterator[Cluster]:
    yield Cluster(rule, records, "a record is too long to be one", hint="is it a text file with line ends?")


_KINDS = {
    "record.too_long": _too_long,
    "record.quote": _quote,
    "record.encoding": _encoding,
    "record.fields": _fields,
    "record.width": _width,
}
