"""Imports the quality checks of ODCS that are equivalent to rules, that is, checks that every record must pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callcenter_etl.contract.document_text import Path
from callcenter_etl.tools.convert.bound_import import literal, put_values
from callcenter_etl.tools.convert.import_draft import Draft, ImportedColumn, Taken, is_null
from callcenter_etl.tools.convert.odcs_terms import EXTENSION, WARNING_SEVERITIES
from callcenter_etl.tools.convert.pattern_anchors import whole

_METRICS = {
    "nullCheck": "nullValues",
    "notNull": "nullValues",
    "duplicateCount": "duplicateValues",
    "unique": "duplicateValues",
    "validValues": "invalidValues",
    "countCheck": "rowCount",
}
_OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
_ABOUT = (
    "id",
    "dimension",
    "businessImpact",
    "method",
    "schedule",
    "scheduler",
    "tags",
    "authoritativeDefinitions",
)


def read_column_checks(column: ImportedColumn, described: Taken) -> None:
    """Import the checks of a property that are column rules, and add notes about the others."""
    for check in described.each("quality"):
        metric = _metric(check)
        reader = _COLUMN_CHECKS.get(metric)
        arguments = check.inside("arguments")
        taken = reader is not None and _asks_every_record(check) and reader(column, check, arguments)
        _done(column.draft, check, metric, taken=taken)


def read_table_checks(draft: Draft, table: Taken) -> None:
    """Import the checks of a schema object that are record rules or limits, and add notes about the others."""
    for check in table.each("quality"):
        metric = _metric(check)
        reader = _TABLE_CHECKS.get(metric)
        arguments = check.inside("arguments")
        _done(draft, check, metric, taken=reader is not None and reader(draft, check, arguments))


def _metric(check: Taken) -> str:
    # With the engine in the name, only custom checks of this program are found in the tables below.
    if str(check.value.get("type")) in ("custom", "sql", "text"):
        return f"{check.value['type']} {check.value.get('engine', '')}".strip()
    # ODCS 3.0 has `rule` where 3.1 has `metric`.
    name = check.value.get("metric", check.value.get("rule"))
    return _METRICS.get(str(name), str(name))


def _done(draft: Draft, check: Taken, metric: str, *, taken: bool) -> None:
    """Add notes about the parts of an imported check that its rule lacks, or about a check that was not imported."""
    if not taken:
        _note(draft, check, metric)
    for key in check.value if taken else ():
        if key in _ABOUT:
            draft.note(check.at(key), f"{key!r} is not taken over")
    # All keys of the check have been handled, so that no second note is added for them.
    check.skip()


def _note(draft: Draft, check: Taken, metric: str) -> None:
    if metric == "text":
        draft.note(check.path, "a check in words is for people: it is not taken over")
        return
    name = check.value.get("name", check.value.get("description"))
    called = "" if name is None else f" {str(name)[:60]!r}"
    limits = [f"{word} {_shown(check.value[word])}" for word in _OPERATORS if word in check.value]
    unit = f" {check.value['unit']}" if "unit" in check.value else ""
    what = " ".join([metric, *limits]) + unit
    draft.note(check.path, f"the check{called} ({what}) is not asked: no rule here says it", asserts=True)


def _shown(value: Any) -> str:
    return f"{value[0]} to {value[1]}" if isinstance(value, list) and len(value) == 2 else str(value)


def _asks_every_record(check: Taken) -> bool:
    """Return whether no record at all may break the check."""
    given = {word: str(check.value[word]) for word in _OPERATORS if not is_null(check.value.get(word))}
    said = [*given.items()]
    if not said:
        return str(check.value.get("rule")) in ("validValues", "nullCheck", "notNull", "unique")
    # A tolerance, such as "at most 5 percent", is a limit of the source and not a rule of each record.
    return said in ([("mustBe", "0")], [("mustBeLessThan", "1")], [("mustBeLessOrEqualTo", "0")])


def _warns(check: Taken) -> bool:
    return str(check.value.get("severity", "")).lower() in WARNING_SEVERITIES


def _required(column: ImportedColumn, check: Taken, arguments: Taken) -> bool:
    column.flag("required", check.path, warn=_warns(check))
    return True


def _missing(column: ImportedColumn, check: Taken, arguments: Taken) -> bool:
    """Import a check that forbids empty values and the words for missing values.

    The words are forbidden by a rule of this column: as `empty_values` they would be missing values in every column.
    A word that is not of the column's type needs no rule, because the type rejects it.
    """
    column.flag("required", check.path, warn=_warns(check))
    words = arguments.value.get("missingValues")
    given = [str(word) for word in words if not is_null(word)] if isinstance(words, list) else []
    literals = [literal(column, word) for word in given if word.strip()]
    forbidden = ", ".join(each for each in literals if each is not None)
    if forbidden:
        name = str(column.value["name"])
        rule = {"name": f"{name}.missingValues", "check": f"not (`{name}` in [{forbidden}])"}
        column.draft.add_rule(rule | ({"severity": "warn"} if _warns(check) else {}), check.path)
    return True


def _unique(column: ImportedColumn, check: Taken, arguments: Taken) -> bool:
    column.flag("unique", check.path, warn=_warns(check))
    return True


def _valid(column: ImportedColumn, check: Taken, arguments: Taken) -> bool:
    values = arguments.value.get("validValues", check.value.get("validValues"))
    pattern = arguments.value.get("pattern")
    inside: Path = check.at("arguments")
    if isinstance(values, list):
        # Empty values break only `required` in a contract, so they need not be in the list.
        words = [value for value in values if not is_null(value) and str(value)]
        put_values(column, words, (*inside, "validValues"), warn=_warns(check))
    if pattern is not None:
        column.put("pattern", whole(str(pattern)), (*inside, "pattern"), warn=_warns(check))
    return isinstance(values, list) or pattern is not None


def _at_least(draft: Draft, check: Taken, arguments: Taken) -> bool:
    """Import the least number of records; contracts have no limit for the greatest."""
    value = check.value
    least = value.get("mustBeGreaterOrEqualTo")
    if least is None and str(value.get("mustBeGreaterThan")).isdigit():
        least = int(str(value["mustBeGreaterThan"])) + 1
    both = value.get("mustBeBetween")
    if least is None and isinstance(both, list):
        least = both[0]
        draft.note(check.path, f"at most {both[1]} records is not asked: no limit here says it", asserts=True)
    if least is None:
        return False
    draft.put(("limits", "min_records"), least, check.path)
    return True


def _unique_together(draft: Draft, check: Taken, arguments: Taken) -> bool:
    names = arguments.value.get("properties")
    if not isinstance(names, list) or not _asks_every_record(check):
        return False
    rule = _rule(draft, check)
    rule["unique"] = names
    # An export keeps the rule's reason here, for which ODCS has no key.
    for custom in check.each("customProperties"):
        kept = custom.value.get("value")
        if str(custom.value.get("property")) == EXTENSION and isinstance(kept, dict):
            rule |= kept
    draft.add_rule(rule, check.path)
    return True


def _own(draft: Draft, check: Taken, arguments: Taken) -> bool:
    said = check.value.get("implementation")
    if not isinstance(said, dict):
        return False
    rule = _rule(draft, check) | said
    place = len(draft.value.get("rules", []))
    draft.add_rule(rule, check.path)
    # Each key has its own position, so that a fault in an expression is reported on its line.
    draft.origins |= {("rules", place, key): check.at("implementation", key) for key in said}
    return True


def _rule(draft: Draft, check: Taken) -> dict[str, Any]:
    number = len(draft.value.get("rules", [])) + 1
    rule: dict[str, Any] = {"name": check.value.get("name", f"rule_{number}")}
    if "description" in check.value:
        rule["description"] = check.value["description"]
    if _warns(check):
        rule["severity"] = "warn"
    return rule


_COLUMN_CHECKS: dict[str, Callable[[ImportedColumn, Taken, Taken], bool]] = {
    "nullValues": _required,
    "missingValues": _missing,
    "duplicateValues": _unique,
    "invalidValues": _valid,
}
_TABLE_CHECKS: dict[str, Callable[[Draft, Taken, Taken], bool]] = {
    "rowCount": _at_least,
    "duplicateValues": _unique_together,
    f"custom {EXTENSION}": _own,
}
