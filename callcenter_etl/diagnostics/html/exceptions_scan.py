"""Goes over published exceptions, a block at a time: where they stand, and the first few of each rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.model import Column, ContractDocument, SourceFormat
from callcenter_etl.contract.names import REJECT_COLUMNS
from callcenter_etl.contract.run_defaults import RunDefaults
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError
from callcenter_etl.run.summary import OutputFile
from callcenter_etl.sources.framing import QUOTE, STRUCTURAL_RULES
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.store.uris import base_name
from callcenter_etl.writers.csv_injection import unescape
from callcenter_etl.writers.part_folder import folder_sha256

MAX_STRETCHES = 100
EXAMPLES_A_RULE = 3
MALFORMED_SHOWN = 10
JOINED = "; "
_QUOTE_RULE = STRUCTURAL_RULES[QUOTE]


@dataclass(frozen=True, slots=True)
class ScannedReject:
    """One exception: its line and the source's values by position; for a malformed one its reason and text."""

    line: int
    rule: str
    values: tuple[str, ...] = ()
    reason: str = ""
    raw: str = ""


@dataclass(slots=True)
class Findings:
    """What the exceptions tell: counts by stretch of `width` lines, and the first records of each rule.

    `open_quote` is the line of the first malformed record with an odd number of quotes; `passed_over` counts
    exceptions too long to be looked at.
    """

    width: int
    rejected: NDArray[np.int64]
    names: tuple[str, ...] = ()
    by_rule: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    examples: dict[str, list[ScannedReject]] = field(default_factory=dict)
    malformed: list[ScannedReject] = field(default_factory=list)
    open_quote: int | None = None
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """Published exceptions, one file or its parts: where they are, what they must be, and how they were written."""

    uris: Sequence[str]
    file: OutputFile
    storage: StorageOptions
    excel_safe: bool


def examine(published: Published, *, lines: int, rules: Sequence[str]) -> Findings:
    """Read the exceptions once, at constant memory. `lines` are the source's, `rules` the ids that the contract declares.

    Raises SourceError when they cannot be read, or are not those of the run.
    """
    width = max(1, -(-lines // MAX_STRETCHES))
    findings = Findings(width, np.zeros(max(1, -(-lines // width)), dtype=np.int64))
    whole, known = published.file, frozenset(rules)
    if whole.parts is not None and len(published.uris) != whole.parts:
        raise _replaced()
    hashes = [(base_name(uri), _read(findings, uri, published, known)) for uri in published.uris]
    if (hashes[0][1] if whole.parts is None else folder_sha256(hashes)) != whole.sha256:
        raise _replaced()
    return findings


def _read(findings: Findings, uri: str, published: Published, known: frozenset[str]) -> str:
    """Go over one file; give its hash."""
    with open_source(uri, _document(published.storage)) as reader:
        if published.file.parts is None and reader.size not in (None, published.file.bytes):
            raise _replaced()
        layout = reader.open().layout
        names = [unescape(name) if published.excel_safe else name for name in layout.names]
        if tuple(names[-len(REJECT_COLUMNS) :]) != REJECT_COLUMNS:
            raise SourceError("the exceptions have another header than a run writes")
        findings.names = tuple(names[: -len(REJECT_COLUMNS)])
        for chunk in reader.chunks():
            findings.passed_over += len(chunk.malformed)
            _add(findings, chunk.values, known, excel_safe=published.excel_safe)
        return reader.sha256


def _replaced() -> SourceError:
    return SourceError("the exceptions were replaced since this run")


def _document(storage: StorageOptions) -> ContractDocument:
    """Return a contract of exception files, whatever their columns: only how they are written counts."""
    return ContractDocument(
        contract="exceptions",
        source=SourceFormat(multiline=True, header="by_name"),
        columns=(Column(name=REJECT_COLUMNS[0]),),
        run=RunDefaults(storage_options=storage),
    )


def _add(
    findings: Findings, values: tuple[pa.StringArray, ...], known: frozenset[str], *, excel_safe: bool
) -> None:
    if not len(values[0]):
        return
    line_column, rule_column = len(findings.names), len(findings.names) + 1
    lines = pc.cast(values[line_column], pa.int64()).to_numpy(zero_copy_only=False)
    stretches = np.minimum((lines - 1) // findings.width, len(findings.rejected) - 1)
    findings.rejected += _counted(findings, stretches)
    encoded = pc.dictionary_encode(values[rule_column])
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    joined = [unescape(each) if excel_safe else each for each in encoded.dictionary.to_pylist()]
    for rule, members in _members(joined, known).items():
        broken = members[codes]
        counts = findings.by_rule.setdefault(rule, np.zeros_like(findings.rejected))
        counts += _counted(findings, stretches[broken])
        at = np.flatnonzero(broken)
        take = _Taker(values, lines, rule, excel_safe=excel_safe)
        kept = findings.examples.setdefault(rule, [])
        kept.extend(take(at[: EXAMPLES_A_RULE - len(kept)]))
        if rule in STRUCTURAL_RULES.values() and rule not in known:
            findings.malformed.extend(take(at[:MALFORMED_SHOWN]))
            if rule == _QUOTE_RULE and findings.open_quote is None:
                findings.open_quote = _open_quote(values[-1], lines, at)
    findings.malformed = sorted(findings.malformed, key=lambda found: found.line)[:MALFORMED_SHOWN]


def _counted(findings: Findings, stretches: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(stretches, minlength=len(findings.rejected)).astype(np.int64)


def _members(joined: Sequence[str], known: frozenset[str]) -> Mapping[str, NDArray[np.bool_]]:
    """Return for each rule which of the distinct texts of `reject_rules` name it."""
    members: dict[str, NDArray[np.bool_]] = {}
    for index, text in enumerate(joined):
        for rule in split_rules(text, known):
            members.setdefault(rule, np.zeros(len(joined), dtype=bool))[index] = True
    return members


def split_rules(joined: str, known: frozenset[str]) -> Iterator[str]:
    """Take `reject_rules` apart. A rule's id may itself hold `; `: the longest one known is taken."""
    parts = joined.split(JOINED)
    while parts:
        ends = range(len(parts), 1, -1)
        length = next((end for end in ends if JOINED.join(parts[:end]) in known), 1)
        yield JOINED.join(parts[:length])
        parts = parts[length:]


def _open_quote(raw: pa.StringArray, lines: NDArray[np.int64], at: NDArray[np.int64]) -> int | None:
    counts = pc.count_substring(raw.take(pa.array(at)), '"').to_numpy(zero_copy_only=False)
    odd = at[counts % 2 == 1]
    return int(lines[odd[0]]) if len(odd) else None


@dataclass(frozen=True, slots=True)
class _Taker:
    values: tuple[pa.StringArray, ...]
    lines: NDArray[np.int64]
    rule: str
    excel_safe: bool

    def __call__(self, at: NDArray[np.int64]) -> Iterator[ScannedReject]:
        for index in at.tolist():
            cells = [column[index].as_py() for column in self.values]
            cells = [unescape(cell) for cell in cells] if self.excel_safe else cells
            *values, _, _, reason, raw = cells
            yield ScannedReject(int(self.lines[index]), self.rule, tuple(values), reason, raw)
