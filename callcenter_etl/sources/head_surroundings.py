"""Reads the declared lines above and below the header of a source: preamble and after_header."""

from __future__ import annotations

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.quoting import as_written
from callcenter_etl.contract.surroundings import MAX_PREAMBLE_LINES, AfterHeader, Preamble
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.sources.head_lines import HeadLines
from callcenter_etl.sources.surrounding_lines import LineMatcher, RunValues, groups_of

PREAMBLE, AFTER_HEADER = "the preamble", "the after_header line"
MAX_PREAMBLE_BYTES = 2**20


class PreambleReader:
    """Reader of the preamble; `problems` are the reasons to refuse the source."""

    def __init__(self, declared: Preamble, document: ContractDocument, head: HeadLines) -> None:
        self._declared = declared
        self._encoding = document.source.encoding
        self._matcher = LineMatcher("preamble", declared, document)
        self._head = head
        self._totals = head.surroundings.preamble
        self._groups = RunValues(declared.fields)
        self.problems: list[Diagnostic] = []

    @property
    def values(self) -> dict[str, str]:
        """Values of the named groups, as text."""
        return self._groups.values

    def read(self) -> bool:
        """Consume the preamble, and return whether the header is the next line."""
        complete = (
            self._read_lines() if self._declared.until is None else self._read_until(self._declared.until)
        )
        self.problems += map(self._matcher.problem, self._groups.faults())
        return complete

    def _read_lines(self) -> bool:
        for index in range(self._declared.lines or 0):
            line = self._head.next_line(skip_blank=False)
            if not line:
                self._fail(f"line {self._head.number:,} is missing, the source ends before it")
                return False
            if self._is_absent(index, line):
                return True
            self._take(index, line)
        return True

    def _read_until(self, until: str) -> bool:
        for index in range(MAX_PREAMBLE_LINES + 1):
            line = self._head.next_line(skip_blank=False)
            if not line or self._totals.bytes > MAX_PREAMBLE_BYTES:
                break
            if groups_of(until, line.rstrip(b"\r\n"), self._encoding) is not None:
                return True
            if self._is_absent(index, line):
                return True
            self._take(index, line)
        within = f"the first {MAX_PREAMBLE_LINES:,} lines and {MAX_PREAMBLE_BYTES:,} bytes"
        self._fail(f"no line within {within} matches the pattern {as_written(until)} of until")
        return False

    def _is_absent(self, index: int, line: bytes) -> bool:
        """Check whether the first line shows that an optional preamble is not there."""
        return index == 0 and self._declared.optional and self._groups_of(index, line) is None

    def _take(self, index: int, line: bytes) -> None:
        groups = self._groups_of(index, line)
        if groups is None:
            mismatch = self._matcher.mismatch(index, line.rstrip(b"\r\n"), self._head.number)
            self.problems.append(mismatch)
        else:
            self._groups.add(groups)
        self._head.take(PREAMBLE, self._totals, len(line))

    def _groups_of(self, index: int, line: bytes) -> dict[str, str] | None:
        return self._matcher.groups(index, line.rstrip(b"\r\n"))

    def _fail(self, sentence: str) -> None:
        self.problems.append(self._matcher.problem(sentence))


def read_after_header(declared: AfterHeader, document: ContractDocument, head: HeadLines) -> list[Diagnostic]:
    """Consume the declared lines below the header, and return the reasons to refuse the source."""
    matcher = LineMatcher("after_header", declared, document)
    problems: list[Diagnostic] = []
    for index in range(declared.lines):
        line = head.next_line()
        content = line.rstrip(b"\r\n")
        found = matcher.groups(index, content) if line else None
        if found is None and index == 0 and declared.optional:
            return []
        if not line:
            sentence = f"line {head.number:,} is missing, the source ends before it"
            return [*problems, matcher.problem(sentence)]
        if found is None:
            problems.append(matcher.mismatch(index, content, head.number))
        head.take(AFTER_HEADER, head.surroundings.after_header, len(line))
    return problems
