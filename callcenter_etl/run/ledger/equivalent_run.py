"""Find the recorded run that has already done what a new run would do."""

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
# Errors where a folder, a circular link, a pipe, a device or a socket has the name of the summary.
_NOT_A_FILE = (errno.EISDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO)
_OPEN_SECONDS = 2  # a file that changes twice within a clock tick looks unchanged; FAT has the longest ticks


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Size and version of a stored file; `version` is None where the content may change without changing it."""

    bytes: int
    version: str | None


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Source, contract and options of a new run, and its output; `publish_to` is the prefix of the copies.

    `in_table` returns for an earlier run whether its table has the records, and the new run would not change it.
    """

    source: str
    output: str
    contract_sha256: str
    options: str
    publish_to: str | None = None
    storage: StorageOptions = field(default_factory=StorageOptions)
    in_table: Callable[[Summary], bool] = lambda _: False


def find_equivalent_run(ledger: Ledger, query: RunQuery, published: Summary | None) -> Summary | None:
    """Return the summary of the run that has done this already, None where the run has to be done.

    A run counts as done where the published summary is of a run in the ledger with the same contract and options, its
    files are complete, and the source has the same bytes.
    """
    if published is None or published.contract.sha256 != query.contract_sha256:
        return None
    record = readable(ledger.get(published.run_id))
    if record is None or record.status in (RUNNING, ERROR) or record.options != query.options:
        return None
    if not _is_current(query, published) or not _same_content(record.source, query):
        return None
    return published


def published_summary(output: str, options: StorageOptions = DEFAULTS) -> Summary | None:
    """Return the summary in an output, None where there is none or its content is not a summary's, which is logged.

    Raises SourceError where it cannot be read.
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
    """Return the JSON object of the summary in an output, None where there is none or it is not JSON, which is logged.

    Raises SourceError where it cannot be read: treated as missing, the run that it names would be replaced unnoticed.
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
    """Return size and version of a stored file, None for standard input, pipes and files that cannot be examined."""
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
    # ctime as well: copies and `touch` can set mtime to that of an earlier file, but not ctime.
    version = f"{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_dev}-{found.st_ino}" if settled else None
    return StoredFile(found.st_size, version)


def _is_current(query: RunQuery, published: Summary) -> bool:
    """Return whether the published files, and the copies where the new run wants them, are complete and of that run."""
    if not _outputs_are_current(query, published):
        return False
    copies = query.publish_to
    if copies is None:
        return True
    copied = published_summary(copies, query.storage)
    return (
        copied is not None
        and copied.run_id == published.run_id
        and _outputs_are_current(replace(query, output=copies), published)
    )


def _outputs_are_current(query: RunQuery, published: Summary) -> bool:
    output, options = query.output, query.storage
    try:
        return all(
            query.in_table(published)
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
        return False  # written by a later version of this program
    if file.files is None:
        return access.identify(within(output, TARGET_PARQUET), options).size == file.bytes
    from callcenter_etl.writers.tables.manifest import folder_is_complete  # imports Arrow

    return folder_is_complete(within(output, TARGET_FOLDER), file.sha256, options)


def _same_content(recorded: RecordedSource, query: RunQuery) -> bool:
    """Return whether the source has the content of the recorded run, by version where both have one, else by hash."""
    # Reading a large source takes as long as half a run, so it is hashed only where its size is the recorded one.
    uri, options = query.source, query.storage
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
        return None  # the run reads the source next, and reports the error
    return digest.hexdigest()


def _file(output: str, name: str) -> str:
    return within(output, FILE_NAMES[name])
