"""Finds and prints the causes of rejects at the end of runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from callcenter_etl.api_contract import Contract
from callcenter_etl.cli.exit_codes import print_error
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.run.result import RunResult
from callcenter_etl.store.uris import is_local, shown
from callcenter_etl.terminal import printable

if TYPE_CHECKING:
    from callcenter_etl.tools.explain import Causes

# By run id: the causes, or the error of the search, which does not affect the run.
CausesByRun = Mapping[str, "Causes | CallcenterEtlError"]


def causes_of_results(results: Sequence[RunResult], contract: Contract) -> CausesByRun:
    """Return the causes of the rejects of all runs that have some; downloads exceptions from S3."""
    return {
        result.record.run_id: _find(result, contract) for result in results if result.record.records.rejected
    }


def print_causes(results: Sequence[RunResult], contract: Contract, *, known: CausesByRun) -> None:
    """Print the causes of the rejects of runs that have just ended; `known` causes are not searched again.

    If an exceptions file cannot be read back, the error goes to standard error and does not affect the exit code.
    """
    explained = [each for each in results if each.record.records.rejected and not each.already_done]
    for result in explained:
        if len(explained) > 1:
            print(f"{printable(shown(result.source))}:")
        if result.record.run_id in known:
            _print(known[result.record.run_id])
        elif is_local(result.output):
            _print(_find(result, contract))
        else:  # the exceptions would have to be downloaded whole
            print(f"  callcenter-etl explain {printable(shown(result.output))} --contract … shows the causes")


def _find(result: RunResult, contract: Contract) -> Causes | CallcenterEtlError:
    # Imported only where rejects are to be explained: most runs need nothing of it.
    from callcenter_etl.tools.explain import find_causes

    try:
        uris = result.exceptions_uris()
        return find_causes(uris, contract.loaded, rejected=result.record.records.rejected)
    except CallcenterEtlError as error:
        return error


def _print(found: Causes | CallcenterEtlError) -> None:
    from callcenter_etl.diagnostics.causes_report import CAUSES_RENDERERS

    if isinstance(found, CallcenterEtlError):
        print_error(found)
    else:
        CAUSES_RENDERERS["text"](found, sys.stdout)
