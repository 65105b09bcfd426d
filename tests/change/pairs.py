"""Pairs of contracts, a file, and what must hold of their diff; `python -m tests.change.pairs --cases N --seed S`."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callcenter_etl import load_contract
from callcenter_etl.api import back_tests, diff_contracts
from callcenter_etl.api_contract import Contract
from callcenter_etl.errors import ContractError
from callcenter_etl.tools.backtest.backtest import MAX_LINES, NO_RECORD, BackTest, VerdictChanges
from tests.change.mutations import MUTATIONS, mutated
from tests.change.vendor_mutations import VENDOR_MUTATIONS
from tests.oracle.compare import write_case
from tests.oracle.contracts import Contract as Plain
from tests.oracle.dirt import make_case
from tests.oracle.groups import named
from tests.oracle.lookup_files import all_lookups, all_tables
from tests.oracle.reader import read_source
from tests.oracle.rules import judge

BLOCK_BYTES = 97  # so that the two contracts' chunks end at different lines
Broken = Mapping[int, tuple[str, ...]]


@dataclass(slots=True)
class Tally:
    """How often each claim was made, so that a test can show that it was made at all."""

    claims: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def examine(seed: int, folder: Path, tally: Tally, groups: tuple[str, ...] = ()) -> None:
    """Compare the diff of one pair of contracts, in both directions, with a file; `groups` are those of the oracle."""
    rng = random.Random(seed)
    data, plain = make_case(rng, groups)
    if rng.random() < 0.4 and plain["source"]["encoding"] == "utf-8":
        plain["source"]["encoding"] = "ascii"
    mutations = (*VENDOR_MUTATIONS * 4, *MUTATIONS) if groups else MUTATIONS
    other = mutated(rng, plain, rng.choice([1, 1, 2, 4]), mutations)
    source, path = write_case(data, plain, folder)
    (folder / "other.json").write_text(json.dumps(other, ensure_ascii=False), encoding="utf-8")
    try:
        one, two = load_contract(path), load_contract(folder / "other.json")
    except ContractError:
        tally.claims["no contract"] += 1
        return
    [test] = back_tests([str(source)], one, two, block_bytes=BLOCK_BYTES)
    for problem in (*_claims(one, two, test, tally), *_against_oracle(data, plain, other, test, tally)):
        tally.wrong.append(f"seed {seed}: {problem}")


def _claims(old: Contract, new: Contract, test: BackTest, tally: Tally) -> list[str]:
    changes = diff_contracts(old, new)
    back = diff_contracts(new, old)
    told = [(change.path, change.old, change.new, change.why) for change in changes]
    wrong = []
    if Counter((each.tightens, each.loosens) for each in changes) != Counter(
        (each.loosens, each.tightens) for each in back
    ):
        wrong.append(f"the way back is not the way there: {told}")
    refused, refused_before = test.new.status == "refused", test.old.status == "refused"
    tally.claims["flips"] += bool(test.newly_rejected or test.newly_accepted)
    if not any(change.tightens for change in changes):
        tally.claims["nothing breaks"] += bool(changes)
        if test.newly_rejected or (refused and not refused_before):
            wrong.append(f"nothing breaks, and yet {test.newly_rejected_by_rule}: {told}")
    if not any(change.loosens for change in changes):
        tally.claims["nothing loosens"] += bool(changes)
        if test.newly_accepted or (refused_before and not refused):
            wrong.append(f"nothing loosens, and yet {test.newly_accepted_by_rule}: {told}")
    return wrong


def _against_oracle(data: bytes, old: Plain, new: Plain, test: BackTest, tally: Tally) -> list[str]:
    """Compare the flips with those of the oracle's verdicts, where the source is refused by neither."""
    if "refused" in (test.old.status, test.new.status) or any(
        _beyond_oracle(data, each) for each in (old, new)
    ):
        return []
    tally.claims["as the oracle says"] += 1
    (accepted, broken), (new_accepted, new_broken) = _verdicts(data, old), _verdicts(data, new)
    pairs = (
        (
            test.newly_rejected,
            test.newly_rejected_by_rule,
            _verdict_changes(accepted, new_accepted, new_broken),
        ),
        (test.newly_accepted, test.newly_accepted_by_rule, _verdict_changes(new_accepted, accepted, broken)),
    )
    return [
        f"{(count, by_rule)} found, {expected} by the oracle"
        for count, by_rule, expected in pairs
        if (count, by_rule) != expected
    ]


def _beyond_oracle(data: bytes, contract: Plain) -> bool:
    """Check for what the oracle does not know: bounds of times with a zone, a mark of UTF-8 in another encoding."""
    zoned = any("%z" in str(column.get("format")) or _is_mixed(column) for column in contract["columns"])
    marked = data.startswith("\ufeff".encode()) and not contract["source"]["encoding"].startswith("utf")
    return zoned or marked


def _is_mixed(column: Plain) -> bool:
    """Check whether some values of a column are instants, and others have no zone."""
    formats = column.get("format")
    return isinstance(formats, list) and "epoch" in str(formats) and "timezone" not in column


def _verdicts(data: bytes, contract: Plain) -> tuple[list[int], Broken]:
    verdicts = judge(read_source(data, contract), contract, all_lookups(), all_tables(contract))
    accepted = [verdict.line for verdict in verdicts if verdict.accepted]
    return accepted, {verdict.line: verdict.broken_errors for verdict in verdicts if not verdict.accepted}


def _verdict_changes(
    accepted: list[int], others: list[int], broken: Broken
) -> tuple[int, dict[str, VerdictChanges]]:
    """Give the records that one side accepts and the other does not, one at a time, and by rule."""
    changed_verdicts = sorted(set(accepted) - set(others))
    by_rule: dict[str, VerdictChanges] = {}
    for line in changed_verdicts:
        for rule in broken.get(line, (NO_RECORD,)):
            flips = by_rule.setdefault(rule, VerdictChanges())
            flips.records += 1
            flips.lines += [line] if len(flips.lines) < MAX_LINES else []
    return len(changed_verdicts), by_rule


def main() -> int:
    """Give 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(description="hold diffs of generated contracts to generated files")
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="the first case's seed; the others follow")
    parser.add_argument(
        "--groups", type=named, default=(), help="groups or areas of keys of the oracle; `all` for every one"
    )
    options = parser.parse_args()
    tally = Tally()
    for seed in range(options.seed, options.seed + options.cases):
        known = len(tally.wrong)
        with tempfile.TemporaryDirectory() as folder:
            examine(seed, Path(folder), tally, options.groups)
        for sentence in tally.wrong[known:]:
            print(sentence, flush=True)
    print(
        f"{options.cases} pairs from seed {options.seed}: {len(tally.wrong)} wrong claims; {dict(tally.claims)}"
    )
    return min(len(tally.wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
