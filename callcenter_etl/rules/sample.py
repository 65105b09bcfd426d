"""A passing and a failing sample of a rule, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sample:
    """Two sources and a contract: `passing` breaks no rule, `failing` breaks `breaks` and, where that cannot be, `also`.

    `contract` is the YAML below its id. `files` are further files in its folder, `failing_name` the failing source's
    name where the name is at fault, and `failing_shown` replaces a failing source that no page can hold.
    """

    kind: str
    asks: str
    contract: str
    passing: bytes
    failing: bytes
    breaks: str
    files: Mapping[str, str] = field(default_factory=dict)
    failing_name: str = "calls.csv"
    failing_shown: str | None = None
    also: tuple[str, ...] = ()

    @property
    def document(self) -> str:
        """The whole contract."""
        return f"contract: sample\n{self.contract}"


def column_sample(kind: str, asks: str, keys: str, good: str, bad: str) -> Sample:
    """Return the sample of a rule on the column `value`, which follows an id so that it may be empty."""
    contract = f"columns:\n  - {{name: id}}\n  - {{name: value, {keys}}}\n"
    passing, failing = f"id,value\n1,{good}\n".encode(), f"id,value\n1,{bad}\n".encode()
    return Sample(kind, asks, contract, passing, failing, f"value.{kind}")
