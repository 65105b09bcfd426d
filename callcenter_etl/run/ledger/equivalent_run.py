"""Finds out whether a run would only do again what a recorded run has done."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.documents import DocumentError, parse_object
from callcenter_etl.errors import OutputError, SourceError
from callcenter_etl.logs import get_logger
from callcenter_etl.run.ledger.ledger import Ledger
from callcenter_etl.run.ledger.run_record import ERROR, RUNNING, RecordedSource, readable
from callcenter_etl.run.summary import OutputFile, Summary
from callcenter_etl.store import access
from callcenter_etl.store.access import DEFAULTS
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.uris import STANDARD_INPUT, absolute, is_local, local_path, shown, within
from callcenter_etl.writers.file_names import FILE_NAMES, SUMMARY, TARGET
from callcenter_etl.writers.part_folder import is_published
from callcenter_etl.writers.target_forms import PARQUET, TARGET_FOLDER, TARGET_PARQUET

_log = get_logger(__name__)
_BLOCK_BYTES = 2**20
# A folder, a link in a circle, a pipe, a device or a socket has the summary's name.
_NOT_A_FILE = (errno.EISDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO)
_OPEN_SECONDS = 2  # a file changed twice within a clock tick looks unchanged; FAT's ticks are the longest


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What tells the content of a stored file without reading it; no version where it may still change unseen."""

    bytes: int
    version: str | None


@dataclass(frozen=True, slots=True)
class RunQuery:
    """What is to be run, and into which output; `publish_to` is where copies go.

    `in_table` tells of a run whether the table that it wrote into would stay as it is.
    """

    source: str
    output: str
    contract_sha256: str
    options: str
    publish_to: str | None = None
    storage: StorageOptions = field(default_factory=StorageOptions)
    in_table: Callable[[Summary], bool] = lambda _: False


def find_equivalent_run(ledger: Ledger, question: RunQuery, published: Summary | None) -> Summary | None:
    """Return the summary of the run that did this already, None where the run is wanted.

    Done means: the summary that is in the output is of a run that the ledger knows, under the same contract
    and options, its files are all there, and the source holds the same bytes.
    """
    if published is None or published.contract.sha256 != question.contract_sha256:
        return None
    record = readable(ledger.get(published.run_id))
    if record is None or record.status in (RUNNING, ERROR) or record.options != question.options:
        return None
    if not _is_current(question, published) or not _same_content(record.source, question):
        return None
    return published


def published_summary(output: str, options: StorageOptions = DEFAULTS) -> Summary | None:
    """Return the summary in an output, None where there is none; one that cannot be trusted is logged.

    Raises SourceError where the system cannot read it.
    """
    found = summary_object(output, options)
    if found is None:
        return None
    try:
        return Summary.from_dict(found)
    except DocumentError as error:
        _log.warning("summary_not_trusted", summary=shown(_file(output, SUMMARY)), cause=str(error))
        return None


def summary_object(output: str, options: StorageOptions = DEFAULTS) -> dict[str, Any] | None:
    """Return the JSON object of the summary in an output, None where there is none that can be trusted.

    Raises SourceError where the system cannot read it: to take it for missing would leave out what it says.
    """
    uri = _file(output, SUMMARY)
    try:
        return parse_object(access.read_document(uri, options))
    except MissingError:
        return None
    except (SourceError, DocumentError) as error:
        cause = error.__cause__
        is_another_kind = isinstance(cause, OSError) and cause.errno in _NOT_A_FILE
        if isinstance(error, SourceError) and not is_another_kind:
            raise
        _log.warning("summary_not_trusted", summary=shown(uri), cause=str(error))
        return None


def stored_file_of(uri: str, options: StorageOptions = DEFAULTS) -> StoredFile | None:
    """Return what tells the content of a stored file; None for standard input, pipes and what cannot be asked."""
    if uri == STANDARD_INPUT:
        return None
    try:
        if not is_local(uri):
            identity = access.identify(uri, options)
            return None if identity.size is None else StoredFile(identity.size, identity.version)
        found = os.stat(local_path(uri))  # noqa: PTH116  an address, here a local one
    except (SourceError, OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    settled = found.st_ctime < time.time() - _OPEN_SECONDS
    # The change time cannot be set by hand, so that no copy with an old file's date passes for it.
    version = f"{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_dev}-{found.st_ino}" if settled else None
    return StoredFile(found.st_size, version)


def _is_current(question: RunQuery, published: Summary) -> bool:
    """Return whether the files, and their copies where some are wanted, are all there and of that run."""
    if not _outputs_are_current(question, published):
        return False
    copies = question.publish_to
    if copies is None:
        return True
    copied = published_summary(copies, question.storage)
    return (
        copied is not None
        and copied.run_id == published.run_id
        and _outputs_are_current(replace(question, output=copies), published)
    )


def _outputs_are_current(question: RunQuery, published: Summary) -> bool:
    output, options = question.output, question.storage
    try:
        return all(
            question.in_table(published)
            if name == TARGET and file.version is not None
            else _is_current_in_store(output, name, file, options)
            for name, file in published.outputs.items()
        )
    except (SourceError, OutputError, KeyError):
        return False


def _is_current_in_store(output: str, name: str, file: OutputFile, options: StorageOptions) -> bool:
    if file.parts is not None:
        return is_published(output, name, parts=file.parts, size=file.bytes, storage=options)
    if name != TARGET or file.format is None:
        return access.identify(_file(output, name), options).size == file.bytes
    if file.format != PARQUET:
        return False  # of a later program
    if file.files is None:
        return access.identify(within(output, TARGET_PARQUET), options).size == file.bytes
    from callcenter_etl.writers.tables.manifest import folder_is_complete  # Arrow is imported for it

    return folder_is_complete(within(output, TARGET_FOLDER), file.sha256, options)


def _same_content(recorded: RecordedSource, question: RunQuery) -> bool:
    """Compare by version where both have one, else by hash; the source is read only if its size is right."""
    uri, options = question.source, question.storage
    stored_file = stored_file_of(uri, options)
    if stored_file is None or stored_file.bytes != recorded.bytes:
        return False
    if stored_file.version is not None and (recorded.uri, recorded.version) == (
        shown(absolute(uri)),
        stored_file.version,
    ):
        return True
    return _hash_of(uri, options) == recorded.sha256


def _hash_of(uri: str, options: StorageOptions) -> str | None:
    digest = hashlib.sha256()
    try:
        with access.open_stream(uri, access.identify(uri, options), options) as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    except (SourceError, OSError):
        return None  # the run itself will say what is wrong
    return digest.hexdigest()


def _file(output: str, name: str) -> str:
    return within(output, FILE_NAMES[name])
