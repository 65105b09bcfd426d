"""Explains one record of a source: its bytes, its fields, and the verdict of every rule."""

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
from callcenter_etl.sources.delivery import open_delivered, read_delivery
from callcenter_etl.sources.framing import FIELDS, STRUCTURAL_RULES, WIDTH
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.line_format import LineFormat
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.sources.source import BLOCK_BYTES
from callcenter_etl.sources.source_formats import open_source, source_format
from callcenter_etl.tools.explain.find_record import MAX_RAW_BYTES, FoundRecord, find_record, letters
from callcenter_etl.tools.explain.rule_verdicts import BROKEN, RuleVerdict, explain_rules

ACCEPTED, REJECTED, REFUSED = "accepted", "rejected", "refused"
# Malformed records that can still be split into fields.
_SPLIT = (STRUCTURAL_RULES[FIELDS], STRUCTURAL_RULES[WIDTH])


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """A field with its spreadsheet letter, name in the header, column and type in the contract, and value.

    `judged` is the normalized value, None where it is the value itself. For a classified column, both are None and
    `hidden` is the classification.
    """

    letter: str
    name: str | None
    column: str | None
    type: str | None
    value: str | None
    hidden: str | None
    state: str
    judged: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A record and the verdict of every rule; for a refused source only its problems.

    `offset` counts decompressed bytes of the source. `raw` is cut off at MAX_RAW_BYTES, and None if it would show
    a classified value.
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
        return tuple(each.rule for each in self.rules if each.verdict == BROKEN and each.severity == "error")

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

    Values of classified columns are left out unless `show_values`. Raises UsageError if no record is on the line,
    SourceError if the source cannot be read up to it.
    """
    document = contract.document
    if line < 1:
        raise UsageError(f"lines are counted from 1, got {line}")
    with open_source(source, document, block_bytes=block_bytes) as reader:
        header = open_delivered(reader, read_delivery(source, document))
        # No record of a refused source is validated, so there is no verdict to explain.
        if header.problems:
            return Explanation(reader.uri, document.contract, line, REFUSED, problems=tuple(header.problems))
        validator = Validator(document, lookups=load_lookups(document, contract.origin))
        found = find_record(reader, header, line, validator)
        hidden = {} if show_values else hidden_columns(document)
        explained = _Record(found, header.layout, source_format(document), document, hidden)
        return explained.explanation(reader.uri, line, _rules_of(found, validator, hidden))


def hidden_columns(document: ContractDocument) -> dict[str, str]:
    """Return the classified columns, which are shown without values, with their classification."""
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
    """Builds the explanation of a found record."""

    found: FoundRecord
    layout: ColumnLayout
    form: LineFormat
    document: ContractDocument
    hidden: Mapping[str, str]

    def explanation(self, source: str, line: int, rules: tuple[RuleVerdict, ...]) -> Explanation:
        found = self.found
        rejected = any(each.verdict == BROKEN and each.severity == "error" for each in rules)
        return Explanation(
            source=source,
            contract=self.document.contract,
            asked_line=line,
            status=REJECTED if rejected else ACCEPTED,
            line=found.line,
            lines=found.lines,
            offset=found.offset,
            size=found.size,
            # `repr` escapes control characters, which a terminal would interpret.
            raw=None if self.hidden else repr(found.raw[:MAX_RAW_BYTES])[2:-1],
            fields=self._fields(),
            rules=rules,
        )

    def _fields(self) -> tuple[FieldExplanation, ...]:
        found = self.found
        if found.values is not None and found.columns is not None:
            return self._sound_fields(found.values, found.columns)
        if found.malformed is None or found.malformed[0] not in _SPLIT or found.text is None:
            return ()
        # It is unknown which value belongs to which column, so one classified column hides all values.
        hidden = next(iter(self.hidden.values()), None)
        values = self.form.split(found.text.rstrip("\r\n"))
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
        fields = []
        for letter, (position, value) in zip(letters(), enumerate(values)):  # noqa: B905  same
            name = by_position.get(position)
            hidden = None if name is None else self.hidden.get(name)
            fields.append(
                FieldExplanation(
                    letter=letter,
                    name=self.layout.names[position],
                    column=name,
                    type=None if name is None else columns.columns[name].type,
                    value=None if hidden is not None else value,
                    hidden=hidden,
                    state="not in the contract" if name is None else _state(columns, name),
                    judged=None if name is None or hidden is not None else _judged(columns, name),
                )
            )
        return tuple(fields)


def _judged(columns: ChunkColumns, name: str) -> str | None:
    """Return the normalized value, None where it is the source's own."""
    return str(columns.text(name)[0].as_py()) if columns.normalized_mask(name)[0] else None


def _state(columns: ChunkColumns, name: str) -> str:
    if columns.blank_mask(name)[0]:
        return "empty"
    return "of another type" if columns.type_broken(name)[0] else "of its type"
