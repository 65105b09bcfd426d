"""A contract as the YAML or JSON of a pandera schema, and back; pandera itself is not needed for it.

The schema is for pandas frames that are read as text and coerced: integers, decimals and booleans have their types,
all else stays text with checks. Checks that only warn raise warnings there too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from callcenter_etl.contract.formats import DEFAULT_FORMATS, compile_format
from callcenter_etl.contract.interop.numbers import exact_number
from callcenter_etl.contract.interop.patterns import anchored, whole
from callcenter_etl.contract.interop.rest import put_back, put_back_column
from callcenter_etl.contract.interop.shapes import SHAPES, kind_of_shape
from callcenter_etl.contract.interop.values import ColumnDraft, Draft, Taken, is_true
from callcenter_etl.contract.model import Column, ContractDocument

Written = dict[str, Any]
EXTENSION = "callcenter_etl"
_DTYPES = {"integer": "Int64", "decimal": "Float64", "boolean": "boolean"}


def is_pandera(value: Any) -> bool:
    """Tell whether a parsed document is a pandera schema."""
    return isinstance(value, dict) and str(value.get("schema_type")) == "dataframe"


def to_pandera(document: ContractDocument, version: str) -> Written:
    """Give the serialised pandera schema of a contract."""
    header = document.source.header
    written: Written = {
        "schema_type": "dataframe",
        "name": document.contract,
        "columns": {column.name: _column(column) for column in document.columns},
        "coerce": True,
        "strict": header in ("exact", "any_order"),
        "ordered": header == "exact",
    }
    if document.description is not None:
        written["description"] = document.description
    return written


def keep_in_metadata(written: Written, whole_rest: Written, columns: Mapping[int, Written]) -> None:
    """Keep what pandera has no words for in the schema's metadata."""
    names = list(written["columns"])
    kept = {**whole_rest}
    if columns:
        kept["columns"] = {names[place]: rest for place, rest in columns.items()}
    if kept:
        written["metadata"] = {EXTENSION: kept}


def _column(column: Column) -> Written:
    keys = {key: column.severity_of(key) for key in column.rule_keys}
    typed = keys.get("type") == "error"
    dtype = _DTYPES.get(column.type, "str") if typed else "str"
    written: Written = {"dtype": dtype, "nullable": keys.get("required") != "error"}
    if column.description is not None:
        written["description"] = column.description
    if keys.get("unique") == "error":
        written["unique"] = True
    checks = _checks(column, keys, dtype)
    if checks:
        written["checks"] = checks
    return written


def _checks(column: Column, keys: Mapping[str, str], dtype: str) -> list[Written]:
    found: list[Written] = []

    def add(key: str, name: str, said: Written) -> None:
        options: Written = {"check_name": name}
        if keys[key] == "warn":
            options["raise_warning"] = True
        found.append({**said, "options": options})

    if dtype == "str":
        shape = _shape(column)
        if shape is not None and keys.get("type") == "error":
            add("type", "str_matches", {"pattern": shape})
        for key, word, length in (
            ("min_length", "min_value", column.min_length),
            ("max_length", "max_value", column.max_length),
        ):
            if key in keys:
                add(key, "str_length", {word: length})
        if "pattern" in keys:
            add("pattern", "str_matches", {"pattern": anchored(column.pattern or "")})
        if "allowed" in keys and not column.ignore_case:
            add("allowed", "isin", {"allowed_values": list(column.allowed or ())})
    if dtype in ("Int64", "Float64"):
        for key, name, bound in (
            ("min", "greater_than_or_equal_to", column.min),
            ("max", "less_than_or_equal_to", column.max),
        ):
            number = exact_number(bound) if key in keys and bound is not None else None
            if number is not None:
                add(key, name, {"min_value" if key == "min" else "max_value": number})
    return found


def _shape(column: Column) -> str | None:
    """Give the pattern that a type without a dtype is known by: for a moment, what its format looks like."""
    if column.type in SHAPES:
        return anchored(SHAPES[column.type])
    if column.type not in DEFAULT_FORMATS:
        return None
    looks = [compile_format(form, column.type).regex for form in column.format]
    looks = [re.sub(r"\(\?P<\w+>", "(?:", look).removeprefix(r"\A").removesuffix("$") for look in looks]
    return anchored("|".join(looks))


def read_pandera(value: dict[str, Any], part: str | None) -> Draft:
    """Give the contract that a serialised pandera schema says."""
    draft = Draft()
    top = Taken(value, ())
    for key in ("schema_type", "version", "api", "dataframe_library", "coerce", "report_duplicates", "title"):
        top.take(key)
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", str(top.take("name") or "")).strip("_")
    draft.put(("contract",), name or "table", top.at("name"))
    text = top.take("description")
    if text is not None:
        draft.put(("description",), text, top.at("description"))
    columns = _columns(draft, top)
    for described, named in columns:
        _read_column(draft, named, described)
    _read_order(draft, top)
    together = top.take("unique")
    if isinstance(together, list) and together:
        draft.add_rule({"name": "unique_together", "unique": together}, top.at("unique"))
    draft.arrange()
    _put_back(draft, top)
    for key in ("unique_column_names", "add_missing_columns", "drop_invalid_rows"):
        if not is_true(value.get(key)):
            top.take(key)
    for path, key in top.left():
        draft.note(path, f"{key!r} is not taken over", asserts=key not in ("metadata", "default"))
    return draft


def _columns(draft: Draft, top: Taken) -> list[tuple[Taken, Any]]:
    """Give the columns with their names, from a mapping by name or a list."""
    if isinstance(top.value.get("columns"), dict):
        below = top.inside("columns")
        return [(below.inside(name), name) for name in below.value]
    listed = top.each("columns")
    if not listed:
        draft.fault(("columns",), "the schema has no columns")
    return [(described, described.take("name")) for described in listed]


def _read_order(draft: Draft, top: Taken) -> None:
    strict, ordered = is_true(top.take("strict")), is_true(top.take("ordered"))
    mode = "exact" if strict and ordered else "any_order" if strict else "by_name"
    if mode != "exact":
        draft.put(("source", "header"), mode, top.at("strict"))


def _put_back(draft: Draft, top: Taken) -> None:
    metadata = top.inside("metadata")
    if not metadata.has(EXTENSION):
        return
    rest, origin = metadata.take(EXTENSION), metadata.at(EXTENSION)
    if not isinstance(rest, dict):
        draft.fault(origin, "a mapping of contract keys is expected here")
        return
    places = {str(column["name"]): place for place, column in enumerate(draft.value["columns"])}
    for name, kept in dict(rest.get("columns", {})).items():
        if name in places:
            put_back_column(draft, places[name], kept, (*origin, "columns", name))
        else:
            draft.note((*origin, "columns", name), "there is no such column any more", asserts=True)
    put_back(draft, {key: value for key, value in rest.items() if key != "columns"}, origin)


_KINDS = {"int": "integer", "uint": "integer", "float": "decimal", "decimal": "decimal", "bool": "boolean"}
_RESERVED = ("title", "metadata", "name", "coerce", "report_duplicates", "default", "drop_invalid_rows")


def _read_column(draft: Draft, name: Any, described: Taken) -> None:
    column = draft.add_column(name, described.path)
    draft.origins[(*column.path, "name")] = described.path
    dtype = str(described.take("dtype") or "str").lower()
    kind = next((kind for word, kind in _KINDS.items() if dtype.startswith(word)), "text")
    if dtype.startswith("datetime"):
        kind = "datetime"
    elif dtype in ("date", "date32"):
        kind = "date"
    elif kind == "text" and not dtype.startswith(("str", "object", "category", "large_str")):
        draft.note(described.at("dtype"), f"a column of {dtype!r} is read as text", asserts=True)
    if kind != "text":
        column.put("type", kind, described.at("dtype"))
    text = described.take("description")
    if text is not None:
        column.put("description", text, described.at("description"))
    if not is_true(described.take("nullable")):
        column.put("required", True, described.at("nullable"))
    if is_true(described.take("unique")):
        column.put("unique", True, described.at("unique"))
    for key, usual in (("required", "true"), ("regex", "false")):
        if str(described.value.get(key, usual)).lower() == usual:
            described.take(key)
    for key in ("title", "coerce", "report_duplicates", "name"):
        described.take(key)
    for check, where, options in _listed_checks(described):
        _read_check(column, check, where, options)


def _listed_checks(described: Taken) -> list[tuple[str, Taken, Mapping[str, Any]]]:
    """Give the checks by name with what they say and their options, from any of the three forms they have."""
    found: list[tuple[str, Taken, Mapping[str, Any]]] = []
    for check in described.each("checks"):
        options = check.inside("options")
        found.append((str(options.value.get("check_name", "")), check, options.value))
        options.skip()
    below = described.inside("checks") if isinstance(described.value.get("checks"), dict) else described
    for name in list(below.value):
        if name in _CHECKS and below.has(name):
            said = below.value[name]
            inner = below.inside(name) if isinstance(said, dict) else Taken({"value": below.take(name)}, below.at())
            options = inner.value.get("options")
            found.append((name, inner, options if isinstance(options, dict) else inner.value))
            inner.take("options")
    return found


def _read_check(column: ColumnDraft, name: str, said: Taken, options: Mapping[str, Any]) -> None:
    reader = _CHECKS.get(name)
    warn = is_true(options.get("raise_warning"))
    words = {key: value for key, value in said.value.items() if key not in _OPTIONS}
    if reader is None or not reader(column, words, said, warn):
        shown = ", ".join(f"{key} {value}" for key, value in words.items())
        called = name or "a check"
        column.draft.note(said.path, f"{called} ({shown}) is not asked: no rule here says it", asserts=True)
    said.skip()


_OPTIONS = ("options", "raise_warning", "ignore_na", "n_failure_cases", "groupby", "groups", "error", "name", "check_name")


def _first(words: Mapping[str, Any], *names: str) -> Any:
    return next((words[name] for name in (*names, "value") if name in words), None)


def _bound(key: str, *names: str) -> Callable[[ColumnDraft, Mapping[str, Any], Taken, bool], bool]:
    def read(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
        if column.value.get("type", "text") == "text":
            return False
        column.put(key, _moment(column, _first(words, *names)), said.path, warn=warn)
        return True

    return read


def _moment(column: ColumnDraft, value: Any) -> Any:
    return re.sub(r"[T ]00:00:00$", "", str(value)) if column.value.get("type") == "date" else value


def _beyond(operator: str, *names: str) -> Callable[[ColumnDraft, Mapping[str, Any], Taken, bool], bool]:
    def read(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
        if column.value.get("type", "text") == "text":
            return False
        bound = _first(words, *names)
        number = column.value["type"] in ("integer", "decimal")
        name = str(column.value["name"])
        rule = {"name": f"{name}.{operator}", "check": f"`{name}` {operator} {bound if number else repr(str(bound))}"}
        column.draft.add_rule(rule | ({"severity": "warn"} if warn else {}), said.path)
        return True

    return read


def _in_range(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
    ends = (("min_value", "include_min", "min", ">"), ("max_value", "include_max", "max", "<"))
    done = False
    for word, include, key, operator in ends:
        inclusive = str(words.get(include, "true")).lower() == "true"
        reader = _bound(key, word) if inclusive else _beyond(operator, word)
        done = reader(column, {word: words.get(word)}, said, warn)
    return done


def _length(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
    exact = words.get("exact_value", words.get("value"))
    for word, key in (("min_value", "min_length"), ("max_value", "max_length")):
        length = exact if exact is not None else words.get(word)
        if length is not None and str(length) != "null":
            column.put(key, length, said.path, warn=warn)
    return True


def _matches(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
    """str_matches matches from the start."""
    pattern = whole(str(_first(words, "pattern")), from_start=True)
    kind = kind_of_shape(pattern)
    if kind is not None and "type" not in column.value:
        column.put("type", kind, said.path, warn=warn)
        return True
    return _put_pattern(column, pattern, said, warn=warn)


def _put_pattern(column: ColumnDraft, pattern: str, said: Taken, *, warn: bool) -> bool:
    if "pattern" in column.value:
        return False
    column.put("pattern", pattern, said.path, warn=warn)
    return True


def _contains(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
    return _put_pattern(column, whole(str(_first(words, "pattern"))), said, warn=warn)


def _starts(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
    return _put_pattern(column, f"{re.escape(str(_first(words, 'string')))}(?s:.*)", said, warn=warn)


def _ends(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
    return _put_pattern(column, f"(?s:.*){re.escape(str(_first(words, 'string')))}", said, warn=warn)


def _isin(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
    values = _first(words, "allowed_values")
    if not isinstance(values, list):
        return False
    column.put("allowed", values, said.path, warn=warn)
    return True


def _equal(column: ColumnDraft, words: Mapping[str, Any], said: Taken, warn: bool) -> bool:  # noqa: FBT001  in a table
    column.put("allowed", [_first(words)], said.path, warn=warn)
    return True


_CHECKS: dict[str, Callable[[ColumnDraft, Mapping[str, Any], Taken, bool], bool]] = {
    "greater_than_or_equal_to": _bound("min", "min_value"),
    "less_than_or_equal_to": _bound("max", "max_value"),
    "ge": _bound("min", "min_value"),
    "le": _bound("max", "max_value"),
    "greater_than": _beyond(">", "min_value"),
    "less_than": _beyond("<", "max_value"),
    "gt": _beyond(">", "min_value"),
    "lt": _beyond("<", "max_value"),
    "in_range": _in_range,
    "between": _in_range,
    "str_length": _length,
    "str_matches": _matches,
    "str_contains": _contains,
    "str_startswith": _starts,
    "str_endswith": _ends,
    "isin": _isin,
    "equal_to": _equal,
    "eq": _equal,
    "not_equal_to": lambda *_: False,
    "notin": lambda *_: False,
    "unique_values_eq": lambda *_: False,
}
