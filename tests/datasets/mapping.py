"""Says which of our rules stand for a rule of the datasets' own words.

A rule of theirs is broken where one of ours is. `numeric:X`, `time:X` and the like become the value rules of column X;
where a column has two of their value rules, `SPECIAL` says which of ours belongs to which.
"""

from __future__ import annotations

VALUE_KINDS = frozenset({"numeric", "time", "date", "datetime", "format", "range", "enum", "percent"})
VALUE_KEYS = ("type", "min", "max", "pattern", "allowed")

DAILY = {
    # digits only, and an integer in [10, 999]: what is no integer breaks both of theirs
    "numeric:Incoming Calls": frozenset({"Incoming Calls.type", "Incoming Calls.pattern"}),
    "range:Incoming Calls": frozenset({"Incoming Calls.type", "Incoming Calls.min", "Incoming Calls.max"}),
}

SPECIAL: dict[str, dict[str, frozenset[str]]] = {
    "daily_metrics__main": DAILY,
    "daily_metrics__drift_semicolon": DAILY,
    "orlando_pd_active__main": {
        # a column whose header cell is empty; the contract calls it row
        "required:": frozenset({"row.required"}),
        "numeric:": frozenset({"row.pattern"}),
        "unique:": frozenset({"row.unique"}),
        "unique:Date+Description+Location": frozenset({"one_call_a_place"}),
    },
    "pwc_call_center__drift_trailing_columns": {
        "required:1..6": frozenset(
            f"{name}.required"
            for name in ("Call Id", "Date", "Agent", "Department", "Answered (Y/N)", "Resolved")
        ),
        "empty:10..11": frozenset({"trailing_are_empty"}),
        "date:2": frozenset({"Date.type"}),
        "range:7": frozenset({f"Speed of Answer.{key}" for key in ("type", "min", "max", "pattern")}),
        "time:8": frozenset({"AvgTalkDuration.type"}),
        "required:9": frozenset({"Satisfaction rating.required"}),
    },
    "technion_one_day__main": {"unique:vru+line+call_id": frozenset({"one_call_a_line"})},
}

LEFT_OUT: dict[str, dict[str, str]] = {}
"""Rules of theirs that a contract cannot say, each with why; left out on both sides. So far there is none."""


def ours(contract: str, theirs: str, rules: frozenset[str]) -> frozenset[str]:
    """Give the ids of our rules, among those of the contract, that say what their rule says.

    Raises LookupError where there are none: a rule without a counterpart must be named in `LEFT_OUT`.
    """
    found = SPECIAL.get(contract, {}).get(theirs, _by_convention(theirs)) & rules
    if not found:
        raise LookupError(f"{contract}: no rule stands for {theirs!r}")
    return found


def _by_convention(theirs: str) -> frozenset[str]:
    if theirs == "column_count":
        return frozenset({"record.fields"})
    kind, _, name = theirs.partition(":")
    if kind == "cross":
        return frozenset({name})
    if kind in {"required", "unique"}:
        return frozenset({f"{name}.{kind}"})
    if kind in VALUE_KINDS:
        return frozenset(f"{name}.{key}" for key in VALUE_KEYS)
    return frozenset()
