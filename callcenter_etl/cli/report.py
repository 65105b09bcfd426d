"""`--report`: where a page about runs goes, settled before they start; and the page, written when they have ended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from callcenter_etl.errors import CallcenterEtlError, OutputError, UsageError
from callcenter_etl.storage.addresses import is_local, local_path, shown

if TYPE_CHECKING:
    from callcenter_etl.api import Contract, RunResult
    from callcenter_etl.reports.html import ReportFile


def prepare_report(uri: str, contract: Contract, sources: Sequence[str]) -> ReportFile:
    """Raise UsageError, before anything is run, where no report could be written or it would replace a source."""
    from callcenter_etl.reports.html import report_file

    if any(_same_file(uri, source) for source in sources):
        raise UsageError(f"--report: {shown(uri)!r} is the source itself (name another file)")
    defaults = contract.document.run
    return report_file(uri, storage=defaults.storage_options, mode=defaults.mode)


def write_report(
    page: ReportFile,
    results: Sequence[RunResult],
    contract: Contract,
    *,
    root: str | None,
    failures: Sequence[tuple[str, CallcenterEtlError]] = (),
) -> None:
    """Write the page about the runs. Raises OutputError, which says that the runs stand all the same."""
    from callcenter_etl.reports.html import Finished, Unfinished, gather, render_page

    finished = [Finished(result.record, result.output, result.already_done) for result in results]
    unfinished = [Unfinished(shown(source), shown(str(error))) for source, error in failures]
    data = gather(finished, contract.loaded, root=root, unfinished=unfinished)
    try:
        page.write(render_page(data))
    except OutputError as error:
        raise OutputError(f"the run stands, only its report is not written: {error}") from error


def _same_file(uri: str, source: str) -> bool:
    if not (is_local(uri) and is_local(source)):
        return uri == source
    return os.path.realpath(local_path(uri)) == os.path.realpath(local_path(source))
