"""Members of archives as sources: each a run of its own, damaged and hostile archives refused with the reason."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import zstandard

from callcenter_etl import SourceError, UsageError, find_sources, infer, load_contract, validate
from callcenter_etl.store import archives
from tests.storage.buckets import Drops

CONTRACT = {"contract": "calls", "columns": [{"name": "id", "type": "digits"}, {"name": "note"}]}
ALL = {**CONTRACT, "source": {"member": "*.csv"}}
ONE, TWO = b"id,note\n1,a\nx,b\n", b"id,note\n2,c\n"


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, members: Mapping[str, bytes]) -> Path:
    if path.suffix in (".zst", ".tzst"):
        plain = tarred(path.with_name("plain.tar"), members)
        path.write_bytes(zstandard.compress(plain.read_bytes()))
        plain.unlink()
        return path
    mode = {".gz": "w:gz", ".tgz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w:")
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]  # a mode of each
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def packed(path: Path, members: Mapping[str, bytes]) -> Path:
    return (zipped if path.suffix == ".zip" else tarred)(path, members)


NAMES = (
    "drop.zip",
    "drop.tar",
    "drop.tar.gz",
    "drop.tgz",
    "drop.tar.bz2",
    "drop.tar.xz",
    "drop.tar.zst",
    "drop.tzst",
)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "c.json").write_text(json.dumps(ALL), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "callcenter_etl",
        "validate",
        *words,
        "-c",
        "c.json",
        "-o",
        "out",
        "--quiet",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", NAMES)
def test_each_member_is_a_run_with_a_folder_of_its_own(tmp_path: Path, name: str) -> None:
    packed(tmp_path / name, {"in/calls_1.csv": ONE, "calls_2.csv": TWO, "readme.txt": b"x"})
    done = run(tmp_path, name)
    assert (done.returncode, done.stderr) == (1, "")
    for stem, member, content in (("calls_1", "in/calls_1.csv", ONE), ("calls_2", "calls_2.csv", TWO)):
        summary = json.loads((tmp_path / "out" / stem / "summary.json").read_text("utf-8"))
        assert summary["source"]["uri"] == f"{name}/{member}"
        assert summary["source"]["bytes"] == len(content)
        assert summary["source"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert (tmp_path / "out" / "calls_1" / "rejected.csv").read_bytes() == b"id,note\nx,b\n"
    # Nothing was unpacked.
    assert sorted(each.name for each in tmp_path.iterdir()) == ["c.json", name, "out"]
    again = run(tmp_path, name)
    assert again.returncode == 1


@pytest.mark.parametrize("name", ["drop.zip", "drop.tar.gz"])
def test_the_only_member_needs_no_pattern_and_writes_into_the_output(tmp_path: Path, name: str) -> None:
    packed(tmp_path / name, {"calls.csv": TWO, "__MACOSX/._calls.csv": b"\0"})
    result = validate(tmp_path / name, load_contract(CONTRACT), output=tmp_path / "o")
    assert result.summary["source"]["uri"].endswith(f"{name}/calls.csv")
    assert (tmp_path / "o" / "target.csv").read_bytes() == TWO


def test_several_members_without_a_pattern_are_refused_with_their_names(tmp_path: Path) -> None:
    path = zipped(tmp_path / "drop.zip", {"a.csv": ONE, "b.csv": TWO})
    with pytest.raises(
        UsageError, match=r"has 2 members, 'a.csv', 'b.csv' \(name those to read in source.member"
    ):
        validate(path, load_contract(CONTRACT))
    with pytest.raises(UsageError, match=r"has no member that matches '\*.txt' \(it has 'a.csv', 'b.csv'\)"):
        find_sources(path, contract=load_contract({**CONTRACT, "source": {"member": "*.txt"}}))
    # A glob in the address finds no file, as one of a folder does.
    with pytest.raises(SourceError, match=r"has no member that matches '\*.txt'"):
        find_sources(f"{path}/*.txt")


@pytest.mark.parametrize("member", ["", "source: {member: '*.txt'}\n"])
def test_a_contract_without_the_members_of_an_archive_is_wrong(tmp_path: Path, member: str) -> None:
    zipped(tmp_path / "drop.zip", {"a.csv": ONE, "b.csv": TWO})
    (tmp_path / "c.yaml").write_text(f"contract: c\n{member}columns: [{{name: id}}]\n", encoding="utf-8")
    command = [sys.executable, "-m", "callcenter_etl", "validate", "drop.zip", "-c", "c.yaml", "-o", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "drop.zip: has " in done.stderr


def test_without_a_contract_the_advice_is_to_name_a_member(tmp_path: Path) -> None:
    path = zipped(tmp_path / "drop.zip", {"a.csv": ONE, "b.csv": TWO})
    for call in (infer, find_sources):
        with pytest.raises(UsageError) as raised:
            call(path)
        assert str(raised.value).endswith(f"(name one of them, such as '{path}/a.csv')")


def test_a_member_can_be_named_and_a_glob_finds_members(tmp_path: Path) -> None:
    path = zipped(tmp_path / "drop.zip", {"a.csv": ONE, "in/b.csv": TWO, "in/deep/c.csv": TWO})
    assert find_sources(f"{path}/*.csv") == [
        f"{path}/{name}" for name in ("a.csv", "in/b.csv", "in/deep/c.csv")
    ]
    assert find_sources(f"{path}/in/b*") == [f"{path}/in/b.csv"]
    assert validate(f"{path}/in/b.csv", load_contract(CONTRACT)).summary["status"] == "passed"
    with pytest.raises(SourceError, match=r"drop.zip: has no member 'in/d.csv' \(did you mean"):
        validate(f"{path}/in/d.csv", load_contract(CONTRACT))


@pytest.mark.parametrize("name", ["drop.zip", "drop.tgz"])
def test_members_that_are_compressed_themselves_are_read_so(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / name, {"calls.csv.gz": gzip.compress(TWO)})
    contract = load_contract({**CONTRACT, "source": {"filename": {"pattern": r"calls\.csv"}}})
    assert validate(path, contract, output=tmp_path / "o").summary["status"] == "passed"
    assert (tmp_path / "o" / "target.csv").read_bytes() == TWO


def encrypted(path: Path) -> None:
    zipped(path, {"a.csv": TWO})
    content = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    path.write_bytes(content)


def named(name: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        packed(path, {name: TWO})

    return make


def duplicate(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", ONE)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", TWO)


def linked(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("a.csv")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)


def device(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("a.csv")
        info.type = tarfile.CHRTYPE
        archive.addfile(info)


def linked_in_zip(path: Path) -> None:
    info = zipfile.ZipInfo("a.csv")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")


def wrong_crc(path: Path) -> None:
    zipped(path, {"a.csv": TWO})
    content = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        content[content.index(signature) + at] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path) -> None:
    packed(path, {"a.csv": TWO * 5000})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_end(path: Path) -> None:
    packed(path, {"a.csv": TWO, "b.csv": TWO})
    # A header and a block for each member.
    path.write_bytes(path.read_bytes()[: 4 * 512])


def empty(path: Path) -> None:
    packed(path, {})


def bomb(path: Path) -> None:
    zipped(path, {"a.csv": b"0" * 2**25})


def bzip2(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.csv", TWO)


def text(path: Path) -> None:
    path.write_bytes(TWO)


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("drop.zip", encrypted, "it is encrypted"),
        ("drop.zip", named("../../a.csv"), "leads out of the archive"),
        ("drop.tar", named("../../a.csv"), "leads out of the archive"),
        ("drop.zip", named("/etc/a.csv"), "its name is an absolute path"),
        ("drop.tar", named("C:a.csv"), "its name is an absolute path"),
        ("drop.zip", named("in\\a.csv"), "its name holds a backslash"),
        ("drop.tar", named("a\n.csv"), "control characters"),
        ("drop.zip", duplicate, "several members have this name"),
        ("drop.tar", linked, "it is a link, a device or a sparse file"),
        ("drop.tar", device, "it is a link, a device or a sparse file"),
        ("drop.zip", linked_in_zip, "it is a link or a device"),
        ("drop.zip", wrong_crc, "damaged: Bad CRC-32"),
        ("drop.zip", cut, "damaged"),
        ("drop.tar", cut, "truncated|damaged"),
        ("drop.tgz", cut, "truncated"),
        ("drop.tar.zst", cut, "truncated"),
        ("drop.tar", without_end, "truncated: the tar archive ends before its end mark"),
        ("drop.zip", empty, "has no member that matches"),
        ("drop.tar", empty, "has no member that matches"),
        ("drop.zip", bomb, "grows more than 1,000:1"),
        ("drop.zip", bzip2, "compressed with bzip2"),
        ("drop.zip", text, "the zip archive is damaged: File is not a zip file"),
        ("drop.tar", text, "the tar archive is damaged"),
        ("drop.tgz", text, "corrupt gzip data"),
    ],
)
def test_damaged_and_hostile_archives_are_refused_with_the_reason(
    tmp_path: Path, name: str, make: Callable[[Path], None], reason: str
) -> None:
    path = tmp_path / name
    make(path)
    before = sorted(each.name for each in tmp_path.iterdir())
    with pytest.raises(SourceError, match=reason):
        validate(path, load_contract(ALL), output=tmp_path / "o")
    left = {each.name for each in tmp_path.iterdir()} - {"o"}
    assert sorted(left) == before
    assert not (tmp_path / "o" / "target.csv").exists()


def test_the_size_limit_is_that_of_each_member(tmp_path: Path) -> None:
    path = zipped(tmp_path / "drop.zip", {"a.csv": TWO, "b.csv": TWO * 10})
    source = {"member": "*.csv", "max_bytes": len(TWO)}
    contract = load_contract({**CONTRACT, "source": source})
    assert validate(f"{path}/a.csv", contract).summary["status"] == "passed"
    with pytest.raises(SourceError, match=r"over 12 bytes when unpacked \(raise source.max_bytes"):
        validate(f"{path}/b.csv", contract)


def test_one_damaged_archive_does_not_prevent_the_other_runs(tmp_path: Path) -> None:
    text(tmp_path / "a.zip")
    zipped(tmp_path / "b.zip", {"calls.csv": TWO})
    done = run(tmp_path, "*.zip")
    assert done.returncode == 3
    assert "a.zip: the zip archive is damaged" in done.stderr
    assert (tmp_path / "out" / "calls" / "target.csv").read_bytes() == TWO


def test_a_folder_named_like_an_archive_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "drop.zip").mkdir()
    (tmp_path / "drop.zip" / "calls.csv").write_bytes(TWO)
    result = validate(tmp_path / "drop.zip" / "calls.csv", load_contract(CONTRACT))
    assert result.summary["status"] == "passed"


def test_an_archive_that_is_replaced_while_it_is_read_fails_the_run(tmp_path: Path) -> None:
    path = zipped(tmp_path / "drop.zip", {"a.csv": TWO * 1000})

    def replace(_: object) -> None:
        zipped(tmp_path / "new.zip", {"a.csv": TWO * 999}).rename(path)

    with pytest.raises(SourceError, match="changed while it was read"):
        validate(path, load_contract(CONTRACT), output=tmp_path / "o", on_progress=replace, block_bytes=64)


def test_the_outcome_does_not_depend_on_blocks(tmp_path: Path) -> None:
    lines = b"".join(b"%d,%s\n" % (number, b"n" * (number % 50)) for number in range(3000))
    path = tarred(tmp_path / "drop.tar.xz", {"skipped.csv": TWO, "a.csv": b"id,note\n" + lines})
    for block_bytes in (7, 64, 1 << 20):
        out = tmp_path / str(block_bytes)
        validate(f"{path}/a.csv", load_contract(CONTRACT), output=out, block_bytes=block_bytes)
        assert (out / "target.csv").read_bytes() == b"id,note\n" + lines


@pytest.mark.parametrize("name", ["drop.zip", "drop.tar.gz"])
def test_members_are_read_from_s3(moto_drops: Drops, tmp_path: Path, name: str) -> None:
    packed(tmp_path / name, {"in/calls_1.csv": ONE, "calls_2.csv": TWO, "readme.txt": b"x"})
    moto_drops.put(f"in/{name}", (tmp_path / name).read_bytes())
    archives._kept.clear()
    contract = load_contract(ALL)
    found = find_sources(moto_drops.uri(f"in/{name}"), contract=contract)
    assert found == [moto_drops.uri(f"in/{name}/{member}") for member in ("in/calls_1.csv", "calls_2.csv")]
    result = validate(found[1], contract, output=tmp_path / "o")
    assert result.summary["source"]["uri"] == found[1]
    assert (tmp_path / "o" / "target.csv").read_bytes() == TWO
