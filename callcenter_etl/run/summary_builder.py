"""Build the parts of a summary from the counts and the staged files of a run."""

from __future__ import annotations

from callcenter_etl.judge.tally import Tally
from callcenter_etl.run.summary import OutputFile, RuleCount
from callcenter_etl.store.uris import encodable
from callcenter_etl.writers.file_names import TARGET
from callcenter_etl.writers.staging import Staging


def rule_counts(accounts: Tally) -> dict[str, RuleCount]:
    """Return the count of each rule by rule id, in contract order."""
    return {
        rule: RuleCount(
            severity=tally.severity,
            broken=tally.broken,
            samples=tuple(tally.samples),
        )
        for rule, tally in accounts.rules.items()
    }


def staged_bytes(staged: Staging, name: str, *, header_bytes: int) -> int:
    """Return the bytes of a staged file, or of all its parts with the header of `header_bytes` bytes counted once."""
    # Each part begins with the header, and the totals of the source contain it once.
    if name not in staged.folders:
        return staged.files[name].bytes
    folder = staged.folders[name]
    return folder.bytes - (folder.parts - 1) * header_bytes


def output_file(staged: Staging, name: str, *, unconverted: int | None) -> OutputFile:
    """Return the description of one of the run's files as it will be published."""
    target = staged.target
    if name in staged.folders:
        folder, uri = staged.folders[name], encodable(staged.final_uri(name))
        return OutputFile(uri=uri, bytes=folder.bytes, sha256=folder.sha256, parts=folder.parts)
    if name != TARGET or target is None:
        file = staged.files[name]
        return OutputFile(uri=encodable(staged.final_uri(name)), bytes=file.bytes, sha256=file.sha256)
    return OutputFile(
        uri=target.uri or encodable(staged.final_uri(name)),
        bytes=target.bytes,
        sha256=target.sha256,
        format=target.format,
        files=None if target.files is None else len(target.files),
        unconverted=unconverted,
        version=target.version,
        records=None if target.path is not None else target.records,  # a table also has rows of other runs
    )
