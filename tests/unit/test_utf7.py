"""Runs of UTF-7 are decoded at constant memory, to what Python decodes of the whole; other codecs keep a few bytes."""

from __future__ import annotations

import encodings.aliases
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter_etl import load_contract, validate
from callcenter_etl.sources import utf7
from callcenter_etl.sources.encodings import EncodingMismatchError, is_ascii_superset, transcoded
from callcenter_etl.sources.utf7 import Utf7Decoder

ERRORS = "callcenter_etl_mark_to_control"
NO_TEXT = {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
ELSEWHERE = {"mbcs", "oem"}  # on Windows only
NAMES = sorted({*encodings.aliases.aliases.values()} - NO_TEXT - ELSEWHERE)
SHIFTED = [name for name in NAMES if not is_ascii_superset(name)]


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    yield from (data[start : start + size] for start in range(0, len(data), size))


def decoded(data: bytes, size: int) -> str:
    decoder = Utf7Decoder(ERRORS)
    return "".join(decoder.decode(piece) for piece in pieces(data, size)) + decoder.decode(b"", final=True)


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utf7, "MAX_RUN_BYTES", 8)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 1000])
@pytest.mark.parametrize(
    "text",
    [
        "漢" * 100,
        "😀" * 50,
        "a😀" * 50 + "é",
        "😀é" * 50,
        "é+-é é- é\n" * 10,
        "".join(chr(code) for code in range(0x80, 0x800, 7)),
    ],
)
@pytest.mark.usefixtures("short_runs")
def test_cut_runs_are_the_text_of_the_whole(text: str, size: int) -> None:
    assert decoded(text.encode("utf-7"), size) == text


@given(text=st.text(), size=st.integers(min_value=1, max_value=40))
def test_text_comes_back_whatever_it_is(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utf7, "MAX_RUN_BYTES", 8)
        assert decoded(text.encode("utf-7", "surrogatepass"), size) == text.encode(
            "utf-7", "surrogatepass"
        ).decode("utf-7")


@given(
    data=st.lists(st.sampled_from([b"+", b"-", b"A", b"2D0", b"3gA", b"\xff", b"\n", b",", b"/"])).map(
        b"".join
    )
)
def test_sizes_of_blocks_change_nothing_also_where_bytes_do_not_decode(data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utf7, "MAX_RUN_BYTES", 8)
        whole = decoded(data, max(len(data), 1))
        assert {decoded(data, size) for size in (1, 3, 8)} <= {whole}
        try:
            expected = data.decode("utf-7")
        except UnicodeDecodeError:  # what does not decode must not become text that does
            with pytest.raises(UnicodeEncodeError):
                whole.encode("utf-8")
        else:
            assert whole == expected


@pytest.mark.parametrize("name", SHIFTED)
@pytest.mark.usefixtures("short_runs")
@pytest.mark.parametrize("opening", [b"+", b"\x1b$B", b"~{", b"\x0e", b"\xff"])
def test_no_decoder_keeps_much_of_what_has_no_end(name: str, opening: bytes) -> None:
    for byte in (b"A", b"\x1b", b"\x80", b"\xfe", b"0", b"~"):
        blocks = pieces(opening + byte * 40_000, 10_000)
        try:
            sizes = [len(block) for block in itertools.islice(transcoded(blocks, name), 4)]
        except EncodingMismatchError:
            continue  # no byte order mark: refused at once
        assert sum(sizes) > 5_000, byte


def test_a_run_without_an_end_is_one_malformed_record_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(b"id,note\n1,+AOk-\n2,+" + b"A" * 3_000_001 + b"\n3,x\n")
    columns = [{"name": "id", "type": "digits"}, {"name": "note"}]
    contract = load_contract({"contract": "c", "source": {"encoding": "utf-7"}, "columns": columns})
    written = set()
    for block_bytes in (1000, 2**20, 4 * 2**20):
        output = tmp_path / str(block_bytes)
        result = validate(tmp_path / "s.csv", contract, output=output, block_bytes=block_bytes)
        assert result.summary["rules"]["record.encoding"]["broken"] == 1
        assert (output / "target.csv").read_bytes() == "id,note\n1,é\n3,x\n".encode()
        written.add((output / "exceptions.csv").read_bytes())
    assert len(written) == 1
