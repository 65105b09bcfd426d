"""Every codec of Python, compared with the standard library's own decoding of the whole file."""

from __future__ import annotations

import csv
import encodings.aliases
import io
import itertools
from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq
import pytest

from callcenter_etl import ContractError, load_contract, validate
from callcenter_etl.api_contract import Contract
from callcenter_etl.run.result import RunResult
from callcenter_etl.sources.encodings import is_ascii_superset

MORE = {"charmap", "idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "utf_8_sig"}
NAMES = sorted(set(encodings.aliases.aliases.values()) | MORE)
# Codecs that turn bytes into bytes, or text into names of domains or Python's own spelling.
NO_TEXT = {
    "base64_codec", "bz2_codec", "hex_codec", "idna", "punycode", "quopri_codec", "raw_unicode_escape", "rot_13",
    "undefined", "unicode_escape", "uu_codec", "zlib_codec",
}  # fmt: skip
# Known by Python on Windows only.
ELSEWHERE = {"mbcs", "oem"}
SHIFTED = [name for name in NAMES if name.startswith("iso2022") or name in ("hz", "utf_7")]
# Characters of every script that a codec may be for; those that it lacks are left out of its file.
POOL = (
    "aZ09 ~\\+&!{}[]|^`@#$\x1c\x7fäßéÑøÿ€ŁőżşĞİıěŽАбвщЯґїΑβγωאבשابةپกขไあいアイウ｡ｱﾝ一三業ソ表能十構"
    "中文漢字开户臺灣가각힣韓한ệươđþðæ̊ṁ–—“”…ªº¤¥₩￥‾∥－～¢£¬𠀋😀丂"
)
BLOCKS = (7, 97, 1 << 20)


def contract_for(name: str, **source: object) -> Contract:
    columns = [{"name": "id", "type": "digits"}, {"name": "note"}, {"name": "more"}]
    return load_contract({"contract": "c", "columns": columns, "source": {"encoding": name, **source}})


def encoding_of(name: str) -> str:
    return contract_for(name).document.source.encoding


def text_for(name: str) -> str:
    """Return a file of many records with every character of the pool that the codec can encode and decode."""
    known = [character for character in POOL if round_trips(character, name)]
    rows = [["id", "note", "more"]]
    rows += [
        [str(number), a + "," + b, b + a + "|" + '"']
        for number, (a, b) in enumerate(itertools.pairwise(known))
    ]
    rows += [[str(number), "".join(known[number:]), ""] for number in range(0, len(known), 5)]
    rows += [["x", "".join(known), "rejected"]]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def round_trips(character: str, name: str) -> bool:
    try:
        return character.encode(name).decode(name) == character
    except UnicodeError:
        return False


def run(
    tmp_path: Path, data: bytes, name: str, *, block_bytes: int, form: Literal["csv", "parquet"]
) -> RunResult:
    source = tmp_path / "s.csv"
    source.write_bytes(data)
    output = tmp_path / f"{form}_{block_bytes}"
    return validate(source, contract_for(name), output=output, block_bytes=block_bytes, target_format=form)


def values_of(result: RunResult) -> list[list[str]]:
    """Return the accepted values of a run with a Parquet target."""
    table = pq.read_table(Path(str(result.output)) / "target.parquet")
    return [[row["id"], row["note"] or "", row["more"] or ""] for row in table.to_pylist()]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_TEXT | ELSEWHERE])
def test_values_are_those_that_the_standard_library_decodes(tmp_path: Path, name: str) -> None:
    data = text_for(name).encode(name)
    decoded = data.decode(name)
    rows = list(csv.reader(io.StringIO(decoded, newline=""), strict=True))[1:]
    accepted = [row for row in rows if row[0] != "x"]
    assert len(accepted) > 20
    kept = decoded.removeprefix("\ufeff").rpartition("\nx,")[0] + "\n"
    for block_bytes in BLOCKS:
        result = run(tmp_path, data, name, block_bytes=block_bytes, form="csv")
        assert result.summary["records"] == {
            "read": len(rows), "accepted": len(accepted), "rejected": 1, "malformed": 0, "warned": 0,
        }  # fmt: skip
        assert result.summary["lines"] == decoded.count("\n")
        written = (Path(str(result.output)) / "target.csv").read_bytes()
        if is_ascii_superset(encoding_of(name)):  # byte for byte as it came, else UTF-8
            assert data.startswith(written)
            text = written.decode(name)
        else:
            text = written.decode("utf-8").removeprefix("\ufeff")
        assert text.removeprefix("\ufeff") == kept
    assert values_of(run(tmp_path, data, name, block_bytes=97, form="parquet")) == accepted


@pytest.mark.parametrize("name", sorted(NO_TEXT))
def test_codecs_of_no_text_are_refused_in_the_contract(name: str) -> None:
    with pytest.raises(ContractError, match=f"'{name}' is no encoding of text files"):
        contract_for(name)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_TEXT | ELSEWHERE])
def test_ascii_bytes_are_themselves_wherever_bytes_are_framed(name: str) -> None:
    encoding = encoding_of(name)
    triples = bytes(itertools.chain.from_iterable(itertools.product(range(128), repeat=3)))
    try:
        plain = triples.decode(encoding) == triples.decode("ascii")
    except UnicodeError:
        plain = False
    assert is_ascii_superset(encoding) == plain


# A record in the middle with a byte that does not decode, at the end of a line or before a shift, by codec.
BROKEN = {
    "iso2022_jp": (b"\x1b$B0l\x1b(B", b"\x1b$B0l0\x1b(B", b"\x1b$B0l\xff0l\x1b(B", b"\xe9"),
    "iso2022_jp_2": (b"\x1b$(C0l\x1b(B", b"\x1b$(C0l0\x1b(B", b"\x1b$Zx", b"\x1b.A\x1bN\xff"),
    "iso2022_kr": (b"\x0e0!\x0f", b"\x0e0!0\x0f", b"\x0e0\xff0!\x0f", b"\xe9"),
    "hz": (b"~{0l~}", b"~{0l\xff~}", b"~?", b"\xe9"),
    "utf_7": (b"+AOk-", b"+AOk\xff", b"+2AA-", b"\xe9"),
    "shift_jis_2004": (b"\x88\xea", b"\x88", b"\xfd", b"\x88\xff"),
    "utf_16_le": ("\u4e00".encode("utf-16-le"), b"\x0a\xdc", b"\x0d\xdc", b"\x00\xdc"),
    "utf_32_be": (
        "\u4e00".encode("utf-32-be"),
        b"\xff\xff\xff\xff",
        b"\x00\x00\xd8\x0a",
        b"\x0a\x0d\x0a\x0d",
    ),
}


@pytest.mark.parametrize("block_bytes", BLOCKS)
@pytest.mark.parametrize("name", BROKEN)
def test_a_byte_that_does_not_decode_costs_its_record_alone(
    tmp_path: Path, name: str, block_bytes: int
) -> None:
    sound, *broken = BROKEN[name]
    head = b"\x1b$)C".decode() if name == "iso2022_kr" else ""

    def coded(text: str) -> bytes:
        return text.encode(name.replace("iso2022_kr", "ascii"))

    good = [coded(f"{number},") + sound + coded(f",n{number}\n") for number in range(len(broken) + 1)]
    lines = [coded(head + "id,note,more\n"), good[0]]
    for number, bad in enumerate(broken, start=1):
        lines += [coded(f"{number}0,") + bad + coded(",x\n"), good[number]]
    result = run(tmp_path, b"".join(lines), name, block_bytes=block_bytes, form="parquet")
    assert values_of(result) == [
        [str(number), sound.decode(name) if name != "iso2022_kr" else "가", f"n{number}"]
        for number in range(len(good))
    ]
    assert result.summary["rules"]["record.encoding"]["broken"] == len(broken)
    assert result.summary["records"]["malformed"] == len(broken)


@pytest.mark.parametrize("name", [name for name in SHIFTED if name.startswith("iso2022_jp")])
def test_a_pair_with_a_line_end_as_its_second_byte_leaves_the_next_record_alone(
    tmp_path: Path, name: str
) -> None:
    data = b"id,note,more\n1,\x1b$B0l0\n\x1b(B2,b,c\n"
    result = run(tmp_path, data, name, block_bytes=1 << 20, form="parquet")
    assert values_of(result) == [["2", "b", "c"]]
    assert result.summary["lines"] == 3


@pytest.mark.parametrize("name", SHIFTED)
@pytest.mark.parametrize("block_bytes", [1, 5, 64])
def test_escapes_without_an_end_are_never_an_error_of_the_decoder(
    tmp_path: Path, name: str, block_bytes: int
) -> None:
    data = b"id,note,more\n1,\x1b$" + b"1" * 40 + b",c\n2,b,c\n3,b,\x1b$&@&@&@&"
    result = run(tmp_path, data, name, block_bytes=block_bytes, form="csv")
    assert result.summary["records"]["read"] == 3
    assert b"2,b,c\n" in (Path(str(result.output)) / "target.csv").read_bytes()


@pytest.mark.parametrize("name", ["utf_8", "utf_16", "utf_16_le", "utf_32_be", "utf_7", "gb18030"])
def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path, name: str) -> None:
    mark = "" if name == "utf_16" else "\ufeff"
    result = run(
        tmp_path, (mark + "id,note,more\n1,中,c\n").encode(name), name, block_bytes=97, form="parquet"
    )
    assert values_of(result) == [["1", "中", "c"]]
