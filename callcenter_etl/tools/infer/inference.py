"""Infers a contract from samples in six steps: survey, layout, profiles, draft, check, text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from callcenter_etl.contract.loader import LoadedContract, load_document
from callcenter_etl.errors import AccountingError, UsageError
from callcenter_etl.store.access import is_member
from callcenter_etl.tools.infer.column_decision import decide
from callcenter_etl.tools.infer.column_draft import InferredColumn
from callcenter_etl.tools.infer.column_profile import ColumnProfile
from callcenter_etl.tools.infer.column_types import (
    ENOUGH,
    Others,
    empty_words,
    have_decimal_comma,
    have_durations,
    order_of_dates,
)
from callcenter_etl.tools.infer.contract_draft import (
    ContractDraft,
    SourceLine,
    contract_mapping,
    id_of,
    likely_rules,
    member_lines,
    source_lines,
    workbook_lines,
)
from callcenter_etl.tools.infer.contract_yaml import contract_text
from callcenter_etl.tools.infer.records import Records, read_records
from callcenter_etl.tools.infer.sample_check import BrokenRuleCount, SampleOutcome, validate_samples
from callcenter_etl.tools.infer.sample_chunks import OnBytes
from callcenter_etl.tools.infer.sample_layout import SampleLayout, layout_of
from callcenter_etl.tools.infer.sample_survey import encoding_of, survey
from callcenter_etl.tools.infer.sheet_samples import are_workbooks, sheets_as_text
from callcenter_etl.tools.infer.standard_input import name_standard_input, shown_name, stored_samples

OnStep = Callable[["Step"], None]


@dataclass(frozen=True, slots=True)
class InferOptions:
    """The samples and options of an inference; `tolerance` is the share of a column's values that may be outliers."""

    samples: tuple[str, ...]
    id: str | None = None
    tolerance: Fraction = Fraction(1, 100)
    max_records: int | None = None
    delimiter: str | None = None
    header: bool | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The progress of an inference: the present step, and the bytes read in it."""

    name: str
    bytes_read: int
    bytes_total: int | None


@dataclass(frozen=True, slots=True)
class Inference:
    """An inferred contract: its YAML text, the loaded contract, and the result of validating the samples."""

    text: str
    contract: LoadedContract
    outcome: SampleOutcome


def infer_contract(options: InferOptions, *, on_step: OnStep = lambda step: None) -> Inference:
    """Infer a contract from samples, and validate the samples against it.

    Raises SampleError if a sample is not delimited text, UsageError if the samples have different layouts,
    SourceError if one cannot be read, and AccountingError if the contract rejects records that it does not list.
    """
    if options.id is not None and re.fullmatch(r"[A-Za-z0-9_-]+", options.id) is None:
        raise UsageError(f"--id: letters, digits, _ and - are expected, not {options.id!r}")
    with stored_samples(options.samples) as samples, sheets_as_text(samples) as texts:
        return _Inferring(replace(options, samples=samples), texts, on_step).run()


class _Inferring:
    """The state of one inference; `texts` are the samples as delimited text, the same files unless they are workbooks."""

    def __init__(self, options: InferOptions, texts: tuple[str, ...], on_step: OnStep) -> None:
        self.options = options
        self.samples = options.samples
        self.texts = texts
        self.tolerance = options.tolerance
        self.on_step = on_step

    def run(self) -> Inference:
        """Return the inferred contract."""
        surveys = [survey(uri, on_bytes=self._on_bytes(f"surveying {uri}")) for uri in self.texts]
        layout = layout_of(
            surveys,
            encoding_of(surveys),
            delimiter=self.options.delimiter,
            header=self.options.header,
            on_bytes=self._on_bytes("looking at quotes"),
        )
        records = read_records(
            self.texts,
            layout,
            lines=sum(each.lines for each in surveys),
            tolerance=self.tolerance,
            max_records=self.options.max_records,
            on_bytes=self._on_bytes,
        )
        draft = self._draft(layout.with_sums(records.sums), records)
        draft, outcome = self._confirmed(draft)
        names = [shown_name(uri) for uri in self.samples]
        text = contract_text(draft, outcome, names, max_records=self.options.max_records)
        contract = load_document("inferred.yaml", read_bytes=lambda _: text.encode("utf-8"))
        # The text is written by hand-made YAML code; comparing the documents proves that it says what was validated.
        if contract.document != load_document(contract_mapping(draft)).document:
            raise AccountingError("the inferred contract's text does not say what its samples were held to")
        return Inference(text, contract, outcome)

    def _draft(self, layout: SampleLayout, records: Records) -> ContractDraft:
        profiles = records.profiles
        # Evidence from all columns is collected before any of them is decided.
        empty = empty_words(profiles, self.tolerance)
        others = Others(
            order=order_of_dates(profiles, self.tolerance),
            durations=have_durations(profiles, self.tolerance),
            comma=have_decimal_comma(profiles),
        )
        columns: tuple[InferredColumn, ...] = tuple(
            decide(profile, names, tolerance=self.tolerance, empty=empty, others=others)
            for profile, names in zip(profiles, layout.columns(), strict=True)
        )
        return ContractDraft(
            id=self.options.id or id_of(self.samples),
            source=self._source_lines(layout, _totals(profiles, empty)),
            columns=columns,
            rules=likely_rules(columns),
            totals=records.totals,
        )

    def _source_lines(self, layout: SampleLayout, empty: Mapping[str, int]) -> tuple[SourceLine, ...]:
        lines = source_lines(self.samples, layout, empty)
        if are_workbooks(self.samples):
            lines = workbook_lines(lines)
        return (*lines, *member_lines([uri for uri in self.samples if is_member(uri)]))

    def _confirmed(self, draft: ContractDraft) -> tuple[ContractDraft, SampleOutcome]:
        """Validate the samples against the draft; record rules that a record breaks are removed."""
        outcome = self._outcome(draft)
        kept = tuple(
            rule
            for rule in draft.rules
            if rule.name not in outcome.broken and outcome.both[rule.columns] >= ENOUGH
        )
        if kept != draft.rules:
            # A removed rule may have rejected records, so all counts are taken again.
            draft = replace(draft, rules=kept)
            outcome = self._outcome(draft)
        # Each line of totals may break any rule, which the draft does not list.
        spare = draft.totals.count
        unlisted = {
            rule: broken
            for rule, broken in outcome.broken.items()
            # The rules of malformed records have no column, and the text lists all of them.
            if not rule.startswith("record.") and broken.count > draft.expected().get(rule, 0) + spare
        }
        if unlisted:
            raise AccountingError(f"the inferred contract rejects what it does not list: {_listed(unlisted)}")
        return draft.with_outliers({rule: each.count for rule, each in outcome.broken.items()}), outcome

    def _outcome(self, draft: ContractDraft) -> SampleOutcome:
        document = load_document(contract_mapping(draft)).document
        return validate_samples(
            self.samples,
            document,
            max_records=self.options.max_records,
            pairs=[rule.columns for rule in draft.rules],
            on_bytes=self._on_bytes("checking"),
        )

    def _on_bytes(self, name: str) -> OnBytes:
        shown = name_standard_input(name)
        return lambda read, total: self.on_step(Step(shown, read, total))


def _totals(profiles: Sequence[ColumnProfile], words: Sequence[str]) -> dict[str, int]:
    return {word: sum(profile.empty_words[word] for profile in profiles) for word in words}


def _listed(broken: dict[str, BrokenRuleCount]) -> str:
    return ", ".join(f"{rule} in {each.count:,} records" for rule, each in broken.items())
