"""Checks the types of an expression: assigns one to every node and collects the faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from callcenter_etl.contract.expressions.backticks import with_backticks
from callcenter_etl.contract.expressions.parser import parse_expression
from callcenter_etl.contract.expressions.tree import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    NUMBER,
    TEXT,
    TIME,
    TYPE_OF_COLUMN,
    Expression,
    ExpressionFault,
    ExpressionFaults,
    Node,
)
from callcenter_etl.contract.patterns import pattern_fault
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.contract.time_literals import LITERAL_FORMS, literal_fault, parse_literal

FUNCTIONS: dict[str, tuple[int, int | None]] = {
    "empty": (1, 1), "length": (1, 1), "lower": (1, 1), "upper": (1, 1), "left": (2, 2), "right": (2, 2),
    "matches": (2, 2), "seconds": (1, 1), "days": (1, 1), "weekday": (1, 1), "abs": (1, 1), "coalesce": (1, None),
}  # fmt: skip
_ARITHMETIC = {
    ("+", TEXT, TEXT): TEXT, ("+", NUMBER, NUMBER): NUMBER, ("-", NUMBER, NUMBER): NUMBER,
    ("*", NUMBER, NUMBER): NUMBER, ("/", NUMBER, NUMBER): NUMBER,
    ("-", DATE, DATE): DURATION, ("-", TIME, TIME): DURATION, ("-", DATETIME, DATETIME): DURATION,
    ("+", DURATION, DURATION): DURATION, ("-", DURATION, DURATION): DURATION,
    ("+", DATETIME, DURATION): DATETIME, ("-", DATETIME, DURATION): DATETIME,
    ("+", DATE, DURATION): DATETIME, ("-", DATE, DURATION): DATETIME,
}  # fmt: skip
_FAULTY = ""
# The language has no literals true and false, because a condition is used directly.
_CONDITION_WORDS = {
    "true": " (write the condition alone, without == true)",
    "false": " (write not before the condition, without == false)",
}


def compile_expression(
    text: str,
    columns: Mapping[str, str],
    timezones: Mapping[str, str] | None = None,
    *,
    more_columns: bool = False,
) -> Expression:
    """Parse and check an expression over columns (name to column type), some of them with a time zone.

    A column with a faulty declaration has the type "", and `more_columns` says that the contract may have columns
    beyond these. Neither causes a fault here, because that would only repeat the fault of the declaration.
    Raises ExpressionFaults with every fault of the expression.
    """
    checker = _Checker(columns, timezones or {}, more_columns=more_columns)
    try:
        root = checker.check(parse_expression(text))
    except ExpressionFaults as error:
        raise ExpressionFaults(with_backticks(error.faults, text, columns)) from None
    if root.type not in (BOOLEAN, _FAULTY):
        checker.fault(
            root, f"the expression gives a {root.type}, a condition such as a comparison is expected"
        )
    if checker.faults:
        raise ExpressionFaults(with_backticks(tuple(dict.fromkeys(checker.faults)), text, columns))
    return Expression(text=text, root=root, columns=tuple(dict.fromkeys(checker.used)))


class _Checker:
    """Walks over one tree and collects its faults; a faulty node has no type, so it causes no further fault."""

    def __init__(
        self, columns: Mapping[str, str], timezones: Mapping[str, str], *, more_columns: bool
    ) -> None:
        self.columns = columns
        self.timezones = timezones
        self.more_columns = more_columns
        self.faults: list[ExpressionFault] = []
        self.used: list[str] = []
        self.checked: dict[int, Node] = {}

    def fault(self, node: Node, message: str) -> Node:
        self.faults.append(ExpressionFault(node.offset, message))
        return replace(node, type=_FAULTY)

    def check(self, node: Node) -> Node:
        # A chained comparison shares its middle operands. Each is checked once: without this cache, nested chains
        # would take time exponential in their depth.
        if id(node) not in self.checked:
            self.checked[id(node)] = getattr(self, f"check_{node.kind}")(node)  # one method a kind, below
        return self.checked[id(node)]

    def check_number(self, node: Node) -> Node:
        return replace(node, type=NUMBER)

    def check_string(self, node: Node) -> Node:
        return replace(node, type=TEXT)

    def check_column(self, node: Node) -> Node:
        name = str(node.value)
        if name in self.columns:
            self.used.append(name)
            kind = TYPE_OF_COLUMN.get(self.columns[name], _FAULTY)
            return replace(node, type=kind, timezone=self.timezones.get(name))
        if self.more_columns:
            return replace(node, type=_FAULTY)
        hint = _CONDITION_WORDS.get(name.lower()) or did_you_mean(name, self.columns)
        return self.fault(node, f"unknown column {quoted(name)}{hint or ' (strings stand in quotes)'}")

    def check_and(self, node: Node) -> Node:
        parts = tuple(self.condition(part) for part in node.parts)
        return replace(node, parts=parts, type=BOOLEAN)

    check_or = check_and
    check_not = check_and

    def condition(self, node: Node) -> Node:
        checked = self.check(node)
        if checked.type not in (BOOLEAN, _FAULTY):
            return self.fault(checked, f"a condition is expected here, not a {checked.type}")
        return checked

    def check_negate(self, node: Node) -> Node:
        part = self.check(node.parts[0])
        if part.type not in (NUMBER, DURATION, _FAULTY):
            return self.fault(node, f"minus goes with numbers and durations, not with a {part.type}")
        return replace(node, parts=(part,), type=part.type)

    def check_compare(self, node: Node) -> Node:
        left, right = self.alike(self.check(node.parts[0]), self.check(node.parts[1]))
        if _FAULTY not in (left.type, right.type):
            if left.type != right.type:
                return self.fault(
                    node, f"a {left.type} cannot be compared with a {right.type}{self.remedy(left, right)}"
                )
            if left.type == BOOLEAN and node.value not in ("==", "!="):
                return self.fault(
                    node, f"conditions have no order: compare them with == or !=, not {node.value}"
                )
        return replace(node, parts=(left, right), type=BOOLEAN)

    def check_in(self, node: Node) -> Node:
        left, *rest = (self.check(part) for part in node.parts)
        parts = [left]
        for part in rest:
            literal = self.read_as(part, left.type, left.timezone)
            if _FAULTY not in (left.type, literal.type) and literal.type != left.type:
                literal = self.fault(
                    literal,
                    f"a {left.type} is never in a list with a {literal.type}{self.remedy(left, literal)}",
                )
            parts.append(literal)
        return replace(node, parts=tuple(parts), type=BOOLEAN)

    def check_arithmetic(self, node: Node) -> Node:
        left, right = self.check(node.parts[0]), self.check(node.parts[1])
        # `start + '1:00:00'` adds a duration; read as the type of the other operand it would be a date.
        if node.value == "+" and left.type in (DATE, DATETIME):
            right = self.read_as(right, DURATION, None)
        left, right = self.alike(left, right)
        found = _ARITHMETIC.get((str(node.value), left.type, right.type))
        if _FAULTY not in (left.type, right.type) and found is None:
            message = (
                f"{node.value} does not go with a {left.type} and a {right.type}{self.remedy(left, right)}"
            )
            return self.fault(node, message)
        timezone = left.timezone if found == DATETIME else None
        return replace(node, parts=(left, right), type=found or _FAULTY, timezone=timezone)

    def check_call(self, node: Node) -> Node:
        name = str(node.value)
        checked = replace(node, parts=tuple(self.check(part) for part in node.parts))
        if name not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            return self.fault(
                node, f"unknown function {quoted(name)}{did_you_mean(name, FUNCTIONS)}, known: {known}"
            )
        least, most = FUNCTIONS[name]
        if len(node.parts) < least or (most is not None and len(node.parts) > most):
            wanted = f"{least}{'' if most else ' or more'} argument{'s' if most != 1 else ''}"
            return self.fault(node, f"{name} takes {wanted}, not {len(node.parts)}")
        if any(part.type == _FAULTY for part in checked.parts):
            return replace(checked, type=_FAULTY)
        return getattr(self, f"call_{name}")(checked)  # type: ignore[no-any-return]  # one method a function, below

    def call_empty(self, node: Node) -> Node:
        if node.parts[0].kind != "column":
            return self.fault(node, "empty takes a column")
        return replace(node, type=BOOLEAN)

    def call_length(self, node: Node) -> Node:
        return self.of_text(node, NUMBER)

    def call_lower(self, node: Node) -> Node:
        return self.of_text(node, TEXT)

    call_upper = call_lower

    def call_left(self, node: Node) -> Node:
        count = node.parts[1]
        whole = (
            isinstance(count.value, Decimal)
            and count.kind == "number"
            and count.value >= 0
            and count.value == count.value.to_integral_value()
        )
        if not whole:
            return self.fault(
                node, f"{node.value} takes a whole number of characters, such as {node.value}(x, 3)"
            )
        return self.of_text(node, TEXT)

    call_right = call_left

    def call_matches(self, node: Node) -> Node:
        pattern = node.parts[1]
        if pattern.kind != "string":
            return self.fault(node, "matches takes a pattern in quotes, such as matches(x, '[0-9]+')")
        # A literal, so that RE2 can check the pattern when the contract is loaded and not in the middle of a run.
        wrong = pattern_fault(str(pattern.value))
        if wrong is not None:
            return self.fault(pattern, wrong)
        return self.of_text(node, BOOLEAN)

    def of_text(self, node: Node, result: str) -> Node:
        first, *rest = node.parts
        if first.kind == "column":
            # length(x) and matches(x, ...) see the source text of a column, also of a number such as 007.
            first = Node("text_of", first.offset, (first,), first.value, TEXT)
        if first.type != TEXT:
            return self.fault(node, f"{node.value} takes text, not a {first.type}")
        return replace(node, parts=(first, *rest), type=result)

    def call_seconds(self, node: Node) -> Node:
        return self.of(node, (DURATION, TIME), NUMBER)

    def call_days(self, node: Node) -> Node:
        return self.of(node, (DURATION,), NUMBER)

    def call_weekday(self, node: Node) -> Node:
        return self.of(node, (DATE, DATETIME), NUMBER)

    def call_abs(self, node: Node) -> Node:
        return self.of(node, (NUMBER, DURATION), node.parts[0].type)

    def of(self, node: Node, wanted: tuple[str, ...], result: str) -> Node:
        if node.parts[0].type not in wanted:
            return self.fault(
                node, f"{node.value} takes a {' or a '.join(wanted)}, not a {node.parts[0].type}"
            )
        return replace(node, type=result)

    def call_coalesce(self, node: Node) -> Node:
        kind = next((part.type for part in node.parts if part.kind != "string"), TEXT)
        timezone = next((part.timezone for part in node.parts if part.timezone is not None), None)
        parts = tuple(self.read_as(part, kind, timezone) for part in node.parts)
        for part in parts:
            if part.type not in (kind, _FAULTY):
                return self.fault(part, f"coalesce takes values of one type, not a {kind} and a {part.type}")
        return replace(node, parts=parts, type=kind, timezone=timezone)

    def alike(self, left: Node, right: Node) -> tuple[Node, Node]:
        return self.read_as(left, right.type, right.timezone), self.read_as(right, left.type, left.timezone)

    def read_as(self, node: Node, kind: str, timezone: str | None) -> Node:
        """Return a string literal converted to `kind` (date, time, datetime, duration), any other node unchanged."""
        if node.kind != "string" or kind not in LITERAL_FORMS:
            return node
        text = str(node.value)
        wrong = literal_fault(kind, text, timezone, quote="'")
        if wrong is not None:
            return self.fault(node, wrong)
        value = parse_literal(kind, text, timezone)
        return replace(node, kind="instant", value=value, type=kind, timezone=timezone)

    def remedy(self, *nodes: Node) -> str:
        """Return the advice how to make operands of two types comparable, or an empty text."""
        kinds = {node.type for node in nodes}
        if BOOLEAN in kinds:
            words = {str(node.value).lower() for node in nodes if node.kind in ("string", "number")}
            if words & {"true", "false", "0", "1"}:
                return " (a condition stands alone: write `x` or `not x`)"
            return " (a condition compares with conditions alone: put each in parentheses)"
        text = next((node for node in nodes if node.type == TEXT), None)
        other = next((node for node in nodes if node.type != TEXT), None)
        if text is None or other is None:
            return ""
        if text.kind == "column":
            wanted = "integer or decimal" if other.type == NUMBER else other.type
            quotes = ", or put the number in quotes" if other.kind == "number" else ""
            return f" (declare the column {quoted(str(text.value))} as type: {wanted}{quotes})"
        return " (a number stands without quotes, a text in quotes)" if other.type == NUMBER else ""
