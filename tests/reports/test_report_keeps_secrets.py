"""A report can be sent around: no value of a file stands in it whole, none of a classified column at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter_etl.diagnostics.html.sheet_cells import letters_of
from callcenter_etl.diagnostics.html.value_masks import masked, shape_of, skeleton
from tests.reports.pages import page_of, read

CONTRACT = """contract: c
description: "<script>alert('description')</script>"
owner: "<img src=x onerror=alert(1)>"
source: {header: by_name}
columns:
  - name: "<b>id</b>"
    type: digits
    reason: "{value} is <i>no</i> id of {column}, line {line}"
  - {name: who, max_length: 3, unique: true, classification: personal}
  - {name: key, pattern: '[a-z]+', classification: secret, reason: "got {value}"}
  - {name: note, allowed: [fine]}
rules:
  - {name: "</style><script>", check: "who != note"}
  - {name: who_key, unique: [who, key]}
"""
HOSTILE = "<script>alert(1)</script>"
HEADER = f"<b>id</b>,who,key,note,{HOSTILE}\n"
PERSONAL = ("Wilhelmina", "Ok4242", "!!$$!!", "+49 171 999")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    name = "a <img src=x onerror=alert(2)>.csv"
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    rows = [
        f"{HOSTILE},{PERSONAL[0]},{PERSONAL[1]},fine,1",
        f"'\"><svg onload=alert(3)>,{PERSONAL[0]},{PERSONAL[1]},{{{{ 7 * 7 }}}},1",
        f"12,{PERSONAL[3]},{PERSONAL[2]},{PERSONAL[3]},1",
        f"x,{PERSONAL[0]}",
        f'x,"{PERSONAL[1]}',
        f"x,{PERSONAL[2]},\udcff,,",
    ]
    Path(name).write_bytes((HEADER + "\n".join(rows) + "\n").encode(errors="surrogateescape"))
    page_of(name, "c.yaml")
    return Path("report.html").read_text(encoding="utf-8")


def test_no_value_of_a_classified_column_is_in_the_page(page: str) -> None:
    for value in PERSONAL:
        assert value in Path("out/exceptions.csv").read_text(encoding="utf-8")
        assert value not in page
    text = read(Path("report.html")).text
    assert "got (secret)" in text
    assert "(personal)" in text


def test_what_a_file_or_a_contract_holds_is_never_markup(page: str) -> None:
    parsed = read(Path("report.html"))
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"script", "img", "iframe", "object", "link", "base", "b", "i", "form", "foreignobject"}
    names = {name for _, known in parsed.elements for name in known}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"src", "style", "srcset", "action", "xlink:href"}
    assert all((known["href"] or "").startswith("#") for _, known in parsed.elements if "href" in known)
    for shown in ("<script>alert('description')</script>", "<img src=x onerror=alert(1)>", "<b>id</b>"):
        assert shown in parsed.text
    assert "{{␣#␣*␣#␣}}" in parsed.text  # a template in a value stays what it is


def test_the_policy_of_the_page_allows_its_own_style_and_nothing_else(page: str) -> None:
    policy = next(
        known["content"]
        for tag, known in read(Path("report.html")).elements
        if tag == "meta" and known.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    addresses = page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert "://" not in addresses


@given(st.text(alphabet=st.characters(categories=("L", "N", "M")), min_size=1, max_size=32))
def test_a_mask_shows_the_first_and_the_last_character_at_most(value: str) -> None:
    mask = masked(value)
    assert len(mask) == len(value)
    assert set(mask[1:-1] if len(value) >= 4 else mask) <= {"#", "•"}
    assert set(shape_of(value)) <= {"#", "•"}


@pytest.mark.parametrize(
    ("value", "mask", "shape"),
    [
        ("25:10:00", "2#:##:#0", "##:##:##"),
        ("completed", "c•••••••d", "•••••••••"),
        ("-5", "-#", "-#"),
        ("", "(empty)", "(empty)"),
        ("  ", "␣␣", "␣␣"),
        (" 12 ", "␣##␣", "␣##␣"),
        ("été chaud", "é••␣••••d", "•••␣•••••"),
        ("٣٤٥٦", "٣••٦", "••••"),
        ("\x1b[31m", "•[##m", "•[##•"),
        ("x" * 40, "x" + "•" * 31 + "… (40 characters)", "•" * 32 + "… (40 characters)"),
    ],
)
def test_masks(value: str, mask: str, shape: str) -> None:
    assert (masked(value), shape_of(value)) == (mask, shape)


def test_a_malformed_record_shows_delimiters_and_quotes_alone() -> None:
    assert skeleton('a b,"c\\xe9,!!', delimiter=",", quote='"') == '•,"•,•'
    assert skeleton("1|2^3]4", delimiter="|", quote=None) == "•|•"
    assert skeleton("a,b", delimiter="^", quote="]") == "•"
    assert skeleton("," * 500, delimiter=",", quote='"') == "," * 64 + "…"


def test_letters_of_columns_are_those_of_spreadsheets() -> None:
    known = {0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA", 16_383: "XFD"}
    assert {position: letters_of(position) for position in known} == known


def test_a_value_with_an_apostrophe_in_place_of_a_header_is_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text("contract: c\nversion: 1.0.0\ncolumns: [{name: id}, {name: note}]\n")
    Path("s.csv").write_text("O'Brien,it's \"his\"\nB,c\n")
    page_of("s.csv", "c.yaml")
    page = Path("report.html").read_text(encoding="utf-8")
    assert "header.unexpected" in page
    assert "Brien" not in page
    assert "it&#39;s" not in page
