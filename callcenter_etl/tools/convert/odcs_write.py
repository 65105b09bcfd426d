"""Exports a contract to the Open Data Contract Standard 3.0.2, 3.1 or 3.2.

Options of ODCS have no severity, so a rule of severity `warn` becomes a quality check, which has one, or a residual.
The document never rejects a record that the contract accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS
from callcenter_etl.contract.model import Column, ContractDocument, RecordRule
from callcenter_etl.tools.convert.contract_mapping import declared_in
from callcenter_etl.tools.convert.java_formats import to_java
from callcenter_etl.tools.convert.json_numbers import exact_number
from callcenter_etl.tools.convert.odcs_terms import EXTENSION, KIND, VERSIONS
from callcenter_etl.tools.convert.pattern_anchors import anchored
from callcenter_etl.tools.convert.text_types import SHAPES
from callcenter_etl.tools.convert.vendor_columns import for_other_tools

Written = dict[str, Any]
Options = Callable[[Column, str], Written]  # of a column with that logical type
CheckOf = Callable[[Column, str], Written | None]  # of a column, in that version of ODCS

_LOGICAL = {
    "text": "string",
    "digits": "string",
    "duration": "string",
    "integer": "integer",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "datetime": "timestamp",
}


def to_odcs(document: ContractDocument, version: str) -> Written:
    """Return an ODCS document with the parts of a contract that the standard can express."""
    document = for_other_tools(document)
    written: Written = {
        "apiVersion": VERSIONS[version],
        "kind": KIND,
        "id": document.contract,
        "name": document.contract,
        "version": document.version,
        "status": "active",
    }
    if document.description is not None:
        written["description"] = {"purpose": document.description}
    # Standard input has no address.
    if isinstance(document.run.source, str) and document.run.source != "-":
        written["servers"] = [_server(document.run.source, document.source.encoding, version)]
    if document.owner is not None:
        member = {"username": document.owner, "role": "owner"}
        written["team"] = [member] if version == "3.0.2" else {"members": [member]}
    table: Written = {"name": document.contract, "physicalType": "file", "logicalType": "object"}
    table["properties"] = [_property(column, version) for column in document.columns]
    quality = [_rule_check(rule, version) for rule in document.rules]
    if document.limits.min_records is not None:
        quality.append(_check("rowCount", version) | {"mustBeGreaterOrEqualTo": document.limits.min_records})
    if quality:
        table["quality"] = quality
    written["schema"] = [table]
    return written


def keep_in_odcs(written: Written, whole: Written, columns: Mapping[int, Written]) -> None:
    """Store the residual in the `customProperties` of the document and of each column."""
    if whole:
        written["customProperties"] = [{"property": EXTENSION, "value": whole}]
    for place, rest in columns.items():
        described = written["schema"][0]["properties"][place]
        described["customProperties"] = [{"property": EXTENSION, "value": rest}]


def own_checks(written: Written) -> Iterator[str]:
    """Yield a line for each rule exported as a check of this program's engine, which other tools do not evaluate."""
    for check in written["schema"][0].get("quality", ()):
        if check.get("engine") == EXTENSION:
            yield f"rule {check['name']!r} (a custom check of engine {EXTENSION!r})"


def _server(uri: str, encoding: str, version: str) -> Written:
    if uri.startswith("s3://"):
        server: Written = {"server": "source", "type": "s3", "location": uri, "format": "csv"}
    else:
        server = {"server": "source", "type": "local", "path": uri, "format": "csv"}
    # Older versions of ODCS have no such key: the residual keeps an encoding other than UTF-8.
    if version == "3.2.0":
        server["encoding"] = encoding
    return server


def _property(column: Column, version: str) -> Written:
    written: Written = {"name": column.name}
    if column.description is not None:
        written["description"] = column.description
    written |= _type(column, version)
    options = {**written.pop("logicalTypeOptions", {}), **_options(column, written["logicalType"])}
    if options:
        written["logicalTypeOptions"] = options
    if _is_error(column, "required"):
        written["required"] = True
    if _is_error(column, "unique"):
        written["unique"] = True
    if column.classification != "public":
        written["classification"] = column.classification
    if version == "3.2.0" and _has_plain_list(column) and _is_error(column, "allowed"):
        written["enum"] = [{"value": value} for value in _values(column)]
    quality = list(_checks(column, version))
    if quality:
        written["quality"] = quality
    return written


def _is_error(column: Column, key: str) -> bool:
    return key in column.rule_keys and column.severity_of(key) == "error"


def _is_warning(column: Column, key: str) -> bool:
    return key in column.rule_keys and column.severity_of(key) == "warn"


def _has_plain_list(column: Column) -> bool:
    """Return whether ODCS compares the allowed values alike: exactly, and of a type with one text for each value."""
    return column.allowed is not None and not column.ignore_case and column.type in ("text", "digits")


def _values(column: Column) -> list[str]:
    return list(column.allowed or ())


def _type(column: Column, version: str) -> Written:
    """Return the logical type, with the format of dates and times; a type of severity `warn` becomes a string."""
    if column.type != "text" and not _is_error(column, "type"):
        return {"logicalType": "string"}
    logical = _LOGICAL[column.type]
    if column.type not in DEFAULT_FORMATS:
        return {"logicalType": logical}
    java = to_java(column.format)
    if java is None:  # one of several formats alone would reject values of the others
        return {"logicalType": "string"}
    return {
        # ODCS 3.0 has neither `time` nor `timestamp`: there the format alone distinguishes them.
        "logicalType": "date" if version == "3.0.2" else logical,
        "logicalTypeOptions": {"format": java},
    }


def _options(column: Column, logical: str) -> Written:
    """Return bounds, lengths and pattern, as far as the logical type supports them."""
    options: Written = {}
    for key, words in ((key, rule.options) for key, rule in ODCS_RULES.items()):
        if _is_error(column, key):
            options |= words(column, logical)
    return options


def _checks(column: Column, version: str) -> list[Written]:
    """Return the quality checks of a column: rules of severity `warn`, and allowed values before ODCS 3.2."""
    found: list[Written] = []
    for key, rule in ODCS_RULES.items():
        check = rule.check(column, version) if key in column.rule_keys else None
        if check is not None:
            found.append(check | {"mustBe": 0} | (_WARNS if _is_warning(column, key) else {}))
    return found


def _no_options(column: Column, logical: str) -> Written:
    return {}


def _no_check(column: Column, version: str) -> Written | None:
    return None


def _of_text(word: str, value_of: Callable[[Column], Any]) -> Options:
    """Return an option that ODCS has for strings alone."""
    return lambda column, logical: {word: value_of(column)} if logical == "string" else {}


def _shape(column: Column, logical: str) -> Written:
    shape = SHAPES.get(column.type) if logical == "string" else None
    return {} if shape is None else {"pattern": anchored(shape)}


def _bound(word: str, bound_of: Callable[[Column], str | None]) -> Options:
    def options(column: Column, logical: str) -> Written:
        if logical in ("string", "boolean"):
            return {}
        bound = str(bound_of(column))
        value = exact_number(bound) if logical in ("integer", "number") else bound
        # A bound that JSON cannot represent exactly is left to the residual.
        return {} if value is None else {word: value}

    return options


def _where_warning(key: str, metric: str) -> CheckOf:
    """Return the check of a rule that ODCS has a flag for, which knows no warnings."""
    return lambda column, version: _check(metric, version) if _is_warning(column, key) else None


def _allowed_check(column: Column, version: str) -> Written | None:
    # ODCS 3.2 has `enum` for them, but not as a warning.
    if not _has_plain_list(column) or (version == "3.2.0" and not _is_warning(column, "allowed")):
        return None
    values = {"validValues": _values(column)}
    return _check("invalidValues", version) | ({"arguments": values} if version != "3.0.2" else values)


def _pattern_check(column: Column, version: str) -> Written | None:
    if version == "3.0.2" or not _is_warning(column, "pattern"):
        return None
    return _check("invalidValues", version) | {"arguments": {"pattern": anchored(column.pattern or "")}}


_WARNS = {"severity": "warning"}
_OF_CHECKS = ("name", "description", "severity")  # keys of a rule for which a check has keys of its own
_OLD_METRICS = {
    "nullValues": "nullCheck",
    "duplicateValues": "duplicateCount",
    "invalidValues": "validValues",
}


def _check(metric: str, version: str) -> Written:
    if version == "3.0.2":
        return {"type": "library", "rule": _OLD_METRICS.get(metric, metric)}
    return {"type": "library", "metric": metric}


@dataclass(frozen=True, slots=True, kw_only=True)
class OdcsRule:
    """The words of ODCS for a kind of rule: options of the logical type, a quality check, or neither."""

    options: Options
    check: CheckOf


# By the key of a rule, in the order in which they are written: a column's own pattern replaces the shape of its type.
# `required` and `unique` are keys of the property, and `allowed` is in ODCS 3.2. A rule that is said nowhere, or is not
# in the table, is kept in `customProperties`.
ODCS_RULES: dict[str, OdcsRule] = {
    "required": OdcsRule(options=_no_options, check=_where_warning("required", "nullValues")),
    "unique": OdcsRule(options=_no_options, check=_where_warning("unique", "duplicateValues")),
    "min_length": OdcsRule(options=_of_text("minLength", lambda column: column.min_length), check=_no_check),
    "max_length": OdcsRule(options=_of_text("maxLength", lambda column: column.max_length), check=_no_check),
    "type": OdcsRule(options=_shape, check=_no_check),
    "allowed": OdcsRule(options=_no_options, check=_allowed_check),
    "pattern": OdcsRule(
        options=_of_text("pattern", lambda column: anchored(column.pattern or "")), check=_pattern_check
    ),
    "min": OdcsRule(options=_bound("minimum", lambda column: column.min), check=_no_check),
    "max": OdcsRule(options=_bound("maximum", lambda column: column.max), check=_no_check),
    "lookup": OdcsRule(options=_no_options, check=_no_check),
}


def _rule_check(rule: RecordRule, version: str) -> Written:
    """Return a record rule as a quality check: of the ODCS library if that has one, else of this program's engine."""
    written: Written = {"name": rule.name}
    if rule.description is not None:
        written["description"] = rule.description
    if rule.severity == "warn":
        written |= _WARNS
    # A check of the standard is for all records, and compares values exactly.
    if rule.unique is not None and rule.when is None and version != "3.0.2":
        written |= _check("duplicateValues", version)
        written |= {"arguments": {"properties": list(rule.unique)}, "mustBe": 0}
        if rule.reason is not None:
            written["customProperties"] = [{"property": EXTENSION, "value": {"reason": rule.reason}}]
        return written
    declared = declared_in(rule)
    order = dict.fromkeys(("when", "check", "reason", *declared))
    said = {key: declared[key] for key in order if key in declared and key not in _OF_CHECKS}
    return {**written, "type": "custom", "engine": EXTENSION, "implementation": said}
