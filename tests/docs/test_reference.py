"""The pages that are made are what make docs writes, and every sample is judged as its page says."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from callcenter_etl.contract.column import RULE_KEYS
from callcenter_etl.contract.json_schema import json_schema
from callcenter_etl.contract.model import ColumnType, ContractDocument
from callcenter_etl.diagnostics.rule_texts import rule_texts
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.sample import Sample
from callcenter_etl.rules.samples import sections
from tests.docs.pages import DOCS
from tools.docs.rule_samples import judge
from tools.make_docs import PAGES

SAMPLES = [sample for samples in sections().values() for sample in samples]


@pytest.mark.parametrize("name", PAGES)
def test_a_stored_page_is_what_make_docs_writes(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.kind}-{sample.asks[:12]}")
def test_a_passing_sample_passes_and_a_failing_one_breaks_what_it_says(
    sample: Sample, tmp_path: Path
) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "bad").mkdir()
    good = judge(sample, sample.passing, "calls.csv", tmp_path / "good")
    bad = judge(sample, sample.failing, sample.failing_name, tmp_path / "bad")
    assert (good.status, good.broken) == ("passed", ())
    assert bad.status in {"rejects", "refused", "failed"}
    assert set(bad.broken) == {sample.breaks, *sample.also}
    assert bad.reason


def test_every_kind_of_rule_has_a_sample() -> None:
    structural = set(
        rule_texts(ContractDocument.model_validate({"contract": "c", "columns": [{"name": "a"}]}))
    )
    asked = {sample.breaks for sample in SAMPLES}
    assert structural <= asked
    kinds = {sample.kind for sample in SAMPLES}
    assert kinds >= {*RULE_KEYS, *structural, "check", "when", "unique of several columns"}
    assert {sample.asks.partition(":")[0] for sample in KINDS["type"].samples} == set(
        get_args(ColumnType)
    ) - {"text"}


def test_the_page_of_commands_has_every_option() -> None:
    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    for option in (
        "--contract, -c FILE",
        "--fail-on warn\\|reject\\|never",
        "--resume / --no-resume",
        "--force",
    ):
        assert f"`{option}`" in page


def test_the_page_of_contracts_has_every_key_of_the_schema() -> None:
    schema = json_schema()
    page = (DOCS / "reference" / "contract.md").read_text(encoding="utf-8")
    keys = {*schema["properties"], *(key for each in schema["$defs"].values() for key in each["properties"])}
    assert {key for key in keys if f"| `{key}` |" not in page} == set()
