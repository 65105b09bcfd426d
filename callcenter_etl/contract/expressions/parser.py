"""Parses the text of an expression to a tree; nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from callcenter_etl.contract.expressions.tree import ExpressionFault, ExpressionFaults, Node

MAX_CHARACTERS = 10_000
MAX_DEPTH = 100
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_TOKENS = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<quoted>`(?:[^`]|``)*`)"
    r"|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<mark>==|!=|<=|>=|[-+*/<>()\[\],=])",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_WORDS = {"and", "or", "not", "in"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def parse_expression(text: str) -> Node:
    """Parse an expression. Raises ExpressionFaults with the first fault of its syntax."""
    if len(text) > MAX_CHARACTERS:
        raise _fault(0, f"the expression has {len(text):,} characters, at most {MAX_CHARACTERS:,} are read")
    return _Parser(_tokens(text), len(text)).parse()


def _fault(offset: int, message: str) -> ExpressionFaults:
    return ExpressionFaults((ExpressionFault(offset, message),))


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            character = text[position]
            what = "an unclosed quote" if character in "'\"`" else f"unexpected {character!r}"
            raise _fault(position, what)
        kind = str(match.lastgroup)
        if kind == "name" and match[0] in _WORDS:
            kind = "word"
        if kind != "space":
            found.append(_Token(kind, match[0], position))
        position = match.end()
    return found


class _Parser:
    """Recursive descent in the order of precedence: or, and, not, comparison, sum, product, sign, primary."""

    def __init__(self, tokens: list[_Token], length: int) -> None:
        self.tokens = tokens
        self.end = _Token("end", "the end", length)
        self.position = 0
        self.depth = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.position] if self.position < len(self.tokens) else self.end

    def take(self, *texts: str, kinds: tuple[str, ...] = ("mark", "word")) -> _Token | None:
        token = self.next
        if token.kind in kinds and token.text in texts:
            self.position += 1
            return token
        return None

    def expect(self, text: str, why: str) -> None:
        if self.take(text) is None:
            raise _fault(self.next.offset, f"{text!r} expected {why}, found {self.next.text!r}")

    def parse(self) -> Node:
        if not self.tokens:
            raise _fault(0, "the expression is empty")
        node = self.disjunction()
        token = self.next
        if token.kind != "end":
            hint = " (compare with ==)" if token.text == "=" else ""
            raise _fault(token.offset, f"unexpected {token.text!r}{hint}")
        return node

    def disjunction(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _fault(self.next.offset, f"nested more than {MAX_DEPTH} levels deep")
        parts = [self.conjunction()]
        while self.take("or"):
            parts.append(self.conjunction())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Node("or", parts[0].offset, tuple(parts))

    def conjunction(self) -> Node:
        parts = [self.negation()]
        while self.take("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Node("and", parts[0].offset, tuple(parts))

    def negation(self) -> Node:
        nots: list[_Token] = []
        while token := self.take("not"):
            nots.append(token)
        node = self.comparison()
        if len(nots) % 2 == 0:
            return Node("not", nots[0].offset, (Node("not", nots[0].offset, (node,)),)) if nots else node
        return Node("not", nots[0].offset, (node,))

    def comparison(self) -> Node:
        left = self.sum()
        found: list[Node] = []
        while True:
            token = self.next
            if self.take(*COMPARISONS):
                right = self.sum()
                found.append(Node("compare", token.offset, (left, right), token.text))
                left = right
            elif self.take("in"):
                found.append(self.membership(left, token.offset))
            elif token.text == "not" and token.kind == "word" and self.peek_in():
                self.position += 2
                found.append(Node("not", token.offset, (self.membership(left, token.offset),)))
            else:
                break
        if not found:
            return left
        return found[0] if len(found) == 1 else Node("and", found[0].offset, tuple(found))

    def peek_in(self) -> bool:
        after = self.tokens[self.position + 1] if self.position + 1 < len(self.tokens) else self.end
        return after.kind == "word" and after.text == "in"

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

    def sum(self) -> Node:
        left = self.product()
        while token := self.take("+", "-"):
            left = Node("arithmetic", token.offset, (left, self.product()), token.text)
        return left

    def product(self) -> Node:
        left = self.sign()
        while token := self.take("*", "/"):
            left = Node("arithmetic", token.offset, (left, self.sign()), token.text)
        return left

    def sign(self) -> Node:
        signs: list[_Token] = []
        while token := self.take("+", "-"):
            signs.append(token)
        node = self.primary()
        if sum(token.text == "-" for token in signs) % 2 == 0:
            return node
        if node.kind == "number" and isinstance(node.value, Decimal):
            return Node("number", signs[0].offset, (), -node.value)
        return Node("negate", signs[0].offset, (node,))

    def primary(self) -> Node:
        token = self.next
        self.position += 1
        if token.kind == "number":
            return Node("number", token.offset, (), Decimal(token.text))
        if token.kind == "string":
            return Node("string", token.offset, (), _unescape(token.text[1:-1]))
        if token.kind == "quoted":
            return Node("column", token.offset, (), token.text[1:-1].replace("``", "`"))
        if token.kind == "name":
            return self.call(token) if self.take("(") else Node("column", token.offset, (), token.text)
        if token.text == "(":
            node = self.disjunction()
            self.expect(")", "to close the parenthesis")
            return node
        hint = " (compare with ==)" if token.text == "=" else ""
        raise _fault(token.offset, f"a value expected, found {token.text!r}{hint}")

    def call(self, token: _Token) -> Node:
        parts: list[Node] = []
        if not self.take(")"):
            parts.append(self.disjunction())
            while self.take(","):
                parts.append(self.disjunction())
            self.expect(")", f"to close {token.text}(")
        return Node("call", token.offset, tuple(parts), token.text)


def _unescape(text: str) -> str:
    return re.sub(
        r"\\(.)",
        lambda match: _ESCAPES.get(match[1], match[1] if match[1] in "\\'\"" else match[0]),
        text,
        flags=re.DOTALL,
    )
