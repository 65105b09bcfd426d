"""Detects the layout of the samples: what is around the records, delimiter, quote, header, and options of quoting."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.tools.infer.evidence import plural
from callcenter_etl.tools.infer.fixed_columns import FixedColumn, fixed_columns
from callcenter_etl.tools.infer.sample_chunks import OnBytes, plain_document
from callcenter_etl.tools.infer.sample_header import check_names, has_header
from callcenter_etl.tools.infer.sample_quoting import cuts_short, quoting_of
from callcenter_etl.tools.infer.sample_survey import Encoding, Survey
from callcenter_etl.tools.infer.surroundings.footer_figures import SampleSums, with_figures
from callcenter_etl.tools.infer.surroundings.sample_footer import SampleFooter
from callcenter_etl.tools.infer.surroundings.sample_lines import SampleLines
from callcenter_etl.tools.infer.surroundings.table import Finding, footer_finding, table_of

BELOW_NAMES = ("header_lines", "after_header")


@dataclass(frozen=True, slots=True)
class SampleLayout:
    """The common layout of all samples; `names` are from the header, or generated if there is none.

    `quoting` has the keys of the contract's source format that describe the quoting, `findings` further ones with
    their evidence. `footers` has the lines below the records of each sample, `places` the columns of fixed width.
    """

    encoding: Encoding
    delimiter: str
    quote: str | None
    header: bool
    names: tuple[str, ...]
    quoting: Mapping[str, Any]
    header_evidence: str = ""
    findings: Mapping[str, Finding] = field(default_factory=dict)
    footers: tuple[SampleFooter, ...] = ()
    places: tuple[FixedColumn, ...] = ()

    @property
    def source(self) -> dict[str, Any]:
        """The source format with the keys of a contract."""
        dialect = {"delimiter": self.delimiter, "quote": self.quote}
        return {
            **({"format": "fixed_width"} if self.places else dialect),
            "encoding": self.encoding.name,
            "header": "exact" if self.header else "none",
            **{key: finding.value for key, finding in self.findings.items()},
            **self.quoting,
        }

    def columns(self) -> list[dict[str, Any]]:
        """Return the names of the columns as in a contract; names that the header has twice get a number."""
        if self.places:
            return [
                {"name": name, **place.keys()} for name, place in zip(self.names, self.places, strict=True)
            ]
        if not self.header:
            return [{"name": name} for name in self.names]
        empty = self.names.count("")
        columns: list[dict[str, Any]] = []
        taken = set(self.names)
        for place, name in enumerate(self.names, start=1):
            if not name and empty > 1:
                columns.append({"name": f"column_{place}", "aliases": [""]})
            elif name in self.names[: place - 1]:
                columns.append({"name": _free_name(name, taken), "header": name})
            else:
                columns.append({"name": name})
        return columns

    def with_sums(self, sums: Sequence[SampleSums]) -> SampleLayout:
        """Return the layout with the figures in the footers that the records of each sample confirm."""
        if "footer" not in self.findings or not sums:
            return self
        footers = tuple(with_figures(footer, each) for footer, each in zip(self.footers, sums, strict=True))
        found = footer_finding(footers)
        known = {} if found is None else {"footer": found}
        return replace(self, footers=footers, findings={**self.findings, **known})

    def document(self) -> ContractDocument:
        """Return the layout as a contract without rules."""
        return plain_document(self.columns(), self.source)

    def with_keys(self, keys: Mapping[str, Any]) -> ContractDocument:
        """Return the layout with further keys of the source format as a contract without rules."""
        return plain_document(self.columns(), self.source | dict(keys))


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
    samples = [_lines(each, encoding) for each in surveys]
    table = table_of(samples, delimiter=delimiter)
    places = fixed_columns(samples[0].head) if len(table.first[0]) == 1 and delimiter is None else ()
    if places and not header:
        return _fixed_width(places, encoding)
    numbered = _numbered(len(table.first[0]))
    layout = SampleLayout(
        encoding,
        table.split.delimiter,
        table.split.quote,
        header=False,
        names=numbered,
        quoting={},
        findings=table.findings,
        footers=table.footers,
    )
    evidence = "as was asked for"
    if any(key in layout.findings for key in BELOW_NAMES):
        header, evidence = True, "the line below the names is no record"
        layout = replace(layout, header=True, names=table.first[0])
    layout = replace(layout, **_quoting(surveys, layout, on_bytes))
    if header is None:
        header, evidence = has_header(surveys[0].uri, layout.document())
    if header:
        check_names([each.uri for each in surveys], table.first)
    return replace(
        layout, header=header, names=table.first[0] if header else numbered, header_evidence=evidence
    )


def _numbered(columns: int) -> tuple[str, ...]:
    return tuple(f"column_{place}" for place in range(1, columns + 1))


def _fixed_width(places: tuple[FixedColumn, ...], encoding: Encoding) -> SampleLayout:
    return SampleLayout(
        encoding,
        "",
        None,
        header=False,
        names=_numbered(len(places)),
        quoting={},
        header_evidence="columns by their place",
        places=places,
    )


def _quoting(surveys: Sequence[Survey], layout: SampleLayout, on_bytes: OnBytes) -> dict[str, Any]:
    """Return the changes of a layout by the quoting of its records, and by records that are cut short."""
    quoting = quoting_of(surveys, layout.with_keys, on_bytes)
    findings = dict(layout.findings)
    short = cuts_short(surveys, layout.with_keys, on_bytes, quoting=quoting)
    if short:
        evidence = f"{plural(short, 'record')} end before the last columns"
        findings["short_records"] = Finding("empty", evidence)
    quote = quoting.get("quote", layout.quote)
    rest = {key: value for key, value in quoting.items() if key != "quote"}
    return {"quote": quote, "quoting": rest, "findings": findings}


def _lines(survey: Survey, encoding: Encoding) -> SampleLines:
    """Return the first and last lines of a sample as text, without a byte order mark."""
    # An incremental decoder keeps back a character that is cut at the end of the head.
    decoder = codecs.getincrementaldecoder(encoding.name)(errors="replace")
    head = decoder.decode(bytes(survey.head)).removeprefix("\ufeff")
    tail = bytes(survey.tail).decode(encoding.name, errors="replace")
    if survey.whole:
        return SampleLines.of(head, "", whole=True)
    end = max(head.rfind("\n"), head.rfind("\r"))
    return SampleLines.of(head[: end + 1] or head, tail, whole=False)


def _free_name(name: str, taken: set[str]) -> str:
    number = next(number for number in range(2, len(taken) + 3) if f"{name}_{number}" not in taken)
    taken.add(f"{name}_{number}")
    return f"{name}_{number}"
