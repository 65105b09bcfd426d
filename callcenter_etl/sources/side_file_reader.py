"""Read the files beside a source: their names, their content, and what they say about the source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.side_files import NAME, STEM, Checksum, Control, SideFile
from callcenter_etl.contract.source_format import SourceFormat
from callcenter_etl.contract.value_fields import CapturedValues
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.sources.checksum_lines import digests_in
from callcenter_etl.sources.control_values import control_values
from callcenter_etl.store import access
from callcenter_etl.store.compression import suffix_of
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.uris import STANDARD_INPUT, base_name, beside

MAX_BYTES = 2**20
CONTROL, CHECKSUM = "file.control", "file.checksum"
_ALGORITHMS = {32: "md5", 64: "sha256"}  # by the number of hexadecimal digits
_PLACEHOLDER = re.compile("|".join(map(re.escape, (NAME, STEM))))


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of a source that its checksum file gives: `md5` or `sha256`, hexadecimal in lower case."""

    algorithm: str
    hexadecimal: str
    file: str

    def problem(self, found: str) -> Diagnostic | None:
        """Return the problem of a source with another digest, None where it is the same."""
        if found == self.hexadecimal:
            return None
        sentence = (
            f"{self.file!r} gives the {self.algorithm} {self.hexadecimal}, the source has {found}"
            " (one of them is incomplete, or of another delivery: ask for both again)"
        )
        return Diagnostic(CHECKSUM, sentence)


@dataclass(frozen=True, slots=True)
class _Content:
    """The text of a side file and its name, or the fault for which the source is refused; neither if it may be missing."""

    name: str = ""
    text: str | None = None
    fault: str | None = None


def control_of(uri: str, declared: Control, document: ContractDocument) -> CapturedValues:
    """Return the values of a source's control file, or the faults for which the source is refused.

    Raises SourceError where the file cannot be read.
    """
    found = _read(uri, "control", declared, document)
    if found.text is None:
        return CapturedValues({}, () if found.fault is None else (found.fault,))
    values = control_values(found.text, declared)
    return CapturedValues(values.values, tuple(f"{found.name!r}: {fault}" for fault in values.faults))


def digest_of(uri: str, declared: Checksum, document: ContractDocument) -> tuple[Digest | None, str | None]:
    """Return the digest of a source from its checksum file, or the fault for which the source is refused.

    Raises SourceError where the file cannot be read.
    """
    found = _read(uri, "checksum", declared, document)
    if found.text is None:
        return None, found.fault
    source = base_name(uri)
    digests = set(digests_in(found.text, source))
    if not digests:
        return None, f"{found.name!r} has no digest of {source!r} (a line of sha256sum or md5sum is expected)"
    if len({len(each) for each in digests}) < len(digests):
        return None, f"{found.name!r} has several digests of {source!r}"
    best = max(digests, key=len)  # of both kinds the stronger one
    if len(best) not in _ALGORITHMS:
        known = "SHA-256 has 64, MD5 has 32"
        return None, f"{found.name!r} has a digest of {len(best)} hexadecimal digits ({known})"
    return Digest(_ALGORITHMS[len(best)], best, found.name), None


def side_file_hashes(uri: str, document: ContractDocument) -> dict[str, str | None]:
    """Return the SHA-256 of each declared side file of a source by its name, None where it is missing.

    Raises SourceError where one cannot be read.
    """
    source = document.source
    declared = [each for each in (source.control, source.checksum) if each is not None]
    names = {name for each in declared if (name := side_file_name(uri, each, source)) is not None}
    contents = {name: _content(beside(uri, name), document) for name in sorted(names)}
    return {name: None if data is None else sha256(data).hexdigest() for name, data in contents.items()}


def without_side_files(uris: Sequence[str], source: SourceFormat) -> list[str]:
    """Return the sources among several files: a side file of another one is none."""
    declared = [each for each in (source.control, source.checksum) if each is not None]
    # A file may be its own side file by its name, such as a control file without its source: it stays, and is refused.
    others = {
        beside(uri, name)
        for uri in uris
        for each in declared
        if (name := side_file_name(uri, each, source)) is not None and name != base_name(uri)
    }
    return [uri for uri in uris if uri not in others]


def side_file_name(uri: str, declared: SideFile, source: SourceFormat) -> str | None:
    """Return the name of a side file, None for standard input and for a name that would leave the folder."""
    name = base_name(uri)
    # The name in a web address may hold an escaped separator.
    if uri == STANDARD_INPUT or "/" in name:
        return None
    parts = {NAME: name, STEM: stem_of(name, source)}
    return _PLACEHOLDER.sub(lambda match: parts[match[0]], declared.file)


def stem_of(name: str, source: SourceFormat) -> str:
    """Return a file name without its compression suffix, and then without its extension.

    The extension is the longest of the contract's that the name has, else what follows the last dot.
    """
    suffix = suffix_of(name)
    plain = name if suffix is None else name[: -len(suffix)]
    declared = () if source.filename is None else source.filename.extensions
    known = max((each for each in declared if plain.endswith(each)), key=len, default=None)
    if known is not None:
        return plain[: len(plain) - len(known)]
    start = plain.rpartition(".")[0]
    return start or plain


def _read(uri: str, kind: str, declared: SideFile, document: ContractDocument) -> _Content:
    name, remedy = side_file_name(uri, declared, document.source), "optional: true allows that"
    data = None if name is None else _content(beside(uri, name), document)
    if name is None or data is None:
        missing = (
            f"the source has no name, and so no {kind} file beside it ({remedy})"
            if name is None
            else f"the {kind} file {name!r} beside the source is missing ({remedy})"
        )
        return _Content(fault=None if declared.optional else missing)
    if len(data) > MAX_BYTES:
        return _Content(fault=f"{name!r} has more than {MAX_BYTES:,} bytes, too many for a {kind} file")
    text = _text(data, document.source.encoding)
    if text is None:
        return _Content(fault=f"{name!r} is neither UTF-8 nor {document.source.encoding}")
    return _Content(name, text)


def _content(uri: str, document: ContractDocument) -> bytes | None:
    """Return a side file, cut off after MAX_BYTES + 1 bytes, None where it does not exist."""
    storage = document.run.storage_options
    try:
        if not access.is_member(uri, storage):  # of an archive, which is not a folder with files
            access.check_regular(uri)
        return access.read_bytes(uri, storage, most=MAX_BYTES + 1)
    except MissingError:
        return None


def _text(data: bytes, encoding: str) -> str | None:
    """Return the text of a side file with LF as line ends and without those at its end, None where it does not decode."""
    # UTF-16 of Latin letters is UTF-8 with NUL characters, too.
    for each in (encoding,) if b"\0" in data else ("utf-8-sig", encoding):
        try:
            text = data.decode(each)
        except UnicodeDecodeError:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return None
