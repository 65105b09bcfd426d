"""Reads YAML 1.2 or JSON text into plain values that keep their source text and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from callcenter_etl.contract.escapes import advice, suspicious_escape
from callcenter_etl.contract.quoting import quoted, shortened
from callcenter_etl.errors import ContractError, Fault

MAX_BYTES = 2**20
MAX_DEPTH = 50
MAX_NODES = 100_000
MAX_WARNINGS = 100
Path = tuple[str | int, ...]
Place = tuple[int, int]

_TOO_MUCH = f"more than {MAX_DEPTH} levels or {MAX_NODES:,} values, which no contract has"
_TOO_LONG = f"with its aliases the contract has more than {MAX_BYTES:,} characters, which no contract needs"
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = {"str", "int", "float", "bool", "null"}


class Scalar(str):
    """A scalar by its source text; `tag` is what YAML takes it for (str int float bool null)."""

    __slots__ = ("tag",)
    tag: str

    @classmethod
    def of(cls, text: str, tag: str) -> Scalar:
        """Make a scalar of a text and the tag that YAML resolves it to."""
        scalar = cls(text)
        scalar.tag = tag
        return scalar


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: mappings, lists and scalars, and where each key or list entry stands (1-based).

    Where the value was made of a text in another format, `origins` gives the paths there that its parts came from.
    Where it was made of several files, `files` gives the file that each of its own keys stands in. `warnings` are about
    text that YAML reads otherwise than it looks.
    """

    value: dict[str, Any]
    places: dict[Path, Place]
    starts: dict[Path, Place]
    origins: Mapping[Path, Path] | None = None
    files: Mapping[str | int, str] | None = None
    warnings: tuple[Fault, ...] = ()

    def there(self, path: Path) -> Path:
        """Give the path in the text that a path of the value, or what stands around it, came from."""
        if self.origins is None:
            return path
        around = (path[:length] for length in range(len(path), -1, -1))
        return next((self.origins[part] for part in around if part in self.origins), ())


def parse_document(text: bytes, origin: str) -> Document:
    """Parse a contract's text. Raises ContractError with what is wrong and where."""
    if len(text) > MAX_BYTES:
        raise ContractError(
            (Fault(f"the contract has more than {MAX_BYTES:,} bytes, which no contract needs", file=origin),)
        )
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _line_and_column(text[: error.start].decode("utf-8-sig"))
        message = f"byte 0x{text[error.start]:02X} is not UTF-8"
        raise ContractError((Fault(message, file=origin, line=line, column=column),)) from error
    try:
        node = _bounded_yaml().compose(decoded)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (None, None) if mark is None else (mark.line + 1, mark.column + 1)
        message = f"not YAML: {(error.problem or error.context or str(error)).strip()}"
        if "unknown escape character" in message:
            message += " (in double quotes a backslash begins an escape: use single quotes)"
        raise ContractError((Fault(message, file=origin, line=place[0], column=place[1]),)) from error
    except ReaderError as error:
        line, column = _line_and_column(decoded[: error.position])
        message = f"not YAML: the control character {chr(error.character)!r} must be written as an escape"
        raise ContractError((Fault(message, file=origin, line=line, column=column),)) from error
    except (YAMLError, RecursionError, ValueError) as error:
        words = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        raise ContractError((Fault(f"not YAML: {words}", file=origin),)) from error
    reader = _Reader(origin, decoded)
    value = reader.read(node, (), 0) if node is not None else None
    if not isinstance(value, dict) and not reader.faults:
        kind = "empty" if value is None else f"a {'list' if isinstance(value, list) else 'single value'}"
        reader.faults.append(
            Fault(
                f"the document is {kind}, a mapping with the key 'contract' expected",
                file=origin,
                line=1,
                column=1,
            )
        )
    if reader.faults or not isinstance(value, dict):
        raise ContractError(tuple(reader.faults), tuple(reader.warnings))
    return Document(value, reader.places, reader.starts, warnings=tuple(reader.warnings))


class _BoundedComposer(Composer):
    """Stops while composing, before a flood of values has cost its time and memory."""

    composed = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.composed += 1
        if self.composed > MAX_NODES or self.depth > MAX_DEPTH:
            raise ComposerError(None, None, _TOO_MUCH, self.parser.peek_event().start_mark)
        return super().compose_node(parent, index)


def _bounded_yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _BoundedComposer
    return yaml


def _line_and_column(before: str) -> Place:
    """Give the 1-based place of what follows the text `before`."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _joined_surrogates(text: str) -> str:
    """Join the surrogate pairs that JSON escapes make; raises UnicodeDecodeError where half a pair stands alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


class _Reader:
    """Walks composed nodes, bounded in depth and number."""

    def __init__(self, origin: str, text: str) -> None:
        self.origin = origin
        self.text = text
        self.is_json = text.lstrip().startswith("{")
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.warned: set[tuple[int, str]] = set()
        self.places: dict[Path, Place] = {}
        self.starts: dict[Path, Place] = {}
        self.nodes = 0
        self.characters = 0

    def fault(self, node: Node, message: str) -> None:
        line, column = _place(node)
        self.faults.append(Fault(message, file=self.origin, line=line, column=column))

    def read(self, node: Node, path: Path, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            if self.nodes <= MAX_NODES + MAX_DEPTH or depth > MAX_DEPTH:
                self.fault(node, _TOO_MUCH)
            raise ContractError(tuple(self.faults[:1]))
        self.starts[path] = _content_place(node)
        self.places.setdefault(path, _place(node))
        if isinstance(node, ScalarNode):
            tag = str(node.tag).removeprefix(_TAG)
            self._warn_of_escapes(node, path)
            if tag not in _KNOWN_TAGS and tag != "timestamp":
                self.fault(
                    node, f"tag {quoted(str(node.tag))} is not allowed: contracts hold plain values only"
                )
            return Scalar.of(self._text(node), "str" if tag == "timestamp" else tag)
        if isinstance(node, SequenceNode):
            self._check_tag(node, "seq")
            return [self.read(each, (*path, index), depth + 1) for index, each in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        self.fault(node, "unknown kind of value")
        return None

    def _warn_of_escapes(self, node: ScalarNode, path: Path) -> None:
        if node.style != '"' or len(self.warnings) > MAX_WARNINGS:
            return
        raw = self.text[node.start_mark.index + 1 : node.end_mark.index - 1]
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        found = suspicious_escape(raw, key)
        if found is None:
            return
        offset, meaning = found
        line, column = _place(node)
        breaks = raw.count("\n", 0, offset)
        column = column + 1 + offset if not breaks else offset - raw.rfind("\n", 0, offset)
        message = advice(raw[offset : offset + 2], meaning, json=self.is_json)
        warning = Fault(message, dotted(path), self.origin, line + breaks, column, "warn")
        if len(self.warnings) == MAX_WARNINGS:
            warning = Fault(
                f"and more: only {MAX_WARNINGS:,} warnings are shown", file=self.origin, severity="warn"
            )
        if (node.start_mark.index, key) not in self.warned:  # an alias repeats its anchor
            self.warned.add((node.start_mark.index, key))
            self.warnings.append(warning)

    def _check_tag(self, node: Node, plain: str) -> None:
        if str(node.tag) != _TAG + plain:
            self.fault(node, f"tag {quoted(str(node.tag))} is not allowed: contracts hold plain values only")

    def _text(self, node: ScalarNode) -> str:
        self.characters += len(node.value)
        if self.characters > MAX_BYTES:  # more than the text has: aliases multiply it
            self.fault(node, _TOO_LONG)
            raise ContractError(tuple(self.faults[:1]))
        try:
            return _joined_surrogates(str(node.value))
        except UnicodeDecodeError:
            self.fault(node, "half of a surrogate pair is no character (write both halves, or the character)")
            return ""

    def _mapping(self, node: MappingNode, path: Path, depth: int) -> dict[str, Any]:
        self._check_tag(node, "map")
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.fault(key_node, "a key must be a word")
                continue
            key = self._text(key_node)
            if key in found:
                self.fault(key_node, f"the key {quoted(key)} stands twice")
                continue
            self.places[(*path, key)] = _place(key_node)
            found[key] = self.read(value_node, (*path, key), depth + 1)
        return found


def dotted(path: Path) -> str:
    """Return a path as it is shown: `columns[3].type`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{shortened(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def _place(node: Node) -> Place:
    mark = node.start_mark
    return (mark.line + 1, mark.column + 1)


def _content_place(node: Node) -> Place:
    """Give where the content of a node starts: past the quote, for a quoted scalar."""
    line, column = _place(node)
    return (line, column + 1) if isinstance(node, ScalarNode) and node.style in ("'", '"') else (line, column)
