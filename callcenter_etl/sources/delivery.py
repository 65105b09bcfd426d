"""Values of a run that are known before its records, from the name of the source and the files beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.sources.file_name_rules import name_values
from callcenter_etl.sources.side_file_reader import CHECKSUM, CONTROL, Digest, control_of, digest_of
from callcenter_etl.sources.source import Source, SourceHeader


@dataclass(frozen=True, slots=True)
class Delivery:
    """The values of a run by origin (`file`, `control`) and name, as text, and the expected digest of the source.

    The source is refused where there are `problems`.
    """

    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    digest: Digest | None = None
    problems: tuple[Diagnostic, ...] = ()

    def digest_problems(self, digest: Callable[[str], str]) -> tuple[Diagnostic, ...]:
        """Return the problem of a source that has another digest; `digest` returns that of an algorithm."""
        problem = None if self.digest is None else self.digest.problem(digest(self.digest.algorithm))
        return () if problem is None else (problem,)


def read_delivery(uri: str, document: ContractDocument) -> Delivery:
    """Return the values of a source's name and of the files beside it. Raises SourceError where one cannot be read."""
    source, values, problems = document.source, {}, []
    named = name_values(uri, source)
    if named is not None:
        values["file"] = named.values
    if source.control is not None:
        found = control_of(uri, source.control, document)
        values["control"] = found.values
        problems += [Diagnostic(CONTROL, fault) for fault in found.faults]
    digest = None
    if source.checksum is not None:
        digest, fault = digest_of(uri, source.checksum, document)
        problems += [] if fault is None else [Diagnostic(CHECKSUM, fault)]
    return Delivery({origin: each for origin, each in values.items() if each}, digest, tuple(problems))


def open_delivered(source: Source, delivery: Delivery) -> SourceHeader:
    """Open a source and return its header, with the problems of its delivery first. Raises SourceError."""
    if delivery.digest is not None:
        source.hashes.hash_with(delivery.digest.algorithm)
    header = source.open()
    return replace(header, problems=(*delivery.problems, *header.problems))
