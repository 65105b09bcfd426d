"""Files of other tools with anything anywhere end as a contract or as faults, never as a crash."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.tools.convert.contract_formats import guess
from callcenter_etl.tools.convert.conversion import import_contract
from tests.interop.contracts import CONTRACTS, SAMPLES
from tests.interop.test_foreign import GOLDEN

ODD: tuple[Any, ...] = (
    None, True, -1, 1.5, 10**40, "", "x", "^a|b$", "(?=x)", [], ["x"], [None], [["x"]], {}, {"x": "y"}, {"type": "digits"},
    {"without": 1, "order": "type"}, {"columns": [1]}, {"name": None}, [{"name": "x"}], "\u2028", "%Q", "v3.1.0",
)  # fmt: skip
FILES = sorted(
    {name.split("#")[0] for names in GOLDEN.values() for name in names if not name.endswith(":Orders")}
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return found + [each for key, child in children for each in places(child, (*path, key))]


def mutated(document: Any, rng: random.Random) -> Any:
    value = copy.deepcopy(document)
    for _ in range(rng.randint(1, 3)):
        spots = places(value)
        if not spots:
            break
        path = rng.choice(spots)
        parent = value
        for part in path[:-1]:
            parent = parent[part]
        if rng.random() < 0.2 and isinstance(parent, dict):
            del parent[path[-1]]
        else:
            parent[path[-1]] = copy.deepcopy(rng.choice(ODD))
    return value


def plain(path: Path) -> Any:
    return json.loads(json.dumps(YAML(typ="safe").load(path.read_text(encoding="utf-8").replace("\t", " "))))


@pytest.mark.parametrize("name", [*FILES, "exported"])
@given(seed=st.integers(min_value=0, max_value=2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_mutated_file_is_a_contract_or_has_faults(name: str, seed: int) -> None:
    rng = random.Random(seed)
    document = plain(SAMPLES / name) if name != "exported" else exported(rng)
    text = json.dumps(mutated(document, rng)).encode()
    try:
        found = import_contract(
            [rng.choice(("x.json", "x.json#orders"))], guess(document), read_bytes=lambda _: text
        )
    except CallcenterEtlError:
        return
    assert found.text.startswith("contract: ")


def exported(rng: random.Random) -> Any:
    from callcenter_etl.tools.convert.contract_readers import load_any_document
    from callcenter_etl.tools.convert.conversion import export_contract

    to = rng.choice(("odcs", "frictionless", "frictionless-package", "pandera", "pipeline-config"))
    return json.loads(export_contract(load_any_document(CONTRACTS[0]).document, to, text="json").text)
