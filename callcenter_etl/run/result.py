"""What a run gives to Python, and the folder for files that are kept as long as that is used."""

from __future__ import annotations

import io
import weakref
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.run.notebook_html import notebook_html
from callcenter_etl.run.replacement import EarlierRun
from callcenter_etl.run.summary import Summary, exit_code
from callcenter_etl.store.access import read_bytes
from callcenter_etl.temporary import new_temporary_folder, remove_tree
from callcenter_etl.writers.csv_injection import unescape
from callcenter_etl.writers.file_names import EXCEPTIONS
from callcenter_etl.writers.part_folder import file_uris

if TYPE_CHECKING:  # imported where it is used: a run need not wait for pandas
    import pandas as pd


@dataclass(frozen=True)
class RunResult:
    """What a run gave: the summary, and the exceptions as a table.

    With `already_done` nothing was run: the summary is that of the earlier run that did the same. `replaced` are the
    earlier runs whose files this run replaced.
    """

    record: Summary
    source: str
    output: str
    already_done: bool = False
    replaced: tuple[EarlierRun, ...] = ()
    _excel_safe: bool = field(default=False, repr=False)
    _keep: object = field(default=None, repr=False)
    _storage: StorageOptions = field(default_factory=StorageOptions, repr=False)

    @property
    def summary(self) -> dict[str, Any]:
        """The summary as `summary.json` holds it."""
        return self.record.to_dict()

    @property
    def passed(self) -> bool:
        """True where nothing was rejected, or rejects stayed within a declared limit."""
        return self.record.status == "passed"

    @property
    def exit_code(self) -> int:
        """The exit code that the command line gives for this result."""
        return exit_code(self.record.status)

    @cached_property
    def exceptions(self) -> pd.DataFrame:
        """The rejected records with line, rules and reasons, all text but the line; empty for a refused source."""
        import pandas as pd

        if EXCEPTIONS not in self.record.outputs:
            return pd.DataFrame(columns=["reject_line", "reject_rules", "reject_reasons", "reject_raw"])
        frame = pd.concat(
            [
                pd.read_csv(
                    io.BytesIO(read_bytes(uri, self._storage)),
                    dtype=str,
                    keep_default_na=False,
                    na_filter=False,
                    encoding="utf-8",
                    lineterminator=None,
                )
                for uri in self.exceptions_uris()
            ],
            ignore_index=True,
        )
        if self._excel_safe:
            frame = frame.rename(columns=unescape).map(unescape)
        return frame.astype({"reject_line": "int64"})

    def exceptions_uris(self) -> list[str]:
        """Return the file of the exceptions, or its parts in order; not for a refused source. Raises SourceError."""
        parts = self.record.outputs[EXCEPTIONS].parts
        return file_uris(self.output, EXCEPTIONS, parts=parts, storage=self._storage)

    def _repr_html_(self) -> str:
        return notebook_html(self.record, already_done=self.already_done)


class TemporaryOutput:
    """A folder of the system's that goes with its last user. Raises OutputError where none can be made."""

    def __init__(self) -> None:
        self.name = str(new_temporary_folder("name an output"))
        # Unlike TemporaryDirectory it is meant to go without a word.
        self._gone = weakref.finalize(self, remove_tree, self.name)

    def cleanup(self) -> None:
        """Remove the folder now."""
        self._gone()
