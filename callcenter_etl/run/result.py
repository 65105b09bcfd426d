"""Result of a run in Python, and the temporary folder that lives as long as the result."""

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
    """Result of a run: its summary, and the exceptions as a table.

    With `already_done` nothing was run, and the summary is that of the earlier run that has done the same. `replaced`
    are the earlier runs that this run replaced in its output.
    """

    record: Summary
    source: str
    output: str
    already_done: bool = False
    replaced: tuple[EarlierRun, ...] = ()
    _excel_safe: bool = field(default=False, repr=False)
    # Holds a temporary output, which is removed with the last reference to it.
    _keep: object = field(default=None, repr=False)
    _storage: StorageOptions = field(default_factory=StorageOptions, repr=False)

    @property
    def summary(self) -> dict[str, Any]:
        """Summary with the keys of `summary.json`."""
        return self.record.to_dict()

    @property
    def passed(self) -> bool:
        """Return whether nothing was rejected, or the rejects are within a declared limit."""
        return self.record.status == "passed"

    @property
    def exit_code(self) -> int:
        """Exit code of the command line for this result."""
        return exit_code(self.record.status)

    @cached_property
    def exceptions(self) -> pd.DataFrame:
        """Rejected records with line, rules and reasons, empty for a refused source.

        `reject_line` is int64, all other columns are text. Raises SourceError where a file cannot be read.
        """
        import pandas as pd

        if EXCEPTIONS not in self.record.outputs:
            return pd.DataFrame(columns=["reject_line", "reject_rules", "reject_reasons", "reject_raw"])
        frame = pd.concat(
            [
                pd.read_csv(
                    io.BytesIO(read_bytes(uri, self._storage)),
                    # Text as it is: pandas would read `NA` as missing and `007` as 7.
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
        """Return the address of the exceptions, or those of its parts in order. Raises SourceError.

        A refused source has no exceptions: check `summary["outputs"]` first.
        """
        parts = self.record.outputs[EXCEPTIONS].parts
        return file_uris(self.output, EXCEPTIONS, parts=parts, storage=self._storage)

    def _repr_html_(self) -> str:
        return notebook_html(self.record, already_done=self.already_done)


class TemporaryOutput:
    """A temporary folder that is removed with its last reference. Raises OutputError where it cannot be created."""

    def __init__(self) -> None:
        self.name = str(new_temporary_folder("name an output"))
        # Not TemporaryDirectory, which warns when it is removed without `cleanup`: here that is the normal case.
        self._gone = weakref.finalize(self, remove_tree, self.name)

    def cleanup(self) -> None:
        """Remove the folder now."""
        self._gone()
