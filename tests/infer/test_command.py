"""`contract infer` as a shell sees it: exit codes, streams, files, and what it never prints."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest

from callcenter_etl import load_contract
from callcenter_etl.errors import CallcenterEtlError, SampleError, UsageError
from callcenter_etl.tools.infer import Inference, InferOptions, infer_contract

ROOT = Path(__file__).parents[2]
CALLS = "id,at\n" + "".join(f"{i},08:{i:02}:00\n" for i in range(30))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("calls_202501.csv").write_text(CALLS, encoding="utf-8")


def call(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", "contract", "infer", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def infer(*samples: str, **options: object) -> Inference:
    return infer_contract(InferOptions(samples, **options))  # type: ignore[arg-type]  # the keys of Options


def test_a_contract_goes_to_standard_output_or_to_a_file_that_is_not_overwritten() -> None:
    shown = call("calls_202501.csv", "-q")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert call("calls_202501.csv", "-o", "c.yaml").returncode == 0
    assert Path("c.yaml").read_text(encoding="utf-8") == shown.stdout
    Path("c.yaml").write_text("mine", encoding="utf-8")
    refused = call("calls_202501.csv", "-o", "c.yaml")
    assert (refused.returncode, refused.stderr) == (
        2,
        "error: c.yaml: exists already (--force overwrites it)\n",
    )
    assert Path("c.yaml").read_text(encoding="utf-8") == "mine"
    assert call("calls_202501.csv", "-o", "c.yaml", "--force").returncode == 0
    assert load_contract("c.yaml").id == "calls"


def test_it_is_part_of_the_core_install() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=\[ ]", each)[0] for each in project["dependencies"]}
    assert {"chardet", "clevercsv"} <= needed
    assert "infer" not in project["optional-dependencies"]


def test_help_does_not_wait_for_the_sniffers() -> None:
    script = (
        "import sys\nfrom callcenter_etl.cli import main\nsys.argv[1:] = ['contract', 'infer', '--help']\n"
        "try:\n    main()\nfinally:\n    assert not {'chardet', 'clevercsv', 'pandas', 'pyarrow'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no bytes"),
        (b"\n\r\n\n", "nothing but blank lines"),
        (b"PK\x03\x04" + b"\0" * 100, "zip archive"),
        (bytes(range(1, 9)) * 40, "binary data"),
        (b"a,b\n" + b"1,2,3\n1\n1,2\n1,2,3,4\n1,2,3,4,5\n" * 30, "another number of fields"),
    ],
)
def test_what_is_no_table_ends_with_1(content: bytes, said: str) -> None:
    Path("sample.csv").write_bytes(content)
    with pytest.raises(SampleError, match=said):
        infer("sample.csv", header=True)
    assert SampleError.exit_code == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("none.csv",), 3, "none.csv: no such file"),
        (("calls_202501.csv", "-o", "none/c.yaml"), 3, "none/c.yaml"),
        (("calls_202501.csv", "--tolerance", "80%"), 2, "--tolerance: a percentage"),
        (("calls_202501.csv", "--id", "two words"), 2, "--id: letters, digits"),
        (("calls_202501.csv", "--delimiter", "a" * 9), 2, "one to 8 characters"),
        ((), 2, "SAMPLE"),
    ],
)
def test_exit_codes_come_with_a_sentence_and_no_traceback(
    words: tuple[str, ...], code: int, said: str
) -> None:
    done = call(*words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert (done.stdout, "Traceback" in done.stderr) == ("", False)


def test_standard_input_is_a_sample() -> None:
    words = [sys.executable, "-m", "callcenter_etl", "contract", "infer", "-"]
    done = subprocess.run(words, input=CALLS, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "30 of 30 records accepted\n")
    assert done.stdout.splitlines()[:3] == [
        "# yaml-language-server: $schema=./contract.schema.json",
        "# from standard input: 30 of 30 records accepted",
        "contract: sample",
    ]
    Path("c.yaml").write_text(done.stdout, encoding="utf-8")
    assert load_contract("c.yaml").document.columns == infer("calls_202501.csv").contract.document.columns


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", 1, "error: standard input: the source has no bytes\n"),
        (b"\n\n", 1, "error: standard input: the sample has nothing but blank lines\n"),
        (gzip.compress(CALLS.encode(), mtime=0), 1, "error: standard input: the content is gzip data"),
    ],
)
def test_errors_name_standard_input_and_no_temporary_file(content: bytes, code: int, said: str) -> None:
    words = [sys.executable, "-m", "callcenter_etl", "contract", "infer", "-"]
    done = subprocess.run(words, input=content, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.decode().startswith(said)
    assert tempfile.gettempdir() not in done.stderr.decode()


def test_standard_input_that_is_closed_cannot_be_read() -> None:
    command = f"{sys.executable} -m callcenter_etl contract infer - <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "error: standard input: it is closed (name a file)\n"
    with pytest.raises(UsageError, match="standard input is read once"):
        infer("-", "-")


def test_editors_are_pointed_to_the_schema_that_the_contract_names() -> None:
    Path("c").mkdir()
    done = call("calls_202501.csv", "-o", "c/calls.yaml")
    assert "for editors: callcenter-etl contract schema > c/contract.schema.json\n" in done.stderr
    first = Path("c/calls.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == (ROOT / "contracts" / "call_center.yaml").read_text(encoding="utf-8").splitlines()[0]
    Path("c/contract.schema.json").write_text("{}", encoding="utf-8")
    assert "for editors" not in call("calls_202501.csv", "-o", "c/calls.yaml", "--force").stderr


def test_samples_with_different_headers_are_both_named() -> None:
    Path("calls_202502.csv").write_text(CALLS.replace("id,at", "id,when"), encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"calls_202501.csv and calls_202502.csv .* column 2 is 'at' .* 'when'"
    ):
        infer("calls_202501.csv", "calls_202502.csv")


def test_several_samples_make_one_contract_with_a_pattern_of_their_names() -> None:
    Path("calls_202502.csv").write_text(CALLS + "x,soon\n", encoding="utf-8")
    inference = infer("calls_202501.csv", "calls_202502.csv", tolerance=0)
    document = inference.contract.document
    assert document.source.filename is not None
    assert (document.contract, document.source.filename.pattern) == ("calls", r"calls_[0-9]{6}\.csv")
    assert [column.type for column in document.columns] == ["text", "text"]
    assert document.columns[0].unique  # the ids of one sample may stand in the other
    assert inference.outcome.accepted == inference.outcome.read == 61


def test_a_header_alone_makes_columns_of_text() -> None:
    Path("sample.csv").write_text("id,name\n", encoding="utf-8")
    document = infer("sample.csv").contract.document
    assert [(column.name, column.type, column.rule_keys) for column in document.columns] == [
        ("id", "text", ()),
        ("name", "text", ()),
    ]


def test_a_compressed_sample_and_so_many_records_of_it() -> None:
    Path("calls.csv.gz").write_bytes(gzip.compress((CALLS + "oops,oops\n").encode()))
    inference = infer("calls.csv.gz", max_records=30)
    assert [column.type for column in inference.contract.document.columns] == ["digits", "time"]
    assert inference.outcome.read == 30
    assert "30 of 30 records accepted, of each the first 30 at the most\n" in inference.text


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        ('a,b\n1,"x\ny"\n2,"z"\n', {"multiline": True}),
        ('a,b\n1,"x" y\n2,"z"\n', {"quoting": "lenient"}),
        ('a,b\n1,"x" y\n2,"z\nw"\n', {"quoting": "lenient", "multiline": True}),
        ("a,b\n1,'x, y'\n2,'z, w'\n3,'v, v'\n", {"quote": "'"}),
        ('h,size\na,"5\nb,"6\nc,7\n', {"quote": None}),
        ("a;b\n1,5;2\n2,5;3\n", {"delimiter": ";"}),
        ("a\tb\n1\t2,0\n2\t3,0\n", {"delimiter": "\t"}),
        ("﻿a,b\n1,2\n", {"encoding": "utf-8"}),
    ],
)
def test_quoting_and_delimiter_are_found(content: str, declared: dict[str, object]) -> None:
    Path("sample.csv").write_text(content, encoding="utf-8", newline="")
    inference = infer("sample.csv")
    found = {key: getattr(inference.contract.document.source, key) for key in declared}
    assert found == declared
    assert inference.outcome.accepted == inference.outcome.read > 0


def test_a_stray_quote_is_an_outlier_and_takes_no_neighbours_along() -> None:
    lines = ["a,b", *["1,x"] * 200, '2,"stray', *["3,x"] * 5, *['4,"z, z"'] * 3, *["5,x"] * 200]
    Path("sample.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    inference = infer("sample.csv")
    source = inference.contract.document.source
    assert (source.multiline, source.quoting, source.quote) == (False, "strict", '"')
    assert (inference.outcome.read, inference.outcome.accepted) == (409, 408)
    assert "1 record malformed by record.quote (line 202)" in inference.text


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("Köln Düsseldorf Straße für über schön", "cp1252", "cp1252"),
        ("Łódź Kraków Święcicki Żółkiewski źródło", "cp1250", "cp1250"),
        ("Санкт-Петербург клиент не ответил", "cp1251", "cp1251"),
        ("İstanbul çağrı merkezi görüşme müşteri", "cp1254", "cp1254"),
        ("山田太郎さん、電話しました", "shift_jis", "cp932"),
        ("Köln Łódź Москва 山田", "utf-8", "utf-8"),
        ("Köln Łódź Москва 山田", "utf-16", "utf-16"),
        ("Köln only, and plain text", "utf-16-le", "utf-16-le"),
    ],
)
def test_encodings_are_found(text: str, encoding: str, declared: str) -> None:
    content = "id;text\n" + "".join(f"{i};{text}\n" for i in range(20))
    Path("sample.csv").write_bytes(content.encode(encoding))
    inference = infer("sample.csv")
    assert inference.contract.document.source.encoding == declared
    assert inference.outcome.accepted == 20


def test_a_few_bytes_that_are_no_utf8_are_outliers() -> None:
    lines = [f"{i},Köln\n".encode() for i in range(40)]
    lines[11] = b"11,K\xf6ln\n"
    Path("sample.csv").write_bytes(b"id,city\n" + b"".join(lines))
    inference = infer("sample.csv")
    assert inference.contract.document.source.encoding == "utf-8"
    assert "# outliers: 1 record malformed by record.encoding (line 13)" in inference.text
    assert inference.outcome.accepted == 39


def test_personal_values_are_never_printed() -> None:
    people = ["Asha Ravi", "Bilal Khan", "Chen Li"]
    records = [
        f"{people[i % 3]},9198{i:08},{people[i % 3][0]}{i % 3}@example.com,told {people[i % 3]} so\n"
        for i in range(60)
    ]
    Path("sample.csv").write_text("customer,phone,contact,note\n" + "".join(records), encoding="utf-8")
    done = call("sample.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("classification: personal") == 4
    assert [
        word
        for word in ("Asha", "Bilal", "Chen", "9198", "example", "told")
        if word in done.stdout + done.stderr
    ] == []


def test_rules_over_records_are_proposed_only_where_they_always_hold() -> None:
    lines = [f"08:{i:02}:00,09:{i:02}:00,{i:02}:00:00,08:00:00\n" for i in range(24)]
    header = "call_start,call_end,shift_start,shift_end\n"
    Path("sample.csv").write_text(header + "".join(lines), encoding="utf-8")
    inference = infer("sample.csv")
    assert [rule.check for rule in inference.contract.document.rules] == ["call_end >= call_start"]
    assert "holds in 24 of 24 records that have both" in inference.text
    assert inference.outcome.accepted == 24


def test_every_error_of_an_inference_has_an_exit_code_of_its_own() -> None:
    Path("sample.csv.gz").write_bytes(gzip.compress(CALLS.encode())[:-9])
    with pytest.raises(CallcenterEtlError, match="truncated") as caught:
        infer("sample.csv.gz")
    assert caught.value.exit_code == 3
