"""Contract text: what is read keeps its source text and place, what is no contract is told with its place."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from callcenter_etl.contract.loader import LoadedContract, load_document
from callcenter_etl.errors import ContractError, SourceError

SMALL = "contract: c\ncolumns:\n  - {name: a}\n"


def load(text: str | bytes) -> LoadedContract:
    raw = text.encode("utf-8") if isinstance(text, str) else text
    return load_document("c.yaml", read_bytes=lambda _: raw)


def faults_of(text: str | bytes) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load(text)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    "word", ["007", "NO", "12:30:45", "1.0", "5%", "1e3", "0x1F", "2025-01-31", "true", "1_000"]
)
def test_a_plain_scalar_keeps_its_source_text(word: str) -> None:
    text = f"contract: c\ncolumns:\n  - {{name: {word}, allowed: [{word}, '{word} ']}}\n"
    column = load(text).document.columns[0]
    assert (column.name, column.allowed) == (word, (word, f"{word} "))


def test_a_delimiter_may_be_a_tab_in_every_quoting() -> None:
    for written in ('"\\t"', "'\\t'", "\\t"):
        assert load(f"{SMALL}source: {{delimiter: {written}}}\n").document.source.delimiter == "\t"


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_means_what_yaml_means(indent: str | int | None, *, ascii_only: bool) -> None:
    contract = {
        "contract": "c",
        "columns": [
            {"name": "\U0001f600/é", "type": "integer", "min": 0, "required": True},
            {"name": "b", "allowed": ["x", "\t"]},
        ],
        "limits": {"max_rejected": "5%"},
    }
    document = load(json.dumps(contract, indent=indent, ensure_ascii=ascii_only)).document
    assert document == load_document(contract).document
    assert document.columns[0].name == "\U0001f600/é"
    assert document.columns[0].rule_keys == ("type", "min", "required")


def test_a_byte_order_mark_is_dropped() -> None:
    assert load(b"\xef\xbb\xbf" + SMALL.encode()).document.contract == "c"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "c.yaml:1:1: the document is empty, a mapping with the key 'contract' expected"),
        ("# only words\n", "c.yaml:1:1: the document is empty, a mapping with the key 'contract' expected"),
        ("- a\n", "c.yaml:1:1: the document is a list, a mapping with the key 'contract' expected"),
        ("abc\n", "c.yaml:1:1: the document is a single value, a mapping with the key 'contract' expected"),
        ("a: 1\n---\nb: 2\n", "c.yaml:2:1: a second document starts here, and a contract is one document"),
        ("a: 1\n\tb: 2\n", "c.yaml:2:1: not YAML: found character '\\t' that cannot start any token"),
        ("a: b: c\n", "c.yaml:1:5: not YAML: mapping values are not allowed here"),
        ("a: *b\n", "c.yaml:1:4: not YAML: found undefined alias 'b'"),
        (b"a: 1\nb: \xe9\n", "c.yaml:2:4: byte 0xE9 is not UTF-8"),
        (
            'a: 1\nb: "x\x01"\n',
            "c.yaml:2:6: not YAML: the control character '\\x01' must be written as an escape",
        ),
        ("? [a]\n: b\n", "c.yaml:1:3: a key must be a word"),
        ("a: 1\nb: 2\na: 3\n", "c.yaml:3:1: the key 'a' stands twice"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            (
                "c.yaml:1:4: tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed: "
                "contracts hold plain values only"
            ),
        ),
        ("a: !own b\n", "c.yaml:1:4: tag '!own' is not allowed: contracts hold plain values only"),
        (
            'a: "\\ud800"\n',
            "c.yaml:1:4: half of a surrogate pair is no character (write both halves, or the character)",
        ),
    ],
)
def test_text_that_is_no_contract_is_told_with_its_place(text: str | bytes, fault: str) -> None:
    assert fault in faults_of(text)


FLOOD = "more than 2,000,000 values, which no contract has"
DEEP = "nested more than 50 levels deep, as no contract is"
DOUBLING = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))

NESTING = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]\n" for n in range(1, 6))
MERGING = "a0: &a0 {k: 1}\n" + "a1: &a1 {<<: [*a0, *a0]}\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (DOUBLING, FLOOD),
        ("a: &x [*x]\n", "c.yaml:1:8: the alias 'x' is inside of the value that it repeats"),
        ("a: " + "[" * 100_000, DEEP),
        ("".join(" " * depth + "a:\n" for depth in range(1000)), DEEP),
        (NESTING, DEEP),
        (
            MERGING,
            "c.yaml:2:10: merge keys (<<) are not part of YAML 1.2: write the keys here, or use an alias for the whole value",
        ),
        ("#" * (2**26 + 1), "the contract has more than 67,108,864 bytes, which no contract needs"),
    ],
    ids=["alias doubling", "recursion", "flow depth", "block depth", "alias depth", "merge keys", "size"],
)
def test_a_bomb_ends_soon_as_one_fault(text: str, fault: str) -> None:
    started = time.monotonic()
    found = faults_of(text)
    assert len(found) == 1
    assert found[0].endswith(fault)
    assert time.monotonic() - started < 5


def test_aliases_repeat_their_anchor() -> None:
    document = load(
        "contract: c\ncolumns:\n  - {name: a, allowed: &words [x, y]}\n  - {name: b, allowed: *words}\n"
    )
    assert [column.allowed for column in document.document.columns] == [("x", "y"), ("x", "y")]


def test_a_file_that_is_not_there_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or directory"):
        load_document(tmp_path / "none.yaml")
