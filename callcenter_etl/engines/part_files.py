"""Writes one range of a source as a part of each output, where its task runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from callcenter_etl.accounts import Accounts
from callcenter_etl.engines.returned import settle_rows
from callcenter_etl.engines.rows import told_error
from callcenter_etl.engines.work import Work
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.memory import lack_of_memory_told
from callcenter_etl.outputs.parts import AttemptStaging
from callcenter_etl.outputs.router import Router
from callcenter_etl.outputs.staging import EXCEPTIONS, REJECTED, TARGET, Staging


@dataclass(frozen=True, slots=True)
class PartsPlan:
    """Where the parts of a run are staged, a folder that driver and executors share, and what each begins with."""

    work: Work
    folder: str
    preamble: bytes
    mode: int | None

    @classmethod
    def of(cls, work: Work, staged: Staging, preamble: bytes) -> Self:
        """Give the plan to write parts into a staging folder."""
        return cls(work, str(staged.directory.resolve()), preamble, staged.mode)


def write_part(plan: PartsPlan, part: int, batches: Iterable[pa.RecordBatch]) -> dict[str, Any]:
    """Write the judged rows of one range and tell of it: files, counts, and the bytes judged; or what went wrong."""
    staged = None
    try:
        with lack_of_memory_told():
            staged = AttemptStaging(Path(plan.folder), part, plan.mode)
            return _written(plan, part, batches, staged)
    except CallcenterEtlError as error:
        return {"part": part, "error": told_error(error)}
    finally:
        for file in () if staged is None else staged.files.values():
            file.discard()


def _written(
    plan: PartsPlan, part: int, batches: Iterable[pa.RecordBatch], staged: AttemptStaging
) -> dict[str, Any]:
    shape, accounts = plan.work.shape, Accounts()
    router = Router(staged, names=shape.layout.names, encoding=shape.dialect.encoding, cells=shape.cells)
    router.begin(plan.preamble)
    body = settle_rows(
        (row for batch in batches for row in batch.to_pylist()),
        first=part,
        parts=part + 1,
        router=router,
        accounts=accounts,
        dialect=shape.dialect,
        after_each=lambda: None,
    )
    records = {
        TARGET: router.target_records,
        REJECTED: accounts.rejected.records,
        EXCEPTIONS: router.exception_records,
    }
    return {
        "part": part,
        "files": staged.told(records),
        "accounts": asdict(accounts),
        "exception_records": router.exception_records,
        "target_records": router.target_records,
        "body": {"bytes": body.bytes, "crc32": body.crc32},
    }


def empty_part(plan: PartsPlan) -> dict[str, Any]:
    """Write the one part of a source without records."""
    staged = AttemptStaging(Path(plan.folder), 0, plan.mode)
    shape = plan.work.shape
    router = Router(staged, names=shape.layout.names, encoding=shape.dialect.encoding, cells=shape.cells)
    router.begin(plan.preamble)
    return {
        "part": 0,
        "files": staged.told({TARGET: 0, REJECTED: 0, EXCEPTIONS: 0}),
        "accounts": asdict(Accounts()),
        "exception_records": 0,
        "target_records": 0,
        "body": {"bytes": 0, "crc32": 0},
    }
