"""Explains one record of a source: its bytes, its fields, and what every rule makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import UsageError
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.sources.dialect import Dialect, dialect_of
from callcenter_etl.sources.framing import FIELDS, STRUCTURAL_RULES
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.sources.quotes import split_fields
from callcenter_etl.sources.source import BLOCK_BYTES
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.tools.explain.find_record import MAX_RAW_BYTES, FoundRecord, find_record, letters
from callcenter_etl.tools.explain.rule_verdicts import BROKEN, RuleVerdict, explain_rules

ACCEPTED, REJECTED, REFUSED = "accepted", "rejected", "refused"


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """A field under its spreadsheet letter: the header's name, the contract's column and type, the value.

    `value` is None, and `hidden` says why, where the contract classifies the column.
    """

    letter: str
    name: str | None
    column: str | None
    type: str | None
    value: str | None
    hidden: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One record and every rule's verdict on it; of a refused source its problems alone.

    `offset` counts the bytes of the source, decompressed; `raw` is cut at MOST_RAW_BYTES of `size`, and None
    where it would show what is not to be shown.
    """

    source: str
    contract: str
    asked_line: int
    status: str
    line: int | None = None
    lines: int | None = None
    offset: int | None = None
    size: int | None = None
    raw: str | None = None
    fields: tuple[FieldExplanation, ...] = ()
    rules: tuple[RuleVerdict, ...] = ()
    problems: tuple[Diagnostic, ...] = ()

    @property
    def broken(self) -> tuple[str, ...]:
        """The ids of the rules of severity error that the record breaks, in contract order."""
        return tuple(told.rule for told in self.rules if told.verdict == BROKEN and told.severity == "error")

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain values, ready for JSON."""
        return asdict(self) | {"problems": [each.to_problem() for each in self.problems]}


def explain_line(
    source: str,
    contract: LoadedContract,
    line: int,
    *,
    show_values: bool = False,
    block_bytes: int = BLOCK_BYTES,
) -> Explanation:
    """Explain the record to which a line of a source belongs.

    Values of classified columns are left out unless `show_values`. Raises UsageError where no record is on
    the line, SourceError where the source cannot be read so far.
    """
    document = contract.document
    if line < 1:
        raise UsageError(f"lines are counted from 1, got {line}")
    with open_source(source, document, block_bytes=block_bytes) as reader:
        header = reader.open()
        if header.problems:
            return Explanation(reader.uri, document.contract, line, REFUSED, problems=tuple(header.problems))
        validator = Validator(document, lookups=load_lookups(document, contract.origin))
        found = find_record(reader, header, line, validator)
        hidden = {} if show_values else hidden_columns(document)
        told = _Record(found, header.layout, dialect_of(document), document, hidden)
        return told.explanation(reader.uri, line, _rules_of(found, validator, hidden))


def hidden_columns(document: ContractDocument) -> dict[str, str]:
    """Return the columns whose values are not shown, with their classification."""
    return {
        column.name: column.classification for column in document.columns if column.classification != "public"
    }


def _rules_of(found: FoundRecord, validator: Validator, hidden: Mapping[str, str]) -> tuple[RuleVerdict, ...]:
    if found.malformed is not None:
        rule, reason = found.malformed
        return (RuleVerdict(rule, "error", BROKEN, reason),)
    if found.columns is None:
        raise RuntimeError("a record that is not malformed has values")
    return explain_rules(validator, found.columns, hidden)


@dataclass(frozen=True, slots=True)
class _Record:
    """A found record on its way to being told."""

    found: FoundRecord
    layout: ColumnLayout
    dialect: Dialect
    document: ContractDocument
    hidden: Mapping[str, str]

    def explanation(self, source: str, line: int, rules: tuple[RuleVerdict, ...]) -> Explanation:
        found = self.found
        rejected = any(told.verdict == BROKEN and told.severity == "error" for told in rules)
        return Explanation(
            source=source,
            contract=self.document.contract,
            asked_line=line,
            status=REJECTED if rejected else ACCEPTED,
            line=found.line,
            lines=found.lines,
            offset=found.offset,
            size=found.size,
            raw=None if self.hidden else repr(found.raw[:MAX_RAW_BYTES])[2:-1],
            fields=self._fields(),
            rules=rules,
        )

    def _fields(self) -> tuple[FieldExplanation, ...]:
        found = self.found
        if found.values is not None and found.columns is not None:
            return self._sound_fields(found.values, found.columns)
        if found.malformed is None or found.malformed[0] != STRUCTURAL_RULES[FIELDS] or found.text is None:
            return ()
        # Which value belongs to which column is not known here, so that one classified column hides them all.
        hidden = next(iter(self.hidden.values()), None)
        values = split_fields(found.text.rstrip("\r\n"), self.dialect.delimiter, self.dialect.quote)
        pairs = zip(letters(), zip_longest(self.layout.names, values))  # noqa: B905  letters never end
        return tuple(
            FieldExplanation(
                letter=letter,
                name=name,
                column=None,
                type=None,
                value=None if hidden is not None else value,
                hidden=hidden,
                state="missing" if value is None else "too many" if name is None else "read",
            )
            for letter, (name, value) in pairs
        )

    def _sound_fields(self, values: tuple[str, ...], columns: ChunkColumns) -> tuple[FieldExplanation, ...]:
        by_position = {position: name for name, position in self.layout.positions.items()}
        told = []
        for letter, (position, value) in zip(letters(), enumerate(values)):  # noqa: B905  same
            name = by_position.get(position)
            hidden = None if name is None else self.hidden.get(name)
            told.append(
                FieldExplanation(
                    letter=letter,
                    name=self.layout.names[position],
                    column=name,
                    type=None if name is None else columns.columns[name].type,
                    value=None if hidden is not None else value,
                    hidden=hidden,
                    state="not in the contract" if name is None else _state(columns, name),
                )
            )
        return tuple(told)


def _state(columns: ChunkColumns, name: str) -> str:
    if columns.blank_mask(name)[0]:
        return "empty"
    return "of another type" if columns.type_broken(name)[0] else "of its type"
