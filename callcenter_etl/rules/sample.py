"""A passing and a failing sample of a rule, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sample:
    """A contract and two sources: `passing` breaks no rule; `failing` breaks `breaks`, and inevitably `also`.

    `contract` is the YAML after the contract's id. `files` are further files in its folder, `failing_name` is the file
    name of the failing source, and `failing_shown` replaces a failing source that is too large for the page.
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
    """Return the sample of a rule on the column `value`; a second column makes records with an empty value possible."""
    contract = f"columns:\n  - {{name: id}}\n  - {{name: value, {keys}}}\n"
    passing, failing = f"id,value\n1,{good}\n".encode(), f"id,value\n1,{bad}\n".encode()
    return Sample(kind, asks, contract, passing, failing, f"value.{kind}")
