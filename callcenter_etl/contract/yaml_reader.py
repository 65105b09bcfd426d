"""Builds a document of plain values from a YAML parser's events, with limits for depth and number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from callcenter_etl.contract.escape_warnings import EscapeWarnings
from callcenter_etl.contract.positions import Path, Place, Positions
from callcenter_etl.contract.scalar import Scalar, plain_tag
from callcenter_etl.contract.yaml_events import EventStream, YamlSyntaxError
from callcenter_etl.diagnostic import Diagnostic, contract_diagnostic
from callcenter_etl.errors import ContractError

MAX_DEPTH = 50
MAX_FAULTS = 500

_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset({"str", "int", "float", "bool", "null"})
_MERGE = "merge keys (<<) are not part of YAML 1.2: write the keys here, or use an alias for the whole value"


class TooManyValuesError(ContractError):
    """The error of a text with more values than its parser reads."""


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A value with an anchor, and its expanded size: values, characters, and levels below it."""

    value: Any
    path: Path
    values: int
    characters: int
    height: int


class DocumentReader:
    """Reads one document. An alias shares the value of its anchor, and counts with that value's expanded size.

    After `read_document`, `value` is the document (None for an empty text), and `faults` lists unsupported YAML.
    """

    def __init__(
        self, origin: str, stream: EventStream, warnings: EscapeWarnings, *, max_characters: int
    ) -> None:
        self.faults: list[Diagnostic] = []
        self.warnings = warnings
        self.positions = Positions()
        self.value: Any = None
        self._origin = origin
        self._next = stream.read
        self._kinds = stream.kinds
        self._max_values = stream.max_values
        self._max_characters = max_characters
        self._anchors: dict[str, _Anchored | None] = {}
        self._values = self._characters = self._deepest = 0

    def read_document(self) -> DocumentReader:
        """Read the only document of the text. Raises YamlSyntaxError, and ContractError if a limit is exceeded."""
        self._next()  # the start of the stream
        if isinstance(self._next(), self._kinds.StreamEndEvent):
            return self
        root = self._next()
        self.positions.add_key((), _place(root))
        self.value = self._read(root, (), 0)
        self._next()  # the end of the document
        event = self._next()
        if not isinstance(event, self._kinds.StreamEndEvent):
            self._fault(event, "a second document starts here, and a contract is one document")
        return self

    def _read(self, event: Any, path: Path, depth: int) -> Any:
        kinds = self._kinds
        if isinstance(event, kinds.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, kinds.AliasEvent):
            return self._alias(event, path, depth)
        self._count(event, 1, 0, depth)
        if event.anchor is None:
            return self._collection(event, path, depth)
        return self._anchored(event, path, depth)

    def _collection(self, event: Any, path: Path, depth: int) -> Any:
        if isinstance(event, self._kinds.SequenceStartEvent):
            self._check_tag(event, "seq")
            return self._list(path, depth)
        self._check_tag(event, "map")
        return self._mapping(path, depth)

    def _anchored(self, event: Any, path: Path, depth: int) -> Any:
        # None while the value is read: an alias inside the value would make it contain itself.
        self._anchors[event.anchor] = None
        values, characters, deepest = self._values, self._characters, self._deepest
        self._deepest = depth
        value = self._collection(event, path, depth)
        height = self._deepest - depth
        self._deepest = max(deepest, self._deepest)
        self._anchors[event.anchor] = _Anchored(
            value, path, self._values - values + 1, self._characters - characters, height
        )
        return value

    def _alias(self, event: Any, path: Path, depth: int) -> Any:
        if event.anchor not in self._anchors:
            raise YamlSyntaxError(
                f"found undefined alias {event.anchor!r}", event.start_mark.line, event.start_mark.column
            )
        anchored = self._anchors[event.anchor]
        if anchored is None:
            self._stop(event, f"the alias {event.anchor!r} is inside of the value that it repeats")
        # Counted, not expanded: nested aliases reach billions of values within a few lines ("billion laughs").
        self._count(event, anchored.values, anchored.characters, depth + anchored.height)
        self.positions.add_alias(path, anchored.path)
        return anchored.value

    def _scalar(self, event: Any, path: Path) -> Scalar:
        self._count(event, 1, len(event.value), 0)
        self.warnings.check(event, path)
        tag = self._scalar_tag(event)
        scalar = Scalar.of(self._text(event), tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(scalar, path, 1, len(event.value), 0)
        return scalar

    def _scalar_tag(self, event: Any) -> str:
        tag = event.tag
        if tag is None or tag == "!":
            return plain_tag(event.value) if event.implicit[0] else "str"
        short = str(tag).removeprefix(_TAG)
        if short not in _KNOWN_TAGS and short != "timestamp":
            self._fault(event, f"tag {str(tag)!r} is not allowed: contracts hold plain values only")
        # Dates stay text, which the type of a column reads.
        return "str" if short == "timestamp" else short

    def _check_tag(self, event: Any, plain: str) -> None:
        if event.tag is not None and event.tag not in ("!", _TAG + plain):
            self._fault(event, f"tag {str(event.tag)!r} is not allowed: contracts hold plain values only")

    def _list(self, path: Path, depth: int) -> list[Any]:
        places = self.positions.add_list(path)
        found: list[Any] = []
        end = self._kinds.SequenceEndEvent
        while not isinstance(event := self._next(), end):
            line, column = _place(event)
            places.add(line, column, quoted=_is_quoted(event))
            found.append(self._read(event, (*path, len(found)), depth + 1))
        return found

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        end = self._kinds.MappingEndEvent
        while not isinstance(event := self._next(), end):
            key = self._key(event, path, depth)
            if key is None:
                self._skip(self._next())
            elif key in found:
                self._fault(event, f"the key {key!r} stands twice")
                self._skip(self._next())
            else:
                where = (*path, key)
                self.positions.add_key(where, _place(event))
                found[key] = self._entry(where, depth)
        return found

    def _entry(self, path: Path, depth: int) -> Any:
        event = self._next()
        if isinstance(event, self._kinds.ScalarEvent):
            line, column = _place(event)
            self.positions.add_start(path, (line, column + _is_quoted(event)))
        return self._read(event, path, depth + 1)

    def _key(self, event: Any, path: Path, depth: int) -> str | None:
        """Return the text of a key, or add a fault and return None."""
        if isinstance(event, self._kinds.ScalarEvent):
            key: Any = self._scalar(event, path)
            # In quotes << is an ordinary key.
            if key == "<<" and not event.style:
                self._fault(event, _MERGE)
                return None
        elif isinstance(event, self._kinds.AliasEvent):
            key = self._alias(event, path, depth)
        else:
            self._skip(event)
            key = None
        if not isinstance(key, Scalar):
            self._fault(event, "a key must be a word")
            return None
        return str(key)

    def _skip(self, event: Any) -> None:
        """Skip the events of a value that has a fault already."""
        kinds = self._kinds
        starts = (kinds.SequenceStartEvent, kinds.MappingStartEvent)
        ends = (kinds.SequenceEndEvent, kinds.MappingEndEvent)
        level = 0
        while True:
            # Skipped values take time too, so they count towards the limit.
            self._count(event, 1, 0, 0)
            level += isinstance(event, starts)
            level -= isinstance(event, ends)
            if level == 0:
                return
            event = self._next()

    def _text(self, event: Any) -> str:
        text = str(event.value)
        if text.isascii():
            return text
        try:
            return _joined_surrogates(text)
        except UnicodeDecodeError:
            self._fault(
                event, "half of a surrogate pair is no character (write both halves, or the character)"
            )
            return ""

    def _count(self, event: Any, values: int, characters: int, depth: int) -> None:
        self._values += values
        self._characters += characters
        self._deepest = max(self._deepest, depth)
        if depth > MAX_DEPTH:
            self._stop(event, f"nested more than {MAX_DEPTH} levels deep, as no contract is")
        if self._values > self._max_values:
            self._fault(event, f"more than {self._max_values:,} values, which no contract has")
            raise TooManyValuesError((self.faults[-1],))
        if self._characters > self._max_characters:
            limit = f"{self._max_characters:,} characters"
            self._stop(event, f"with its aliases the contract has more than {limit}, which no contract needs")

    def _fault(self, event: Any, message: str) -> None:
        line, column = _place(event)
        self.faults.append(contract_diagnostic(message, file=self._origin, line=line, column=column))
        if len(self.faults) > MAX_FAULTS:
            self.faults[-1] = contract_diagnostic(
                f"and more: only {MAX_FAULTS:,} faults are shown", file=self._origin
            )
            raise ContractError(tuple(self.faults))

    def _stop(self, event: Any, message: str) -> NoReturn:
        self._fault(event, message)
        raise ContractError((self.faults[-1],))


def _place(event: Any) -> Place:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _is_quoted(event: Any) -> bool:
    return getattr(event, "style", None) in ("'", '"')


def _joined_surrogates(text: str) -> str:
    """Return text with the surrogate pairs of JSON escapes joined. Raises UnicodeDecodeError for half a pair."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
