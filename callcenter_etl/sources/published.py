"""The contract by which published files of a run are read: target and rejected records."""

from __future__ import annotations

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.encodings import is_ascii_superset


def as_published(document: ContractDocument) -> ContractDocument:
    """Return a contract for published files: any name, the header lines and the records alone.

    The encoding is UTF-8 if the source's own one is not a superset of ASCII.
    """
    source = document.source.of_outputs()
    outputs = {
        "encoding": source.encoding if is_ascii_superset(source.encoding) else "utf-8",
        # No output has these lines. `comment` too: a record of rejected.csv that is corrected may begin with it.
        "preamble": None,
        "after_header": None,
        "comment": None,
        "footer": None,
    }
    return document.model_copy(update={"source": source.model_copy(update=outputs)})
