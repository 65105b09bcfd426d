"""Product and oracle on one file, as a list of disagreements."""

from __future__ import annotations

import json
from pathlib import Path

from callcenter_etl import load_contract, validate
from tests.oracle.contracts import Contract
from tests.oracle.expectations import SOURCE_NAME, Outcome, expectations, shown_difference
from tests.oracle.lookup_files import all_lookups, all_tables, write_lookups
from tests.oracle.reader import RefusedError, read_source
from tests.oracle.reasons import reason_faults, visible
from tests.oracle.rules import judge

__all__ = ["SIZES", "disagreements", "visible", "write_case"]

# (chunk_rows, block_bytes, workers): the smallest parts there can be, odd ones, and all at once.
SIZES = ((1, 64, 2), (7, 97, 3), (100_000, 1 << 20, 1))


def disagreements(
    data: bytes, contract: Contract, folder: Path, sizes: tuple[tuple[int, int, int], ...] = SIZES
) -> list[str]:
    """Run product and oracle on one case in `folder`; return a sentence for each thing they see differently."""
    source, document = write_case(data, contract, folder)
    loaded = load_contract(document)
    outcomes: list[Outcome] = []
    for chunk_rows, block_bytes, workers in sizes:
        output = folder / f"out_{chunk_rows}_{block_bytes}_{workers}"
        result = validate(
            source, loaded, output=output, chunk_rows=chunk_rows, block_bytes=block_bytes, workers=workers
        )
        outcomes.append(outcome_of(output, result.exit_code))
    found = [
        f"chunk_rows, block_bytes, workers = {size} and {sizes[-1]} give different outputs"
        for size, outcome in zip(sizes, outcomes, strict=True)
        if outcome.lasting != outcomes[-1].lasting
    ]
    return found + against_oracle(outcomes[-1], data, contract)


def write_case(data: bytes, contract: Contract, folder: Path) -> tuple[Path, Path]:
    """Write source, contract and lookups; return the paths of the first two."""
    folder.mkdir(parents=True, exist_ok=True)
    source, document = folder / SOURCE_NAME, folder / "contract.json"
    source.write_bytes(data)
    document.write_text(json.dumps(contract, ensure_ascii=False, indent=1), encoding="utf-8")
    write_lookups(contract, folder)
    return source, document


def outcome_of(output: Path, exit_code: int) -> Outcome:
    files = [output / f"{name}.csv" for name in ("target", "rejected", "exceptions")]
    target, rejected, exceptions = (file.read_bytes() if file.exists() else None for file in files)
    summary = json.loads((output / "summary.json").read_text(encoding="utf-8"))
    return Outcome(target, rejected, exceptions, summary, exit_code)


def against_oracle(outcome: Outcome, data: bytes, contract: Contract) -> list[str]:
    """Compare bytes, exceptions and counts with what the oracle expects."""
    try:
        read = read_source(data, contract)
    except RefusedError as refusal:
        return refusal_faults(outcome, refusal)
    if outcome.summary["status"] == "refused":
        return [f"the product refuses the source: {outcome.summary['problems']!r}"]
    verdicts = judge(read, contract, all_lookups(), all_tables(contract))
    pairs = expectations(outcome, read, verdicts, contract)
    differing = [f"{name}: {shown_difference(*pair)}" for name, pair in pairs.items() if pair[0] != pair[1]]
    return differing + reason_faults(outcome.exceptions or b"", read, contract)


def refusal_faults(outcome: Outcome, refusal: RefusedError) -> list[str]:
    """Compare a refused source: its rule, its exit code, and no file but the summary."""
    rules = [problem["rule"] for problem in outcome.summary["problems"]]
    if outcome.summary["status"] != "refused":
        return [f"the product does not refuse the source: {refusal}"]
    found = []
    if refusal.rule not in ("", *rules):
        found.append(f"refused for {rules!r}, the oracle: {refusal.rule!r}")
    if outcome.exit_code != 1:
        found.append(f"exit code {outcome.exit_code} for a refused source")
    files = {"target": outcome.target, "rejected": outcome.rejected, "exceptions": outcome.exceptions}
    return found + [f"{name} of a refused source" for name, file in files.items() if file is not None]
