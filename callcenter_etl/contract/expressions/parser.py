"""Parses the text of an expression to a tree, without evaluating anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from callcenter_etl.contract.expressions.tree import WORDS, ExpressionFault, ExpressionFaults, Node
from callcenter_etl.contract.quoting import as_written, quoted, shortened

MAX_CHARACTERS = 10_000
MAX_DEPTH = 100
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_TOKENS = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<quoted>`(?:[^`]|``)*`)"
    r"|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<mark>==|!=|<=|>=|[-+*/<>()\[\],=])",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT = range(1, 7)
_LEVELS = {"or": _OR, "and": _AND, "in": _COMPARISON, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_LEVELS |= dict.fromkeys(COMPARISONS, _COMPARISON)
_HINTS = {"=": "compare with ==", "!": "write not", "&": "write and", "|": "write or"}
_HINTS |= {word.upper(): f"write {word}" for word in WORDS}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def parse_expression(text: str) -> Node:
    """Parse an expression. Raises ExpressionFaults with its first syntax error."""
    if len(text) > MAX_CHARACTERS:
        raise _fault(0, f"the expression has {len(text):,} characters, at most {MAX_CHARACTERS:,} are read")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _fault(error.start, "half of a surrogate pair is no character") from None
    root = _Parser(_tokens(text), len(text)).parse()
    _refuse_deep_trees(root)
    return root


def _refuse_deep_trees(root: Node) -> None:
    """Raise ExpressionFaults if the tree is too high for the later, recursive walks.

    The parser's own depth does not limit this: a long sum makes a high tree without nesting.
    """
    level = {id(root): root}
    for _ in range(MAX_DEPTH):
        level = {id(part): part for node in level.values() for part in node.parts}
        if not level:
            return
    deepest = next(iter(level.values()))
    raise _fault(deepest.offset, f"more than {MAX_DEPTH} operations, each on the result of another")


def _fault(offset: int, message: str) -> ExpressionFaults:
    return ExpressionFaults((ExpressionFault(offset, message),))


def _hint(text: str) -> str:
    return f" ({_HINTS[text]})" if text in _HINTS else ""


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            character = text[position]
            what = "an unclosed quote" if character in "'\"`" else f"unexpected {character!r}"
            raise _fault(position, what + _hint(character))
        kind = str(match.lastgroup)
        if kind == "name" and match[0] in WORDS:
            kind = "word"
        if kind != "space":
            found.append(_Token(kind, match[0], position))
        position = match.end()
    return found


class _Parser:
    """A precedence climbing parser: or, and, not, comparison, sum, product, sign, primary.

    `depth` limits its recursion.
    """

    def __init__(self, tokens: list[_Token], length: int) -> None:
        self.tokens = tokens
        self.end = _Token("end", "the end", length)
        self.position = 0
        self.depth = 0

    @property
    def next(self) -> _Token:
        return self.ahead(0)

    def ahead(self, count: int) -> _Token:
        place = self.position + count
        return self.tokens[place] if place < len(self.tokens) else self.end

    def take(self, *texts: str) -> _Token | None:
        token = self.next
        if token.kind in ("mark", "word") and token.text in texts:
            self.position += 1
            return token
        return None

    def expect(self, text: str, why: str) -> None:
        if self.take(text) is None:
            raise _fault(self.next.offset, f"{text!r} expected {why}, {self.found()}")

    def found(self) -> str:
        token = self.next
        return (
            "found the end" if token.kind == "end" else f"found {as_written(token.text)}{_hint(token.text)}"
        )

    def parse(self) -> Node:
        if not self.tokens:
            raise _fault(0, "the expression is empty")
        node = self.expression(_OR)
        token = self.next
        if token.kind != "end":
            after_string = token.kind == "string" and self.tokens[self.position - 1].kind == "string"
            hint = " (a quote inside a string is written \\')" if after_string else _hint(token.text)
            raise _fault(token.offset, f"unexpected {as_written(token.text)}{hint}")
        return node

    def expression(self, least: int) -> Node:
        """Parse operands and the operators between them that bind at least as strongly as `least`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _fault(self.next.offset, f"nested more than {MAX_DEPTH} levels deep")
        # `not` binds less than a comparison, so it may begin an operand of `or`, `and` and `not` alone.
        left = self.negation() if least <= _NOT else self.sign()
        while (level := self.level()) >= least:
            left = _INFIX[level](self, left)
        self.depth -= 1
        return left

    def level(self) -> int:
        token = self.next
        if token.kind == "word" and token.text == "not":
            after = self.ahead(1)
            return _COMPARISON if after.kind == "word" and after.text == "in" else 0
        return _LEVELS.get(token.text, 0) if token.kind in ("mark", "word") else 0

    def negation(self) -> Node:
        nots: list[_Token] = []
        while token := self.take("not"):
            nots.append(token)
        if not nots:
            return self.sign()
        node = self.expression(_COMPARISON)
        # An even number is reduced to two, not to none, so that the checker still requires a condition.
        for token in nots[: 2 - len(nots) % 2]:
            node = Node("not", token.offset, (node,))
        return node

    def disjunction(self, left: Node) -> Node:
        return self.joined("or", left, _AND)

    def conjunction(self, left: Node) -> Node:
        return self.joined("and", left, _NOT)

    def joined(self, word: str, left: Node, least: int) -> Node:
        parts = [left]
        while self.take(word):
            parts.append(self.expression(least))
        return Node(word, left.offset, tuple(parts))

    def comparison(self, left: Node) -> Node:
        found: list[Node] = []
        while self.level() == _COMPARISON:
            token = self.next
            self.position += 1
            if token.text in COMPARISONS:
                right = self.expression(_SUM)
                found.append(Node("compare", token.offset, (left, right), token.text))
                left = right
            elif token.text == "in":
                found.append(self.membership(left, token.offset))
            else:
                self.position += 1
                found.append(Node("not", token.offset, (self.membership(left, token.offset),)))
        # A chain `a < b < c` means `a < b and b < c`, as in Python.
        return found[0] if len(found) == 1 else Node("and", found[0].offset, tuple(found))

    def membership(self, left: Node, offset: int) -> Node:
        self.expect("[", "after 'in'")
        parts = [left, self.literal()]
        while self.take(","):
            parts.append(self.literal())
        self.expect("]", "at the end of the list")
        return Node("in", offset, tuple(parts))

    def literal(self) -> Node:
        node = self.sign()
        if node.kind not in ("number", "string"):
            raise _fault(node.offset, "a list holds numbers and strings only")
        return node

    def sum(self, left: Node) -> Node:
        return self.arithmetic(left, _PRODUCT)

    def product(self, left: Node) -> Node:
        return self.arithmetic(left, _PRODUCT + 1)

    def arithmetic(self, left: Node, least: int) -> Node:
        token = self.next
        self.position += 1
        return Node("arithmetic", token.offset, (left, self.expression(least)), token.text)

    def sign(self) -> Node:
        signs: list[_Token] = []
        while token := self.take("-"):
            signs.append(token)
        node = self.primary()
        if not signs:
            return node
        if node.kind == "number" and isinstance(node.value, Decimal):
            # copy_negate keeps all digits; unary minus rounds to the precision of the decimal context.
            value = node.value.copy_negate() if len(signs) % 2 else node.value
            return Node("number", signs[0].offset, (), value)
        for token in signs[: 2 - len(signs) % 2]:
            node = Node("negate", token.offset, (node,))
        return node

    def primary(self) -> Node:
        token = self.next
        if token.kind not in _PRIMARIES and token.text != "(":
            # `a == not b` is not valid: `not` binds less than a comparison.
            hint = " (put the condition in parentheses)" if token.text == "not" else ""
            raise _fault(token.offset, f"a value expected, {self.found()}{hint}")
        self.position += 1
        if token.kind in _PRIMARIES:
            return _PRIMARIES[token.kind](self, token)
        node = self.expression(_OR)
        self.expect(")", "to close the parenthesis")
        return node

    def name(self, token: _Token) -> Node:
        return self.call(token) if self.take("(") else Node("column", token.offset, (), token.text)

    def call(self, token: _Token) -> Node:
        parts: list[Node] = []
        if not self.take(")"):
            parts.append(self.expression(_OR))
            while self.take(","):
                parts.append(self.expression(_OR))
            self.expect(")", f"to close {shortened(token.text)}(")
        return Node("call", token.offset, tuple(parts), token.text)


_INFIX: dict[int, Callable[[_Parser, Node], Node]] = {
    _OR: _Parser.disjunction,
    _AND: _Parser.conjunction,
    _COMPARISON: _Parser.comparison,
    _SUM: _Parser.sum,
    _PRODUCT: _Parser.product,
}


def _number(parser: _Parser, token: _Token) -> Node:
    try:
        return Node("number", token.offset, (), Decimal(token.text))
    except InvalidOperation:
        raise _fault(token.offset, f"the exponent of {quoted(token.text)} is beyond all numbers") from None


_PRIMARIES: dict[str, Callable[[_Parser, _Token], Node]] = {
    "number": _number,
    "string": lambda parser, token: Node("string", token.offset, (), _unescape(token.text[1:-1])),
    "quoted": lambda parser, token: Node("column", token.offset, (), token.text[1:-1].replace("``", "`")),
    "name": _Parser.name,
}


def _unescape(text: str) -> str:
    # An unknown escape keeps its backslash, so that '\d' is a digit in a pattern.
    return re.sub(
        r"\\(.)",
        lambda match: _ESCAPES.get(match[1], match[1] if match[1] in "\\'\"" else match[0]),
        text,
        flags=re.DOTALL,
    )
