"""The sources that names and patterns mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError, UsageError
from callcenter_etl.own_outputs import without_own_outputs
from callcenter_etl.store.access import DEFAULTS, expand, is_member
from callcenter_etl.store.archive_names import archive_suffix
from callcenter_etl.store.uris import shown

# The members that are meant of an archive, from its address, storage options and the glob.
MembersOf = Callable[[str, StorageOptions, str | None], Sequence[str]]


def ignore_skipped(folder: str, files: int) -> None:
    """Ignore skipped files."""


def resolve_sources(
    patterns: list[str],
    storage: StorageOptions = DEFAULTS,
    member: str | None = None,
    *,
    members_of: MembersOf | None = None,
    on_skipped: Callable[[str, int], None] = ignore_skipped,
) -> list[str]:
    """Return the sources of names and patterns, in order and without duplicates.

    A pattern skips the files of earlier runs; `on_skipped` gets their folder and number. A name is never skipped.
    Of an archive the sources are its members that the glob `member` matches, or its only one (see `members_of`).
    Raises SourceError if a pattern matches no file that is left or an archive cannot be read, UsageError if it has no
    such member or several.
    """
    found = (uri for pattern in patterns for uri in _expanded(pattern, storage, on_skipped))
    members_of = archive_members if members_of is None else members_of
    # A file that several patterns match is one source, in the place of its first match.
    return list(dict.fromkeys(source for uri in found for source in members_of(uri, storage, member)))


def only_source(uri: str, document: ContractDocument) -> str:
    """Return the address of the only member of an archive that a contract means; any other address as it is.

    Raises UsageError where several are meant, SourceError where none can be read.
    """
    member = document.source.member
    found = archive_members(uri, document.run.storage_options, member)
    if len(found) > 1:
        raise UsageError(
            f"source: {shown(uri)!r} has {len(found):,} members that match {member!r}"
            f" (name one of them, such as {shown(found[0])!r})"
        )
    return found[0]


def archive_members(uri: str, storage: StorageOptions, member: str | None) -> Sequence[str]:
    """Return the members that a contract means of an archive; any other address as it is.

    Raises UsageError where the contract lacks the glob for several members, or has one that none matches, SourceError
    where they cannot be read.
    """
    return _members(uri, storage, member, declared=True)


def only_members(uri: str, storage: StorageOptions, member: str | None) -> Sequence[str]:
    """Return the same without a contract: then an archive of several members needs the name of one."""
    return _members(uri, storage, member, declared=False)


def _members(uri: str, storage: StorageOptions, member: str | None, *, declared: bool) -> Sequence[str]:
    if archive_suffix(uri) is None or is_member(uri, storage):
        return (uri,)
    # Imported here, so that runs over plain files import no reader of archives.
    from callcenter_etl.store.archives import members

    return members(uri, member, storage, declared=declared)


def members_or_archive(uri: str, storage: StorageOptions, member: str | None) -> Sequence[str]:
    """Return the members that are meant of an archive, the archive itself where they cannot be read.

    Then its own run raises the error, and the runs of other sources take place.
    """
    try:
        return archive_members(uri, storage, member)
    except SourceError:
        return (uri,)


def _expanded(pattern: str, storage: StorageOptions, on_skipped: Callable[[str, int], None]) -> Sequence[str]:
    found = expand(pattern, storage)
    # Only patterns skip files of earlier runs: a name is meant literally.
    if found == (pattern,):
        return found
    kept = without_own_outputs(found, storage, on_skipped)
    if not kept:
        raise SourceError(f"{shown(pattern)}: matches only files that earlier runs have written")
    return kept
