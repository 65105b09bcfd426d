"""libyaml and ruamel.yaml read the same document: values, types, places and faults."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.contract.escape_warnings import EscapeWarnings
from callcenter_etl.contract.loader import load_document
from callcenter_etl.contract.positions import Path, Positions
from callcenter_etl.contract.scalar import Scalar, plain_tag
from callcenter_etl.contract.yaml_events import EventStream, YamlSyntaxError, exact_events, fast_events
from callcenter_etl.contract.yaml_reader import DocumentReader
from callcenter_etl.errors import ContractError
from tests.shared_folder import REPOSITORY

pytestmark = pytest.mark.skipif(
    not yaml.__with_libyaml__, reason="PyYAML without libyaml: there is one parser alone"
)

WORDS = st.sampled_from(
    [
        "a",
        "b-c",
        "x:y",
        "http://u",
        "12:30:45",
        "007",
        "1.5",
        "0x1F",
        "-1",
        "true",
        "NO",
        "null",
        "~",
        "é",
        "😀",
        "a#b",
        "''",
        "'q'",
        '"d"',
        '"\\n"',
        "=",
        "<<",
        "@",
    ]
)
FILES = sorted(REPOSITORY.glob("**/*.yaml")) + sorted(REPOSITORY.glob("tests/cases/**/*.json"))
# Soup of what makes structure; without tabs, tags and root block scalars, where the two differ within YAML's grey zones.
STRUCTURE = (
    "a",
    "b: ",
    "- ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\n",
    "\n  ",
    "\n    ",
    "\n\n",
    "\r\n",
    "? ",
    "&x ",
    "*x",
)
PIECES = (" # c", "'x'", '"y"', "k: |\n  t\n", "null", "1", "-1", "é", "a b")
SOUP = st.lists(st.sampled_from(STRUCTURE + PIECES), max_size=12).map("".join)


def flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(map(flow, value)) + "]" if isinstance(value, list) else str(value)


TREES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("kmno"), inner, max_size=3),
    max_leaves=12,
)


def outcome(stream: EventStream | None) -> Any:
    """Return everything that the reader found, or None where the text is refused as YAML."""
    assert stream is not None
    try:
        reader = DocumentReader("f", stream, EscapeWarnings("f", ""), max_characters=10**6).read_document()
    except YamlSyntaxError:
        return None
    except ContractError as error:
        return str(error)
    return plain(reader.value, (), reader.positions), [fault.message for fault in reader.faults]


def plain(value: Any, path: Path, positions: Positions) -> Any:
    if isinstance(value, dict):
        return {
            key: (plain(each, (*path, key), positions), positions.find((*path, key)))
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [plain(each, (*path, index), positions) for index, each in enumerate(value)]
    # The place of an empty scalar is where its parser noticed that nothing comes.
    place = positions.find_start(path) if value else None
    return str(value), getattr(value, "tag", None), place


@pytest.mark.parametrize("indented", [False, True])
@given(tree=st.dictionaries(st.sampled_from("kmno"), TREES, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_documents_are_read_alike(tree: dict[str, Any], *, indented: bool) -> None:
    text = "".join(f"{key}: {flow(each)}\n" for key, each in tree.items())
    text = text if not indented else "top:\n" + "".join(f"  - {line}\n" for line in text.splitlines())
    expected = outcome(exact_events(text))
    found = outcome(fast_events(text, 10**6))
    assert found is None or found == expected


@given(text=SOUP)
@settings(max_examples=400, deadline=None)
def test_what_both_take_for_yaml_is_the_same(text: str) -> None:
    found, expected = outcome(fast_events(text, 10**6)), outcome(exact_events(text))
    assert None in (found, expected) or found == expected


def test_every_contract_here_is_read_alike() -> None:
    read = 0
    for path in FILES:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        if len(text) < 100_000 and (found := outcome(fast_events(text, 10**6))) is not None:
            assert found == outcome(exact_events(text)), path
            read += 1
    assert read > 20


@pytest.mark.parametrize(
    "word",
    [
        "a",
        "true",
        "True",
        "tRUE",
        "false",
        "null",
        "Null",
        "NULL",
        "~",
        "1",
        "-1",
        "+1",
        "0b1",
        "0o7",
        "08",
        "0x1F",
        "1_000",
        "_1",
        "1.5",
        ".5",
        "1.",
        "1e3",
        "1e+3",
        "-1.5e-3",
        ".inf",
        "-.INF",
        ".nan",
        "NaN",
        "12:30:45",
        "2025-01-31",
        "NO",
        "yes",
        "on",
        "=",
        "<<",
        "-",
        "+",
        ".",
        "..",
        "+.",
        "1e",
        "0x",
        "0o",
        "é",
    ],
)
def test_a_plain_word_has_the_type_of_yaml_1_2(word: str) -> None:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import ScalarNode

    node = YAML(typ="safe", pure=True).compose(f"[{word}]").value[0]
    assert isinstance(node, ScalarNode)
    tag = str(node.tag).rpartition(":")[2]
    assert plain_tag(word) == ("str" if tag in ("timestamp", "merge", "value") else tag)


@pytest.mark.parametrize("mark", ["\x85", "\u2028", "\u2029"])
def test_a_line_end_of_yaml_1_1_is_a_character(mark: str) -> None:
    text = f"contract: c\ncolumns: [{{name: a, allowed: ['x{mark}y']}}]\n"
    column = load_document("c.yaml", read_bytes=lambda _: text.encode()).document.columns[0]
    assert column.allowed == (Scalar(f"x{mark}y"),) or column.allowed == ("x y",)


def test_without_libyaml_contracts_are_read_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    small = "contract: c\ncolumns: [{name: a, allowed: [x, y]}]\n"
    assert load_document("c.yaml", read_bytes=lambda _: small.encode()).document.columns[0].allowed == (
        "x",
        "y",
    )
    large = small + "#" * 2**20
    with pytest.raises(
        ContractError, match=r"c.yaml: the contract has 1,048,\d+ bytes; more than 1,048,576 are read"
    ):
        load_document("c.yaml", read_bytes=lambda _: large.encode())
