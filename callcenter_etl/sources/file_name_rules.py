"""Check the file name of a source against the contract."""

from __future__ import annotations

from callcenter_etl.contract.model import SourceFormat
from callcenter_etl.contract.patterns import matched_groups
from callcenter_etl.contract.quoting import as_written
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.store.compression import suffix_of
from callcenter_etl.store.uris import STANDARD_INPUT, base_name


def name_problems(uri: str, source: SourceFormat) -> list[Diagnostic]:
    """Return the problems of a source's file name, which may have a compression suffix; none for standard input."""
    rules = source.filename
    if rules is None or uri == STANDARD_INPUT:
        return []
    name = base_name(uri)
    # Compression is transport: the rules hold where the name with or without its suffix satisfies them.
    suffix = suffix_of(name)
    names = (name,) if suffix is None else (name, name[: -len(suffix)])
    problems = []
    if rules.pattern is not None and not any(
        matched_groups(rules.pattern, each) is not None for each in names
    ):
        problems.append(
            Diagnostic(
                "file.name", f"the file name {name!r} does not match the pattern {as_written(rules.pattern)}"
            )
        )
    if rules.length is not None and not any(len(each) == rules.length for each in names):
        problems.append(
            Diagnostic(
                "file.name", f"the file name {name!r} has {len(name)} characters, {rules.length} expected"
            )
        )
    if rules.extensions and not any(each.endswith(tuple(rules.extensions)) for each in names):
        wanted = " or ".join(repr(extension) for extension in rules.extensions)
        problems.append(Diagnostic("file.extension", f"the file name {name!r} does not end in {wanted}"))
    return problems
