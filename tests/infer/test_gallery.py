"""What is inferred from the samples of the gallery is what people wrote, but for differences that have a reason."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.source_format import SourceFormat
from callcenter_etl.tools.infer import InferOptions, infer_contract
from callcenter_etl.tools.infer.inference import Inference
from tests.case_folders import CASES, source_of
from tests.infer.gallery_differences import SOURCE, TYPES

GALLERY = [case for case in CASES if case.name.startswith("gallery_")]
# The samples are small, so that one broken value is more than the usual hundredth of a column.
TOLERANCE = Fraction(1, 20)


def inferred(case: Path) -> Inference:
    return infer_contract(InferOptions((str(source_of(case)),), tolerance=TOLERANCE))


def types_of(document: ContractDocument) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Give type and formats of columns by name; without a header by place or by last character."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for place, column in enumerate(document.columns, start=1):
        unnamed = f"column_{place}" if column.end is None else f"to_{column.end}"
        name = unnamed if document.source.header == "none" else column.name
        found[name] = (column.type, column.format)
    return found


@pytest.mark.parametrize("case", GALLERY, ids=lambda path: path.name)
def test_the_source_section_is_the_written_one(case: Path) -> None:
    written = load_contract(case / "contract.yaml").document.source
    found = inferred(case).contract.document.source
    different = {key for key in SourceFormat.model_fields if getattr(found, key) != getattr(written, key)}
    assert different == set(SOURCE.get(case.name, {}))


@pytest.mark.parametrize("case", GALLERY, ids=lambda path: path.name)
def test_the_types_are_the_written_ones(case: Path) -> None:
    written = types_of(load_contract(case / "contract.yaml").document)
    found = types_of(inferred(case).contract.document)
    different = {name for name, kind in written.items() if found.get(name) != kind}
    assert different == set(TYPES.get(case.name, {})), {
        name: (written[name], found.get(name)) for name in different
    }


@pytest.mark.parametrize("case", GALLERY, ids=lambda path: path.name)
def test_sound_records_are_accepted(case: Path, tmp_path: Path) -> None:
    contract = tmp_path / "inferred.yaml"
    contract.write_text(inferred(case).text, encoding="utf-8")
    summary = validate(source_of(case), load_contract(contract), output=tmp_path / "out").summary
    assert not summary["problems"]
    with (case / "expected" / "rejected_rules.csv").open(newline="", encoding="utf-8") as file:
        broken = {row["line"] for row in csv.DictReader(file)}
    with (tmp_path / "out" / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        assert {row["reject_line"] for row in csv.DictReader(file)} <= broken
