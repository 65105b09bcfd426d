"""Says at the end of runs what is behind their rejects."""

from __future__ import annotations

import sys

from callcenter_etl.api import Contract
from callcenter_etl.cli.exits import say_error
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.explain import find_causes
from callcenter_etl.outputs.staging import EXCEPTIONS, FILE_NAMES
from callcenter_etl.reports.causes import CAUSES_RENDERERS
from callcenter_etl.storage.addresses import is_local, shown, within
from callcenter_etl.terminal import printable


def say_causes(outputs: list[tuple[str, str, int]], contract: Contract) -> None:
    """Print what is behind the rejects of runs that have just ended: each one's source, output and rejects.

    A file that cannot be read back is said on standard error, and changes nothing about the run.
    """
    for source, output, rejected in outputs:
        if len(outputs) > 1:
            print(f"{printable(shown(source))}:")
        if not is_local(output):  # it would have to be fetched whole
            print(f"  callcenter-etl explain {printable(shown(output))} --contract … tells the causes")
            continue
        try:
            found = find_causes(within(output, FILE_NAMES[EXCEPTIONS]), contract.loaded, rejected=rejected)
        except CallcenterEtlError as error:
            say_error(error)
            continue
        CAUSES_RENDERERS["text"](found, sys.stdout)
