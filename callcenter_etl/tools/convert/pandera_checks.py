"""Imports the named checks of pandera as column rules or record rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callcenter_etl.contract.document_text import Path
from callcenter_etl.tools.convert.bound_import import put_values
from callcenter_etl.tools.convert.import_draft import ImportedColumn, Taken, is_null, is_true
from callcenter_etl.tools.convert.pattern_anchors import whole
from callcenter_etl.tools.convert.text_types import kind_of_shape

_OPTIONS = ("options", "raise_warning", "ignore_na", "n_failure_cases", "groupby", "groups", "error", "name", "check_name")  # fmt: skip
_NUMBERS = ("integer", "decimal")


@dataclass(frozen=True, slots=True)
class PanderaCheck:
    """A check of a column: name, arguments, path, and whether it has severity `warn`."""

    name: str
    words: Mapping[str, Any]
    path: Path
    warn: bool

    def word(self, *names: str) -> Any:
        """Return the first argument with one of these names, or the value of a check with a single argument."""
        return next((self.words[name] for name in (*names, "value") if name in self.words), None)


def read_checks(column: ImportedColumn, described: Taken) -> None:
    """Import every check of a column that is a rule, and add notes about the others."""
    for check in _checks(described):
        reader = _READERS.get(check.name)
        if reader is None or not reader(column, check):
            shown = ", ".join(f"{key} {value}" for key, value in check.words.items())
            what = f"{check.name or 'a check'} ({shown})" if shown else f"the check {check.name!r}"
            column.draft.note(check.path, f"{what} is not asked: no rule here says it", asserts=True)


def _checks(described: Taken) -> Iterator[PanderaCheck]:
    """Yield the checks from any of pandera's three forms: a list, a mapping by name, or keys of the column."""
    for listed in described.each("checks"):
        options = listed.inside("options").value
        yield _check(str(options.get("check_name", "")), listed.value, options, listed.path)
        listed.skip()
    by_name = described.value.get("checks")
    below = described.inside("checks") if isinstance(by_name, dict) else described
    for name in list(below.value):
        # Among the keys of the column only known checks count; under `checks` every key is a check.
        if (below is not described or name in _READERS) and below.has(name):
            said = below.take(name)
            words = said if isinstance(said, dict) else {"value": said}
            inner = words.get("options")
            yield _check(name, words, inner if isinstance(inner, dict) else words, below.at(name))


def _check(name: str, said: Mapping[str, Any], options: Mapping[str, Any], path: Path) -> PanderaCheck:
    words = {key: value for key, value in said.items() if key not in _OPTIONS and not is_null(value)}
    return PanderaCheck(name, words, path, is_true(options.get("raise_warning")))


def _bound(key: str, word: str) -> Callable[[ImportedColumn, PanderaCheck], bool]:
    def read(column: ImportedColumn, check: PanderaCheck) -> bool:
        bound = check.word(word)
        if (
            bound is None or column.value.get("type", "text") == "text"
        ):  # pandera compares texts alphabetically
            return False
        if column.value["type"] == "date":
            # The bound of a date may be written as a timestamp at midnight.
            bound = re.sub(r"[T ]00:00:00$", "", str(bound))
        column.put(key, bound, check.path, warn=check.warn)
        return True

    return read


def _beyond(operator: str, word: str) -> Callable[[ImportedColumn, PanderaCheck], bool]:
    def read(column: ImportedColumn, check: PanderaCheck) -> bool:
        bound = check.word(word)
        if bound is None or column.value.get("type", "text") == "text":
            return False
        _add_rule(column, check, f"{{}} {operator} {_literal(column, bound)}")
        return True

    return read


def _none_of(word: str) -> Callable[[ImportedColumn, PanderaCheck], bool]:
    def read(column: ImportedColumn, check: PanderaCheck) -> bool:
        values = check.word(word)
        listed = values if isinstance(values, list) else [values]
        words = ", ".join(_literal(column, value) for value in listed)
        _add_rule(column, check, f"not ({{}} in [{words}])")
        return bool(words)

    return read


def _literal(column: ImportedColumn, value: Any) -> str:
    return str(value) if column.value.get("type") in _NUMBERS else repr(str(value))


def _add_rule(column: ImportedColumn, check: PanderaCheck, asked: str) -> None:
    name = str(column.value["name"])
    # Not `format`, since a literal may contain braces; the first pair is the placeholder.
    rule = {"name": f"{name}.{check.name}", "check": asked.replace("{}", f"`{name}`", 1)}
    column.draft.add_rule(rule | ({"severity": "warn"} if check.warn else {}), check.path)


def _in_range(column: ImportedColumn, check: PanderaCheck) -> bool:
    ends = (("min_value", "include_min", "min", ">"), ("max_value", "include_max", "max", "<"))
    done = [
        (_bound(key, word) if _is_inclusive(check, include) else _beyond(operator, word))(column, check)
        for word, include, key, operator in ends
        if word in check.words
    ]
    return all(done)


def _is_inclusive(check: PanderaCheck, word: str) -> bool:
    return str(check.words.get(word, "true")).lower() == "true"


def _length(column: ImportedColumn, check: PanderaCheck) -> bool:
    exact = check.word("exact_value")
    for word, key in (("min_value", "min_length"), ("max_value", "max_length")):
        length = check.words.get(word, exact)
        if length is not None:
            column.put(key, length, check.path, warn=check.warn)
    return True


def _matches(column: ImportedColumn, check: PanderaCheck) -> bool:
    """Import a pattern, which pandera matches from the start and not to the end."""
    pattern = whole(str(check.word("pattern")), from_start=True)
    kind = kind_of_shape(pattern)
    if kind is not None and "type" not in column.value:
        column.put("type", kind, check.path, warn=check.warn)
        return True
    return _put_pattern(column, check, pattern)


def _contains(column: ImportedColumn, check: PanderaCheck) -> bool:
    return _put_pattern(column, check, whole(str(check.word("pattern"))))


def _starts(column: ImportedColumn, check: PanderaCheck) -> bool:
    # With the s flag, since a value may contain line breaks.
    return _put_pattern(column, check, f"{re.escape(str(check.word('string')))}(?s:.*)")


def _ends(column: ImportedColumn, check: PanderaCheck) -> bool:
    return _put_pattern(column, check, f"(?s:.*){re.escape(str(check.word('string')))}")


def _put_pattern(column: ImportedColumn, check: PanderaCheck, pattern: str) -> bool:
    """Set the column's pattern; return False if it has one already."""
    if "pattern" in column.value:
        return False
    column.put("pattern", pattern, check.path, warn=check.warn)
    return True


def _isin(column: ImportedColumn, check: PanderaCheck) -> bool:
    values = check.word("allowed_values")
    if not isinstance(values, list):
        return False
    put_values(column, values, check.path, warn=check.warn)
    return True


def _equal(column: ImportedColumn, check: PanderaCheck) -> bool:
    put_values(column, [check.word()], check.path, warn=check.warn)
    return True


_READERS: dict[str, Callable[[ImportedColumn, PanderaCheck], bool]] = {
    **dict.fromkeys(("greater_than_or_equal_to", "ge"), _bound("min", "min_value")),
    **dict.fromkeys(("less_than_or_equal_to", "le"), _bound("max", "max_value")),
    **dict.fromkeys(("greater_than", "gt"), _beyond(">", "min_value")),
    **dict.fromkeys(("less_than", "lt"), _beyond("<", "max_value")),
    **dict.fromkeys(("in_range", "between"), _in_range),
    **dict.fromkeys(("equal_to", "eq"), _equal),
    **dict.fromkeys(("not_equal_to", "ne"), _none_of("value")),
    "isin": _isin,
    "notin": _none_of("forbidden_values"),
    "str_length": _length,
    "str_matches": _matches,
    "str_contains": _contains,
    "str_startswith": _starts,
    "str_endswith": _ends,
    # Without an equivalent, but known by name, so that its note is that of a check.
    "unique_values_eq": lambda column, check: False,
}
