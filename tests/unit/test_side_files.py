"""Control files, checksum files and values of file names, checked against hashes of the standard library."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import find_sources, load_contract, validate
from callcenter_etl.contract.loader import load_document
from callcenter_etl.contract.model import SourceFormat
from callcenter_etl.errors import ContractError, SourceError
from callcenter_etl.run.result import RunResult
from callcenter_etl.sources.checksum_lines import digests_in
from callcenter_etl.sources.side_file_reader import MAX_BYTES, stem_of
from callcenter_etl.tools.compare import compare_contracts
from tests.reliability.support import command
from tests.storage.buckets import Drops

DATA = b"id\n1\n2\n"
CONTROL = {
    "file": "{stem}.ctl",
    "match": "(?P<day>[^;]*);(?P<records>[^;]*)",
    "fields": {"records": "integer", "day": {"type": "date", "format": "%d.%m.%Y"}},
}
SHA256, MD5 = hashlib.sha256(DATA).hexdigest(), hashlib.md5(DATA, usedforsecurity=False).hexdigest()


def contract_of(**source: Any) -> dict[str, Any]:
    columns = [{"name": "id", "type": "digits"}]
    return {"contract": "c", "version": "1.0.0", "source": source, "columns": columns}


def run(folder: Path, contract: dict[str, Any], *, name: str = "calls.csv", **options: Any) -> RunResult:
    if not (folder / name).exists():
        (folder / name).write_bytes(DATA)
    return validate(folder / name, load_contract(contract), output=folder / "out", **options)


def found(result: RunResult) -> list[tuple[str, str]]:
    return [(each["rule"], each["message"]) for each in result.summary["problems"]]


def values(result: RunResult) -> Any:
    return result.summary["surroundings"]["values"]


def faults(contract: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ContractError) as caught:
        load_document(contract)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_groups_of_the_file_name_are_values_of_the_run(tmp_path: Path) -> None:
    filename = {"pattern": r"calls_(?P<site>[a-z]+)_(?P<month>.*)\.csv", "fields": {"month": "integer"}}
    result = run(tmp_path, contract_of(filename=filename), name="calls_hyd_202501.csv")
    assert (result.passed, values(result)) == (True, {"file": {"site": "hyd", "month": "202501"}})
    result = run(tmp_path, contract_of(filename=filename), name="calls_hyd_x.csv", force=True)
    message = "the file name 'calls_hyd_x.csv': month is 'x', which is no integer"
    assert (result.summary["status"], found(result)) == ("refused", [("file.name", message)])


def test_a_control_file_has_values_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "calls.ctl").write_bytes("\ufeff31.01.2025;2\r\n".encode())
    result = run(tmp_path, contract_of(control=CONTROL))
    assert (result.passed, values(result)) == (True, {"control": {"day": "31.01.2025", "records": "2"}})
    read_back = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert read_back["surroundings"]["values"] == values(result)


def test_a_control_file_of_json_has_its_texts_numbers_and_booleans(tmp_path: Path) -> None:
    text = '{"records": 2.50, "site": "hyd", "last": true, "none": null, "files": ["a"]}'
    (tmp_path / "calls.csv.json").write_text(text)
    control = {"file": "{name}.json", "format": "json", "fields": {"records": "decimal", "none": "date"}}
    result = run(tmp_path, contract_of(control=control))
    expected = {"records": "2.50", "site": "hyd", "last": "true", "none": ""}
    assert (result.passed, values(result)) == (True, {"control": expected})


REFUSED = {
    "another text": (CONTROL, b"today", "'calls.ctl': 'today' does not match the pattern"),
    "another type": (CONTROL, b"1.1.2025;x", "'calls.ctl': records is 'x', which is no integer"),
    "bytes of no text": ({"file": "{stem}.ctl"}, b"\xff", "'calls.ctl' is neither UTF-8 nor utf-8"),
    "too much": ({"file": "{stem}.ctl"}, b"x" * (MAX_BYTES + 1), "'calls.ctl' has more than 1,048,576 bytes"),
    "no JSON": ({"file": "{stem}.ctl", "format": "json"}, b"{", "'calls.ctl': is not JSON"),
    "no number of JSON": ({"file": "{stem}.ctl", "format": "json"}, b'{"a": NaN}', "NaN is no value of JSON"),
    "no object": ({"file": "{stem}.ctl", "format": "json"}, b"[]", "'calls.ctl': is not a JSON object"),
    "a key twice": ({"file": "{stem}.ctl", "format": "json"}, b'{"a":1,"a":2}', "the key 'a' occurs twice"),
    "too deep": ({"file": "{stem}.ctl", "format": "json"}, b"[" * 200_000, "nested too deeply"),
    "a key that is missing": (
        {"file": "{stem}.ctl", "format": "json", "fields": {"records": "integer"}},
        b"{}",
        "'calls.ctl': has no 'records'",
    ),
    "a list with a type": (
        {"file": "{stem}.ctl", "format": "json", "fields": {"records": "integer"}},
        b'{"records": [1]}',
        "'calls.ctl': records is neither text, number nor boolean",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_control_file_of_another_form_refuses_the_source(tmp_path: Path, case: str) -> None:
    control, content, sentence = REFUSED[case]
    (tmp_path / "calls.ctl").write_bytes(content)
    result = run(tmp_path, contract_of(control=control))
    assert (result.summary["status"], result.summary["records"]["read"]) == ("refused", 0)
    assert {rule for rule, _ in found(result)} == {"file.control"}
    assert sentence in found(result)[0][1]
    assert not (tmp_path / "out" / "target.csv").exists()


@pytest.mark.parametrize("kind", ["control", "checksum"])
def test_a_missing_side_file_refuses_the_source_unless_it_is_optional(tmp_path: Path, kind: str) -> None:
    result = run(tmp_path, contract_of(**{kind: {"file": "{name}.x"}}))
    message = f"the {kind} file 'calls.csv.x' beside the source is missing (optional: true allows that)"
    assert (result.summary["status"], found(result)) == ("refused", [(f"file.{kind}", message)])
    optional = contract_of(**{kind: {"file": "{name}.x", "optional": True}})
    assert run(tmp_path, optional, force=True).passed


LISTS = {
    "sha256sum": f"{SHA256}  calls.csv\n",
    "md5sum": f"{MD5}  calls.csv\n",
    "as bytes": f"{SHA256} *calls.csv\r\n",
    "alone": SHA256,
    "alone in upper case": f"{MD5.upper()}\n",
    "of several files": f"{'0' * 64}  other.csv\n{SHA256}  calls.csv\n{'0' * 64}  xcalls.csv\n",
    "with a folder": f"{SHA256}  ./drop/calls.csv\n",
    "BSD": f"SHA256 (calls.csv) = {SHA256}\nMD5 (calls.csv) = {MD5}\n",
}


@pytest.mark.parametrize("form", LISTS)
def test_the_checksum_must_be_that_of_the_bytes_read(tmp_path: Path, form: str) -> None:
    (tmp_path / "sums.txt").write_text(LISTS[form], newline="")
    contract = contract_of(checksum={"file": "sums.txt"})
    assert run(tmp_path, contract).passed
    (tmp_path / "calls.csv").write_bytes(DATA[:-2])
    result = run(tmp_path, contract, force=True)
    assert (result.summary["status"], [rule for rule, _ in found(result)]) == ("failed", ["file.checksum"])
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"exceptions.csv", "rejected.csv", "summary.json"} <= files
    assert "target.csv" not in files


BAD_LISTS = {
    "": "has no digest of 'calls.csv'",
    f"{SHA256}  other.csv\n": "has no digest of 'calls.csv'",
    f"{SHA256}  calls.csv\n{'0' * 64}  calls.csv\n": "has several digests of 'calls.csv'",
    "ab12  calls.csv": "has a digest of 4 hexadecimal digits (SHA-256 has 64, MD5 has 32)",
}


@pytest.mark.parametrize("text", BAD_LISTS)
def test_a_checksum_file_without_the_digest_refuses_the_source(tmp_path: Path, text: str) -> None:
    (tmp_path / "sums.txt").write_text(text)
    result = run(tmp_path, contract_of(checksum={"file": "sums.txt"}))
    assert (result.summary["status"], found(result)[0][0]) == ("refused", "file.checksum")
    assert BAD_LISTS[text] in found(result)[0][1]


def test_sha256sum_escapes_names() -> None:
    assert digests_in(f"\\{SHA256}  a\\nb\\\\c.csv", "a\nb\\c.csv") == [SHA256]
    assert digests_in(f"{SHA256}  a\\b.csv", "a\\b.csv") == [SHA256]


def test_the_checksum_of_a_compressed_source_is_that_of_the_file_as_delivered(tmp_path: Path) -> None:
    data = gzip.compress(DATA, mtime=0)
    (tmp_path / "calls.csv.gz").write_bytes(data)
    (tmp_path / "calls.csv.gz.md5").write_text(hashlib.md5(data, usedforsecurity=False).hexdigest())
    assert run(tmp_path, contract_of(checksum={"file": "{name}.md5"}), name="calls.csv.gz").passed


def test_a_refused_source_that_was_cut_short_says_so(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_bytes(b"i")
    (tmp_path / "calls.csv.md5").write_text(MD5)
    result = run(tmp_path, contract_of(checksum={"file": "{name}.md5"}))
    assert [rule for rule, _ in found(result)][-1] == "file.checksum"
    assert result.summary["status"] == "refused"


@pytest.mark.parametrize(
    ("name", "extensions", "stem"),
    [
        ("calls.csv", [], "calls"),
        ("calls.tar.csv.gz", [], "calls.tar"),
        ("calls.tar.csv.gz", [".csv", ".tar.csv"], "calls"),
        ("calls.x", [".csv"], "calls"),
        ("calls", [], "calls"),
        (".calls", [], ".calls"),
    ],
)
def test_the_stem_lacks_compression_suffix_and_extension(name: str, extensions: list[str], stem: str) -> None:
    source = SourceFormat.model_validate({"filename": {"extensions": extensions}})
    assert stem_of(name, source) == stem


def test_faults_of_side_files_are_found_together() -> None:
    control = {"file": "../{stem}.ctl", "match": "(?P<a>.)", "fields": {"b": "date"}, "optinal": True}
    contract = contract_of(control=control, checksum={"file": "{nmae}.md5"})
    contract["source"]["filename"] = {"pattern": "(?P<month>.*)", "fields": {"mont": "date"}}
    assert faults(contract) == {
        "source.filename.fields.mont": "no pattern has a group 'mont' (did you mean 'month'?)",
        "source.control.file": "the name of a file beside the source is expected, not '../{stem}.ctl'",
        "source.control.optinal": "unknown key (did you mean 'optional'?)",
        "source.checksum.file": "unknown placeholder '{nmae}' (did you mean '{name}'?), known here: {name}, {stem}",
    }
    assert faults(contract_of(control={"file": "{name}"})) == {
        "source.control.file": "{name} alone is the source itself"
    }
    control = {"file": "a", "match": "(?P<a>.)", "fields": {"b": "date", "a": {"type": "date", "min": "1"}}}
    typed = faults(contract_of(control=control))
    assert typed.keys() == {"source.control.fields.b", "source.control.fields.a.min"}
    assert typed["source.control.fields.b"] == "no pattern has a group 'b'"
    assert faults(contract_of(control={"file": "a", "format": "json", "match": "."})) == {
        "source.control.match": "match goes with format: text, and format is json"
    }
    assert faults(contract_of(control={"file": "a", "fields": {"n": "integer"}})) == {
        "source.control.fields": "fields goes with match or with format: json"
    }


@pytest.mark.parametrize("name", ["a/b", "a\\b", "..", ".", "", "s3://bucket/x", "{stem}/../x"])
def test_a_side_file_is_never_in_another_folder(name: str) -> None:
    assert list(faults(contract_of(checksum={"file": name}))) == ["source.checksum.file"]


def test_standard_input_has_no_side_files(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for optional, status in ((False, "refused"), (True, "passed")):
        contract = contract_of(control={"file": "x.ctl", "optional": optional})
        Path("c.yaml").write_text(json.dumps(contract))
        Path("x.ctl").write_text("")
        with Path("in.csv").open("wb+") as file:
            file.write(DATA)
            file.seek(0)
            command("validate", "-", "-c", "c.yaml", "-o", "o", "--force", stdin=file)
        assert json.loads(Path("o/summary.json").read_text())["status"] == status


@pytest.mark.parametrize("kind", ["control", "checksum"])
def test_another_side_file_of_the_same_source_is_another_run(tmp_path: Path, kind: str) -> None:
    contract = contract_of(**{kind: {"file": "side.txt"}})
    wrong, right = ("a", "b") if kind == "control" else (SHA256[::-1], SHA256)
    (tmp_path / "side.txt").write_text(wrong)
    first = run(tmp_path, contract)
    assert first.passed == (kind == "control")
    assert run(tmp_path, contract).already_done
    (tmp_path / "side.txt").write_text(right)
    second = run(tmp_path, contract)
    assert (second.passed, second.already_done) == (True, False)
    (tmp_path / "side.txt").unlink()
    assert run(tmp_path, contract).summary["status"] == "refused"


def test_a_pattern_leaves_out_the_side_files_of_its_sources(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    contract = contract_of(control={"file": "{stem}.ctl"}, checksum={"file": "{name}.md5"})
    Path("c.json").write_text(json.dumps(contract))
    for name, data in (("a.csv", DATA), ("a.ctl", b""), ("a.csv.md5", MD5.encode()), ("b.ctl", b"")):
        Path("drop").mkdir(exist_ok=True)
        Path("drop", name).write_bytes(data)
    assert find_sources("drop/*", contract=contract) == ["drop/a.csv", "drop/b.ctl"]
    names = [f"drop/{name}" for name in ("a.csv", "a.ctl", "a.csv.md5")]
    done = command("validate", *names, "-c", "c.json", "-o", "o", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["source"]["uri"]) == (0, "drop/a.csv"), done.stderr


def test_explain_and_back_test_refuse_a_source_without_its_control_file(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("calls.csv").write_bytes(DATA)
    Path("old.yaml").write_text(json.dumps(contract_of()))
    Path("new.yaml").write_text(json.dumps(contract_of(control={"file": "{stem}.ctl"})))
    explained = command("explain", "calls.csv", "-c", "new.yaml", "--line", "2", "--format", "json")
    assert json.loads(explained.stdout)["problems"][0]["rule"] == "file.control"
    diff = command("contract", "diff", "old.yaml", "new.yaml", "--against", "calls.csv", "--format", "json")
    (tested,) = json.loads(diff.stdout)["against"]
    assert (tested["old"]["status"], tested["new"]["status"]) == ("passed", "refused")
    Path("sums.yaml").write_text(json.dumps(contract_of(checksum={"file": "sums"})))
    Path("sums").write_text(MD5[::-1])
    diff = command("contract", "diff", "old.yaml", "sums.yaml", "--against", "calls.csv", "--format", "json")
    (tested,) = json.loads(diff.stdout)["against"]
    assert tested["new"]["problems"][0]["rule"] == "file.checksum"


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ({}, {"control": {"file": "a"}}, "breaking"),
        ({"control": {"file": "a"}}, {}, "loosening"),
        ({"control": {"file": "a"}}, {"control": {"file": "a", "optional": True}}, "loosening"),
        ({"control": {"file": "a", "match": "x"}}, {"control": {"file": "a"}}, "loosening"),
        ({"control": {"file": "a"}}, {"control": {"file": "a", "match": "x"}}, "breaking"),
        ({}, {"control": {"file": "a", "optional": True}}, "neutral"),
        ({}, {"checksum": {"file": "a", "optional": True}}, "breaking"),
        ({"checksum": {"file": "a"}}, {"checksum": {"file": "b"}}, "breaking"),
        (
            {"filename": {"pattern": "(?P<a>.*)"}},
            {"filename": {"pattern": "(?P<a>.*)", "fields": {"a": "date"}}},
            "breaking",
        ),
    ],
)
def test_a_diff_knows_which_deliveries_are_refused(
    before: dict[str, Any], after: dict[str, Any], effect: str
) -> None:
    changes = compare_contracts(load_document(contract_of(**before)), load_document(contract_of(**after)))
    assert [change.effect for change in changes] == [effect]


def test_side_files_lie_beside_objects_too(moto_drops: Drops) -> None:
    contract = contract_of(control=CONTROL, checksum={"file": "{name}.sha256"})
    source = moto_drops.put("in/day 1/calls.csv", DATA)
    Path("c.json").write_text(json.dumps(contract))
    assert found(validate(source, contract, output="out")) == [
        (
            "file.control",
            "the control file 'calls.ctl' beside the source is missing (optional: true allows that)",
        ),
        (
            "file.checksum",
            "the checksum file 'calls.csv.sha256' beside the source is missing (optional: true allows that)",
        ),
    ]
    moto_drops.put("in/day 1/calls.ctl", b"31.01.2025;2\n")
    moto_drops.put("in/day 1/calls.csv.sha256", f"{SHA256}  calls.csv\n".encode())
    result = validate(source, contract, output="out")
    assert (result.passed, result.already_done) == (True, False)
    assert values(result) == {"control": {"day": "31.01.2025", "records": "2"}}
    assert find_sources(moto_drops.uri("in/*/*"), contract=contract) == [source]
    moto_drops.put("in/day 1/calls.csv.sha256", f"{SHA256[::-1]}  calls.csv\n".encode())
    assert validate(source, contract, output="out").summary["status"] == "failed"


def test_a_folder_in_the_place_of_a_side_file_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "calls.ctl").mkdir()
    with pytest.raises(SourceError, match=r"calls\.ctl"):
        run(tmp_path, contract_of(control={"file": "{stem}.ctl"}))


def test_the_side_files_of_a_member_are_members_of_its_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "drop.zip", "w") as archive:
        archive.writestr("in/calls.csv", DATA)
        archive.writestr("in/calls.ctl", "31.01.2025;2")
    contract = contract_of(member="*.csv", control=CONTROL)
    result = run(tmp_path, contract, name="drop.zip")
    assert (result.passed, values(result)) == (True, {"control": {"day": "31.01.2025", "records": "2"}})
    checked = contract_of(member="*.csv", checksum={"file": "{name}.md5"})
    result = run(tmp_path, checked, name="drop.zip", force=True)
    assert (result.summary["status"], [rule for rule, _ in found(result)]) == ("refused", ["file.checksum"])
