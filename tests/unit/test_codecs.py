"""Every codec of Python is either refused by the contract, or read as the standard library decodes it."""

from __future__ import annotations

import encodings
import encodings.aliases
import pkgutil
from pathlib import Path

import pytest

from callcenter_etl import ContractError, load_contract, validate

NAMES = sorted(
    {name for _, name, _ in pkgutil.iter_modules(encodings.__path__)} | set(encodings.aliases.aliases)
)
CHARACTERS = [
    chr(code) for code in range(0xA1, 0xFFFF) if not 0xD800 <= code <= 0xDFFF and chr(code).isalpha()
]


def encodable(encoding: str) -> list[str]:
    """Return characters beyond ASCII that the codec writes and reads back; first those with a delimiter's byte."""
    found = []
    for character in CHARACTERS[::7]:
        try:
            data = character.encode(encoding)
            if data.decode(encoding) == character:
                found.append((b"|" not in data and b'"' not in data, character))
        except (UnicodeError, ValueError):
            continue
    return [character for _, character in sorted(found)[:200]]


def names_in(encoding: str) -> list[str]:
    characters = "".join(encodable(encoding)) or "plain"
    return [f"a{characters[start : start + 20]}z" for start in range(0, len(characters), 20)]


@pytest.mark.parametrize("encoding", NAMES)
def test_values_are_those_of_the_standard_library(encoding: str, tmp_path: Path) -> None:
    columns: list[dict[str, object]] = [{"name": "id", "type": "digits"}, {"name": "name", "required": True}]
    source = {"encoding": encoding, "delimiter": "|", "quote": '"'}
    document = {"contract": "codecs", "version": "1.0.0", "source": source, "columns": columns}
    try:
        load_contract(document)
    except ContractError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert "encoding" in refused
        return
    names = names_in(encoding)
    text = "id|name\n" + "".join(f"{number}|{name}\n" for number, name in enumerate(names))
    text += f"x|{names[0]}\n"
    columns[1]["allowed"] = names
    path = tmp_path / "source.csv"
    path.write_bytes(text.encode(encoding))
    summary = validate(str(path), load_contract(document), output=str(tmp_path / "out")).summary
    assert summary["records"]["read"] == len(names) + 1
    assert {rule: each["broken"] for rule, each in summary["rules"].items() if each["broken"]} == {
        "id.type": 1
    }
    rejected = (tmp_path / "out" / "exceptions.csv").read_text(encoding="utf-8")
    assert names[0] in rejected


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_kr", "hz", "utf-7", "utf-16"])
def test_a_stateful_encoding_becomes_utf_8_in_the_target(encoding: str, tmp_path: Path) -> None:
    names = names_in(encoding)
    text = "id|name\n" + "".join(f"{number}|{name}\n" for number, name in enumerate(names))
    (tmp_path / "s.csv").write_bytes(text.encode(encoding))
    contract = load_contract(
        {
            "contract": "codecs",
            "version": "1.0.0",
            "source": {"encoding": encoding, "delimiter": "|"},
            "columns": [{"name": "id", "type": "digits"}, {"name": "name"}],
        }
    )
    assert validate(str(tmp_path / "s.csv"), contract, output=str(tmp_path / "out")).passed
    assert (tmp_path / "out" / "target.csv").read_text(encoding="utf-8") == text
