"""A column of a contract, and those of its keys that declare rules.

This is the contract's half of a rule kind: the key, its condition, and the faults of its declaration. Everything else
about a kind is in `rules/kinds/`, which a contract never imports: it can be loaded and checked without the validator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema, model_validator

from callcenter_etl.contract.boolean_words import boolean_word_faults
from callcenter_etl.contract.bounds import bound_faults, bound_order_faults, length_order_faults
from callcenter_etl.contract.by_rule import ReasonByRule, SeverityByRule
from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS, FIRST_SHORT_YEAR
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.duration_formats import DEFAULT_DURATIONS
from callcenter_etl.contract.key_types import (
    Flag,
    FrozenModel,
    Literal_,
    OptionalCount,
    OptionalText,
    OptionalTextList,
    Text,
    Texts,
    as_null,
    as_text,
    plain_whole_number,
)
from callcenter_etl.contract.lookup_keys import Lookup
from callcenter_etl.contract.normalization import LetterCase, normalization_faults
from callcenter_etl.contract.number_format import NUMBER_KEYS, number_format_faults
from callcenter_etl.contract.part import Part
from callcenter_etl.contract.patterns import pattern_fault
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.temporal_keys import (
    TwoDigitYears,
    format_faults,
    timezone_faults,
    two_digit_years_faults,
)
from callcenter_etl.contract.timezones import timezone_fault
from callcenter_etl.contract.typed_text import is_value

Found = Iterator[tuple[Path, str, int]]
ColumnType = Literal[
    "text", "digits", "integer", "decimal", "boolean", "date", "time", "datetime", "duration"
]


_FOLDED_KEYS = ("allowed", "true_values", "unique")  # of which `ignore_case` is a companion


class Column(FrozenModel):
    """A column and its rules. `rule_keys` lists the keys that declare a rule, in the order of the contract."""

    name: Text = Field(description="its name in rules, in targets, and (without header) in the header")
    header: OptionalText = Field(None, description="its name in the header, which columns may share")
    optional: Flag = Field(default=False, description="may the header (any_order, by_name) lack it?")
    type: ColumnType = Field("text", description="what a value must be")
    format: Texts = Field(
        (), description="strptime formats of a date, time or datetime, or units of a duration, such as M:SS"
    )
    timezone: OptionalText = Field(
        None, description="time zone of a datetime without an offset, such as America/Chicago"
    )
    two_digit_years: TwoDigitYears | None = Field(None, description="the hundred years of %y")
    decimal: OptionalText = Field(None, description="decimal separator of numbers, a point by default")
    thousands: OptionalText = Field(None, description="separator between groups of three digits")
    prefix: Texts = Field((), description="texts of which one may be before a number")
    suffix: Texts = Field((), description="texts of which one may be after a number")
    true_values: OptionalTextList = Field(None, description="the words of a boolean for true")
    false_values: OptionalTextList = Field(None, description="the words of a boolean for false")
    trim: Flag = Field(default=False, description="white space at both ends is no part of the value")
    case: LetterCase | None = Field(None, description="the letter case that values are judged in")
    required: Flag = Field(default=False, description="not empty, white space alone counts as empty")
    min: Literal_ = Field(None, description="least value, inclusive, in the column's type")
    max: Literal_ = Field(None, description="greatest value, inclusive, in the column's type")
    min_length: OptionalCount = Field(None, description="in characters")
    max_length: OptionalCount = Field(None, description="in characters")
    pattern: OptionalText = Field(None, description="full match, RE2 syntax")
    allowed: OptionalTextList = Field(None, description="the values allowed, compared exactly")
    ignore_case: Flag = Field(
        default=False, description="allowed values, words of a boolean and unique keys in any letter case"
    )
    unique: Flag = Field(default=False, description="no value twice in the source")
    lookup: Lookup | None = Field(None, description="the value must occur in a column of another file")
    width: OptionalCount = Field(None, description="fixed_width: in characters, behind the column before it")
    start: OptionalCount = Field(None, description="fixed_width: first character, counted from 1")
    end: OptionalCount = Field(None, description="fixed_width: last character, inclusive")
    pad: Text = Field(" ", description="fixed_width: character that fills a column, no part of its values")
    align: Literal["left", "right"] = Field(
        "left", description="fixed_width: the side on which values are; the other side is filled"
    )
    severity: SeverityByRule = Field(
        default_factory=dict, description="error or warn, for the column or by rule"
    )
    reason: ReasonByRule = Field(
        default_factory=dict, description="replaces the standard sentence, for the column or by rule"
    )
    aliases: Texts = Field((), description="other header names that mean this column")
    classification: Literal["public", "personal", "secret"] = Field(
        "public", description="who may see the values"
    )
    description: OptionalText = Field(None, description="for people")
    rule_keys: Annotated[tuple[str, ...], WithJsonSchema({"type": "array"})] = Field((), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _note_order(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        # A field for this program alone, which an author must not set.
        if "rule_keys" in data:
            raise ValueError("unknown key 'rule_keys'")
        empty = [key for key in RULE_KEYS if key in data and as_null(data[key]) is None]
        if empty:
            raise ValueError(f"{', '.join(empty)} has no value (give one, or leave the key out)")
        filled = {key: value for key, value in data.items() if as_null(value) is not None}
        # Defaults are filled in before validation, so that a faulty type does not change the meaning of `format`.
        kind = filled.get("type", "text")
        if "format" not in filled and isinstance(kind, str) and kind in DEFAULT_FORMATS:
            filled["format"] = DEFAULT_FORMATS[kind]
        if kind in ("digits", "integer"):
            bounds = [
                key for key in ("min", "max") if isinstance(filled.get(key), (str, int, float, Decimal))
            ]
            filled |= {key: plain_whole_number(as_text(filled[key])) for key in bounds}
        # Reasons are joined in the order of the contract's keys, which pydantic's field order does not keep.
        order = tuple(key for key in filled if key in RULE_KEYS and RULE_KEYS[key].makes_rule(filled[key]))
        return {**filled, "rule_keys": order}

    @property
    def header_name(self) -> str:
        """The column's own name in a header."""
        return self.name if self.header is None else self.header

    @property
    def header_names(self) -> tuple[str, ...]:
        """Every name by which a header may call the column."""
        return (self.header_name, *self.aliases)

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats of a date, time or duration, the default one included; empty for other types."""
        return self.format or (DEFAULT_DURATIONS if self.type == "duration" else ())

    @property
    def first_short_year(self) -> int:
        """The first year of the hundred to which the years of `%y` belong."""
        return FIRST_SHORT_YEAR if self.two_digit_years is None else self.two_digit_years.first

    @property
    def sound_timezone(self) -> str | None:
        """The time zone, None where the database has no zone of that name, or values have none."""
        if self.type != "datetime" or self.timezone is None:
            return None
        return self.timezone if timezone_fault(self.timezone) is None else None

    def severity_of(self, key: str) -> str:
        """Return the severity of one rule of the column."""
        return self.severity.get(key, self.severity.get("*", "error"))

    def reason_of(self, key: str) -> str | None:
        """Return the declared reason of one rule of the column, None for the standard sentence."""
        return self.reason.get(key, self.reason.get("*"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKey:
    """A key of a column that declares a rule.

    `makes_rule` returns whether a value declares a rule; `required: false` does not. `companions` are further keys of
    the same rule. `faults` and `typed_faults` yield the faults of the declaration: path, message, and offset in that
    value. `typed_faults` is not called if the type of the column is faulty, since it would find faults of another type.
    """

    makes_rule: Callable[[Any], bool]
    companions: tuple[str, ...]
    faults: Callable[[Part[Column], Path], Found]
    typed_faults: Callable[[Part[Column], Path], Found]


def _always(_: Any) -> bool:
    return True


def _where_true(value: Any) -> bool:
    # Asked before validation: the value may be a bool of Python or a scalar of YAML.
    return str(value).lower() == "true"


def _where_not_text(value: Any) -> bool:
    return bool(value != "text")


def _no_faults(part: Part[Column], path: Path) -> Found:
    yield from ()


def _time_faults(part: Part[Column], path: Path) -> Found:
    column = part.value
    yield from format_faults(column.type, column.format, path)
    yield from timezone_faults(column.type, column.timezone, path)
    if "format" not in part.broken:
        yield from two_digit_years_faults(column.two_digit_years, column.format, path)


def _type_faults(part: Part[Column], path: Path) -> Found:
    yield from _time_faults(part, path)
    yield from number_format_faults(part.value, part.broken, path)
    yield from boolean_word_faults(part.value, part.broken, path)


def _min_faults(part: Part[Column], path: Path) -> Found:
    yield from bound_faults("min", part.value.min, part.value.type, part.value.sound_timezone, path)


def _max_faults(part: Part[Column], path: Path) -> Found:
    column = part.value
    yield from bound_faults("max", column.max, column.type, column.sound_timezone, path)
    yield from bound_order_faults(column.min, column.max, column.type, column.sound_timezone, path)


def _max_length_faults(part: Part[Column], path: Path) -> Found:
    yield from length_order_faults(part.value.min_length, part.value.max_length, path)


def _pattern_faults(part: Part[Column], path: Path) -> Found:
    pattern = part.value.pattern
    wrong = None if pattern is None else pattern_fault(pattern)
    if wrong is not None:
        yield (*path, "pattern"), wrong, 0


def _allowed_faults(part: Part[Column], path: Path) -> Found:
    column = part.value
    # A faulty or misspelt `allowed` has a fault of its own.
    folded = [key for key in _FOLDED_KEYS if getattr(column, key) not in (None, False) or key in part.broken]
    if column.ignore_case and not folded and not part.has_unknown_keys:
        yield (
            (*path, "ignore_case"),
            f"ignore_case goes with {' or '.join(_FOLDED_KEYS)}, none of which is there",
            0,
        )
    if column.allowed is not None and not column.allowed:
        yield (*path, "allowed"), "the list is empty, so that no value keeps it", 0
    yield from normalization_faults(column, path)


def _allowed_value_faults(part: Part[Column], path: Path) -> Found:
    column = part.value
    if part.broken & set(RULE_KEYS["type"].companions):  # the values may be valid in the intended format
        return
    for index, value in enumerate(column.allowed or ()):
        if not is_value(column, value):
            sentence = f"{quoted(value)} is no {column.type}, so that no record can hold it"
            yield (*path, "allowed", index), sentence, 0


# In the order of faults, changes of contracts and the reference page. No member has a default, so that a new key cannot
# leave one out by mistake.
RULE_KEYS: dict[str, RuleKey] = {
    "required": RuleKey(makes_rule=_where_true, companions=(), faults=_no_faults, typed_faults=_no_faults),
    "type": RuleKey(
        makes_rule=_where_not_text,
        companions=(
            "format",
            "timezone",
            "two_digit_years",
            *NUMBER_KEYS,
            "true_values",
            "false_values",
        ),
        faults=_no_faults,
        typed_faults=_type_faults,
    ),
    "min": RuleKey(makes_rule=_always, companions=(), faults=_no_faults, typed_faults=_min_faults),
    "max": RuleKey(makes_rule=_always, companions=(), faults=_no_faults, typed_faults=_max_faults),
    "min_length": RuleKey(makes_rule=_always, companions=(), faults=_no_faults, typed_faults=_no_faults),
    "max_length": RuleKey(
        makes_rule=_always, companions=(), faults=_max_length_faults, typed_faults=_no_faults
    ),
    "pattern": RuleKey(makes_rule=_always, companions=(), faults=_pattern_faults, typed_faults=_no_faults),
    "allowed": RuleKey(
        makes_rule=_always,
        companions=("ignore_case",),
        faults=_allowed_faults,
        typed_faults=_allowed_value_faults,
    ),
    "unique": RuleKey(
        makes_rule=_where_true, companions=("ignore_case",), faults=_no_faults, typed_faults=_no_faults
    ),
    "lookup": RuleKey(makes_rule=_always, companions=(), faults=_no_faults, typed_faults=_no_faults),
}
