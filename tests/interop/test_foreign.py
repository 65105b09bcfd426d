"""What other tools wrote becomes a contract, and what it does not hold is listed with its place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl.errors import ContractError, UsageError
from callcenter_etl.tools.convert.conversion import import_contract
from tests.interop.contracts import SAMPLES, imported, read_bytes, through

GOLDEN = {
    "orders-3.1": ("orders-3.1.odcs.yaml#orders",),
    "types-3.0": ("types-3.0.odcs.yaml",),
    "enum-3.2": ("enum-3.2.odcs.yaml",),
    "table-schema": ("table-schema.json",),
    "package": ("package.json#people",),
    "flat-pandera": ("flat.pandera.yaml",),
    "listed-pandera": ("listed.pandera.yaml",),
    "pipeline": ("pipeline_config.json", "validation_rules.json"),
    "other-words": ("other_words.json",),
    "user-model": ("user_model.py:Orders",),
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", "contract", "import", *arguments]
    return subprocess.run(command, cwd=SAMPLES, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_sample_is_read_as_shown(name: str) -> None:
    done = run(*GOLDEN[name])
    expected = SAMPLES / "expected"
    assert done.returncode == 0, done.stderr
    assert done.stdout == (expected / f"{name}.yaml").read_text(encoding="utf-8")
    assert done.stderr == (expected / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in GOLDEN if name != "user-model"])
def test_a_sample_comes_back_from_its_own_format_with_the_same_contract(name: str, tmp_path: Path) -> None:
    first = imported(*GOLDEN[name])
    again = through(first.loaded.document, first.form, None, tmp_path)
    assert again.form == first.form
    assert again.loaded.document == first.loaded.document


def test_the_words_of_a_table_schema_come_back(tmp_path: Path) -> None:
    from callcenter_etl.tools.convert.conversion import export_contract

    given = json.loads((SAMPLES / "table-schema.json").read_text(encoding="utf-8"))
    found = json.loads(export_contract(imported("table-schema.json").loaded.document, "frictionless").text)
    assert found["missingValues"] == given["missingValues"]
    for name in ("name", "rank", "born"):
        wanted = next(each for each in given["fields"] if each["name"] == name)
        assert next(each for each in found["fields"] if each["name"] == name) == wanted


def faults_of(text: str, form: str | None = None) -> list[str]:
    with pytest.raises(ContractError) as caught:
        import_contract(["x.yaml"], form, read_bytes=lambda _: text.encode())
    return [str(fault) for fault in caught.value.faults]


ODCS = """\
apiVersion: v3.1.0
kind: DataContract
id: x
version: 1.0.0
status: active
schema:
  - name: x
    properties:
      - {name: a, %s}
"""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            ODCS % "logicalType: string, logicalTypeOptions: {pattern: '(?=a)b'}",
            "x.yaml:9:61: schema[0].properties[0].logicalTypeOptions.pattern: the pattern '(?s:.*)(?:(?=a)b)(?s:.*)' does not work: ",
        ),
        (
            ODCS % "logicalType: date, logicalTypeOptions: {format: QQQ}",
            "x.yaml:9:59: schema[0].properties[0].logicalTypeOptions.format: the format 'QQQ' has no counterpart here",
        ),
        (
            ODCS % "logicalType: integer, logicalTypeOptions: {minimum: 5, maximum: 3}",
            "x.yaml:9:62: schema[0].properties[0].logicalTypeOptions.minimum: min 5 is greater than max 3",
        ),
        (ODCS.replace("version: 1.0.0", "version: 1.0") % "logicalType: string", "x.yaml:4:1: version: ODCS expects a text here, not '1.0' (put it in quotes)"),
        (ODCS.replace("status:", "stauts:") % "logicalType: string", "x.yaml:5:1: stauts: ODCS has no such key (did you mean 'status'?)"),
        (ODCS.replace("v3.1.0", "v2.2.2") % "logicalType: string", "x.yaml:1:1: apiVersion: v3.0.0 to v3.2.0 are read, not 'v2.2.2'"),
        ('{"fields": [{"name": "a"}], "primaryKey": "b"}', "x.yaml:1:29: primaryKey: unknown field 'b'"),
        ('{"resources": []}', "x.yaml:1:2: resources: the file has no resource, so there is nothing to make a contract of"),
        ("schema_type: dataframe\ncolumns: {}\n", "x.yaml:2:1: columns: the schema has no columns"),
        ('{"columns": {"a": 0, "b": 2}}', "x.yaml:1:2: columns: the positions are 0, 2: each from 0 or from 1 on is expected once"),
        ('{"columns": ["a"], "column_count": 2}', "x.yaml:1:20: column_count: 2 columns are said to be there, 1 are listed"),
        (
            '{"columns": ["a", "b"], "mandatory_columns": ["a", "bb"]}',
            "x.yaml:1:52: mandatory_columns[1]: unknown column 'bb'",
        ),
        (
            '{"columns": ["a"], "statuses": ["X"]}',
            "x.yaml:1:20: statuses: which column? no column has 'status' in its name (say it under 'domain_values')",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_contract_is_told_at_its_place(text: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults_of(text)), faults_of(text)


def test_a_key_that_was_meant_otherwise_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(ODCS % "requried: true", encoding="utf-8")
    found = import_contract([str(tmp_path / "x.yaml")], None, read_bytes=read_bytes)
    assert [str(note).split(": ", 1)[1] for note in found.notes] == [
        "schema[0].properties[0].requried: ODCS has no key 'requried' (did you mean 'required'?), nothing is made of it"
    ]


TWICE = (
    "logicalType: string, required: true, logicalTypeOptions: {pattern: ^a$}, quality: ["
    "{type: library, metric: nullValues, mustBe: 0, severity: warning}, "
    "{type: library, metric: invalidValues, mustBe: 0, arguments: {pattern: ^b$}}]"
)


def test_what_is_said_twice_is_neither_weakened_nor_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(ODCS % TWICE, encoding="utf-8")
    found = import_contract([str(tmp_path / "x.yaml")], None, read_bytes=read_bytes)
    column = found.loaded.document.columns[0]
    assert (column.required, column.severity, column.pattern) == (True, {}, "a")
    assert ["the column has another pattern already" in str(note) for note in found.notes] == [True]


def test_an_entry_of_the_wrong_kind_is_listed() -> None:
    text = b'{"fields": [{"name": "a"}, "b"]}'
    found = import_contract(["x.json"], None, read_bytes=lambda _: text)
    assert [str(note) for note in found.notes] == ["x.json:1:28: fields[1]: 'fields' is not taken over"]


def test_an_unknown_file_names_the_formats_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"no known format .*odcs, frictionless.*pipeline-config"):
        import_contract(["x"], None, read_bytes=lambda _: b"a: 1\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.yaml",), "error: none.yaml: no such file or directory\n"),
        (("user_model.py:Oders",), "error: user_model.py has no DataFrameModel 'Oders' (did you mean 'Orders'?) (there are: Orders)\n"),
        (("none.py:Orders",), "error: none.py: no such file or directory\n"),
        (("enum-3.2.odcs.yaml#nope",), "error: enum-3.2.odcs.yaml:6:1: schema: no object 'nope', there are: 'priorities'\n"),
        (("enum-3.2.odcs.yaml", "types-3.0.odcs.yaml"), "error: types-3.0.odcs.yaml: one file is imported at a time, several only as pipeline-config\n"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told(arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert done.stderr == message
    assert done.returncode == (3 if "none.yaml" in message else 2)
