"""Prints the causes of rejects at the end of runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from callcenter_etl.api_contract import Contract
from callcenter_etl.cli.exit_codes import print_error
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.run.result import RunResult
from callcenter_etl.store.uris import is_local, shown
from callcenter_etl.terminal import printable


def print_causes(results: Sequence[RunResult], contract: Contract) -> None:
    """Print the causes of the rejects of runs that have just ended.

    If an exceptions file cannot be read back, the error goes to standard error and does not affect the exit code.
    """
    explained = [each for each in results if each.record.records.rejected and not each.already_done]
    for result in explained:
        if len(explained) > 1:
            print(f"{printable(shown(result.source))}:")
        if is_local(result.output):
            _print_causes_of(result, contract)
        else:  # the exceptions would have to be downloaded whole
            print(f"  callcenter-etl explain {printable(shown(result.output))} --contract … shows the causes")


def _print_causes_of(result: RunResult, contract: Contract) -> None:
    from callcenter_etl.diagnostics.causes_report import CAUSES_RENDERERS
    from callcenter_etl.tools.explain import find_causes

    try:
        uris = result.exceptions_uris()
        found = find_causes(uris, contract.loaded, rejected=result.record.records.rejected)
    except CallcenterEtlError as error:
        print_error(error)
        return
    CAUSES_RENDERERS["text"](found, sys.stdout)
