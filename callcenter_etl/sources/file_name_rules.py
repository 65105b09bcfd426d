"""Check the file name of a source against the contract."""

from __future__ import annotations

from callcenter_etl.contract.model import SourceFormat
from callcenter_etl.contract.quoting import as_written
from callcenter_etl.contract.value_fields import CapturedValues, captured
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.store.compression import suffix_of
from callcenter_etl.store.uris import STANDARD_INPUT, base_name


def name_problems(uri: str, source: SourceFormat) -> list[Diagnostic]:
    """Return the problems of a source's file name, which may have a compression suffix; none for standard input."""
    rules = source.filename
    if rules is None or uri == STANDARD_INPUT:
        return []
    name, names = base_name(uri), _names_of(uri)
    problems = []
    if rules.pattern is not None:
        found = name_values(uri, source)
        mismatch = f" does not match the pattern {as_written(rules.pattern)}"
        wrong = (mismatch,) if found is None else tuple(f": {fault}" for fault in found.faults)
        problems += [Diagnostic("file.name", f"the file name {name!r}{each}") for each in wrong]
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


def name_values(uri: str, source: SourceFormat) -> CapturedValues | None:
    """Return the values of the named groups of the pattern for file names.

    None for standard input, without a pattern, and where it does not match.
    """
    rules = source.filename
    if rules is None or rules.pattern is None or uri == STANDARD_INPUT:
        return None
    found = (captured(rules.pattern, each, rules.fields) for each in _names_of(uri))
    return next((each for each in found if each is not None), None)


def _names_of(uri: str) -> tuple[str, ...]:
    # Compression is transport: the rules hold where the name with or without its suffix satisfies them.
    name = base_name(uri)
    suffix = suffix_of(name)
    return (name,) if suffix is None else (name, name[: -len(suffix)])
