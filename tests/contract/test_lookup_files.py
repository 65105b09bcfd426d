"""A lookup file in another form is refused with its cause, never with a raw error of a codec."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from callcenter_etl import load_contract
from callcenter_etl.errors import ContractError

FORM = "lookups are comma-separated UTF-8 with a header line"
PLAIN = "agent_id,name\n7,Zoë\n8,Bo\n"


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("agents.csv", PLAIN)
    return stream.getvalue()


def contract_at(folder: Path, data: bytes) -> str:
    (folder / "agents.csv").write_bytes(data)
    path = folder / "c.yaml"
    path.write_text(
        "contract: c\ncolumns: [{name: a, lookup: {file: agents.csv, column: agent_id}}]\n", encoding="utf-8"
    )
    return str(path)


def split(folder: Path, data: bytes) -> list[str]:
    """Return the accepted ones of a few values."""
    accepted, _ = load_contract(contract_at(folder, data)).split(pd.DataFrame({"a": ["7", "8", "9", "Bo"]}))
    return list(accepted["a"])


SOUND = {
    "plain": PLAIN.encode(),
    "a mark at the start": PLAIN.encode("utf-8-sig"),
    "crlf and blank lines": PLAIN.replace("\n", "\r\n\r\n").encode(),
    "other columns twice": b"x,agent_id,x\n1,7,1\n1,8,1\n",
    "a semicolon within a value": b"agent_id,name\n7,a;b\n8,c;d\n",
    "one column": b"agent_id\n7\n\n8\n",
    "quoted": b'"agent_id","name"\n"7","a\nb"\n"8",""\n',
    "a semicolon in another name": b"a;b,agent_id\n1,7\n1,8\n",
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_gives_its_values(tmp_path: Path, name: str) -> None:
    assert split(tmp_path, SOUND[name]) == ["7", "8"]


WRONG = {
    "semicolons": (
        PLAIN.replace(",", ";").encode(),
        "file",
        f"the file is separated by ';'; {FORM} (or declare source: {{delimiter: ';'}})",
    ),
    "tabs": (
        PLAIN.replace(",", "\t").encode(),
        "file",
        f"the file is separated by '\\t'; {FORM} (or declare source: {{delimiter: \"\\t\"}})",
    ),
    "bars": (
        PLAIN.replace(",", "|").encode(),
        "file",
        f"the file is separated by '|'; {FORM} (or declare source: {{delimiter: '|'}})",
    ),
    "semicolons and decimal commas": (
        b'agent_id;"rate, net"\n7;1,5\n',
        "file",
        f"the file is separated by ';'; {FORM} (or declare source: {{delimiter: ';'}})",
    ),
    "semicolons without the column": (
        b"id;name\n7;x\n",
        "file",
        f"the file is separated by ';'; {FORM} (or declare source: {{delimiter: ';'}})",
    ),
    "cp1252": (
        PLAIN.encode("cp1252"),
        "file",
        "line 2: byte 0xEB at offset 18 is not UTF-8 (save the file as UTF-8, it may be cp1252: "
        + FORM
        + ")",
    ),
    "utf-16": (PLAIN.encode("utf-16"), "file", f"the file is UTF-16 (save it as UTF-8: {FORM})"),
    "utf-16 without a mark": (
        PLAIN.encode("utf-16-le"),
        "file",
        f"the file is UTF-16 or UTF-32 (save it as UTF-8: {FORM})",
    ),
    "utf-16-be without a mark": (
        PLAIN.encode("utf-16-be"),
        "file",
        f"the file is UTF-16 or UTF-32 (save it as UTF-8: {FORM})",
    ),
    "utf-32": (PLAIN.encode("utf-32"), "file", f"the file is UTF-32 (save it as UTF-8: {FORM})"),
    "gzip": (gzip.compress(PLAIN.encode()), "file", f"the file is gzip data (decompress it: {FORM})"),
    "bzip2": (bz2.compress(PLAIN.encode()), "file", f"the file is bzip2 data (decompress it: {FORM})"),
    "xz": (lzma.compress(PLAIN.encode()), "file", f"the file is xz data (decompress it: {FORM})"),
    "zip or xlsx": (
        zipped(),
        "file",
        (
            "the file is a spreadsheet or zip archive, not delimited text"
            f" (declare source.format: excel, or export the sheet as CSV; an archive is read where its name ends in .zip); {FORM}"
        ),
    ),
    "html": (
        b"<!DOCTYPE html><html></html>",
        "file",
        (
            "the file is an HTML or XML page, not delimited text"
            f" (often a login or error page saved under the file's name); {FORM}"
        ),
    ),
    "empty": (b"", "file", f"the file is empty ({FORM})"),
    "nothing but a mark": (
        b"\xef\xbb\xbf",
        "file",
        f"the first line is blank, the header is expected there ({FORM})",
    ),
    "blank lines": (b"\r\n\n", "file", f"the file is empty ({FORM})"),
    "a blank line first": (
        b"\nagent_id\n7\n",
        "file",
        f"the first line is blank, the header is expected there ({FORM})",
    ),
    "an open quote": (b'agent_id,name\n7,"Zo\n', "file", f"line 2: unexpected end of data ({FORM})"),
    "short and long rows": (
        b"agent_id,name\n7,Zo\n8\n9,x,y\n",
        "file",
        "2 rows have another number of fields than the header (2), the first is row 3 with 1",
    ),
    "one long row": (
        b"agent_id,name\n7,Zo,\n",
        "file",
        "1 row has another number of fields than the header (2), the first is row 2 with 3",
    ),
    "twice": (
        b"agent_id,name,agent_id\n7,Zo,8\n",
        "column",
        "the column 'agent_id' occurs 2 times, at positions 1, 3",
    ),
    "renamed": (b"agentid,name\n7,Zo\n", "column", "there is no column 'agent_id' (did you mean 'agentid'?)"),
    "none like it": (b"x,y\n7,Zo\n", "column", "there is no column 'agent_id'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_form_is_a_fault_with_its_cause(tmp_path: Path, name: str) -> None:
    data, key, sentence = WRONG[name]
    with pytest.raises(ContractError) as caught:
        split(tmp_path, data)
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [
        (f"columns[0].lookup.{key}", f"{tmp_path / 'agents.csv'}: {sentence}")
    ]


def test_a_run_ends_with_the_cause_and_exit_code_2(tmp_path: Path) -> None:
    contract = contract_at(tmp_path, PLAIN.encode("cp1252"))
    (tmp_path / "s.csv").write_text("a\n7\n")
    command = [
        sys.executable,
        "-m",
        "callcenter_etl",
        "validate",
        str(tmp_path / "s.csv"),
        "-c",
        contract,
        "-q",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "byte 0xEB at offset 18 is not UTF-8" in done.stderr) == (2, True), done.stderr
    assert "Zo" not in done.stderr
