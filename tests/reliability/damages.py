"""What may become of a file or a folder: damaged, or replaced by something else."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DEEP = 50_000
HUGE_BYTES = 80 * 2**20  # sparse: more than a document of this program may have
_KEPT_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Outside:
    """A folder that no command is to change: a file, a folder with files in it, and nothing else."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Outside:
        """Make the folder."""
        inner = folder / "folder"
        inner.mkdir(parents=True)
        (folder / "file").write_bytes(b"not of this program\n")
        # Names that this program gives to its own files.
        for name in (
            "_manifest.json",
            "checkpoint.json",
            "part-00000.csv",
            "_SUCCESS",
            "summary.json",
            "keys",
        ):
            (inner / name).write_bytes(b"{}\n")
        return cls(folder)

    def fingerprint(self) -> str:
        """Hash names, kinds, permissions and bytes of all that is in it."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            found = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(found.st_mode) else b""
            digest.update(f"{path.relative_to(self.folder)} {found.st_mode} ".encode() + content)
        return digest.hexdigest()


Damage = Callable[[Path, Outside], None]


def remove(path: Path) -> None:
    """Remove whatever has this name."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _content_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b'{"a": "b"}\n'


def _with_bytes(make: Callable[[bytes], bytes]) -> Damage:
    def damage(path: Path, outside: Outside) -> None:
        data = make(_content_of(path))
        remove(path)
        path.write_bytes(data)

    return damage


def _replaced(make: Callable[[Path, Outside], None]) -> Damage:
    def damage(path: Path, outside: Outside) -> None:
        remove(path)
        make(path, outside)

    return damage


def _link_with_content(path: Path, outside: Outside) -> None:
    """Link to a file outside that holds what was here: nothing but the link itself is odd."""
    data, target = _content_of(path), outside.folder / f"moved-{path.name}"
    remove(path)
    target.write_bytes(data)
    path.symlink_to(target)


def _folder_link_with_content(path: Path, outside: Outside) -> None:
    target = outside.folder / f"moved-{path.name}"
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, target, symlinks=True)
    else:
        target.mkdir()
    remove(path)
    path.symlink_to(target)


def _full_folder(path: Path, outside: Outside) -> None:
    path.mkdir()
    (path / "somebody's file").write_bytes(b"x")


def _socket(path: Path, outside: Outside) -> None:
    server = socket.socket(socket.AF_UNIX)
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)  # the address of a socket may have 107 bytes
        server.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)
        server.close()


def _huge(path: Path, outside: Outside) -> None:
    with path.open("wb") as file:
        file.write(b"[")
        file.truncate(HUGE_BYTES)


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _random(data: bytes) -> bytes:
    return random.Random(len(data)).randbytes(min(len(data), _KEPT_BYTES) + 100)


def _flipped(data: bytes) -> bytes:
    changed = bytearray(data or b"\x00")
    changed[len(changed) // 3] ^= 0x41
    return bytes(changed)


DAMAGES: dict[str, Damage] = {
    "missing": _replaced(lambda *_: None),
    "empty": _with_bytes(lambda _: b""),
    "truncated": _with_bytes(_cut),
    "random bytes": _with_bytes(_random),
    "a flipped bit": _with_bytes(_flipped),
    "more behind it": _with_bytes(lambda data: data + b"\x00{}more"),
    "deep json": _with_bytes(lambda _: b"[" * DEEP + b"]" * DEEP),
    "deep objects": _with_bytes(lambda _: b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "fairly deep json": _with_bytes(lambda _: b"[" * 900 + b"]" * 900),
    "a list": _with_bytes(lambda _: b"[1, 2]"),
    "a number": _with_bytes(lambda _: b"7"),
    "null": _with_bytes(lambda _: b"null"),
    "an empty object": _with_bytes(lambda _: b"{}"),
    "a lone surrogate": _with_bytes(lambda data: data.replace(b'": "', b'": "\\ud800', 1) or b'"\\ud800"'),
    "a huge number": _with_bytes(lambda _: b"9" * 6000),
    "not utf-8": _with_bytes(lambda data: b"\xff\xfe" + data),
    "huge": _replaced(_huge),
    "a folder": _replaced(lambda path, _: path.mkdir()),
    "a folder with a file": _replaced(_full_folder),
    "a dangling link": _replaced(lambda path, outside: path.symlink_to(outside.folder / "missing")),
    "a link to a file": _replaced(lambda path, outside: path.symlink_to(outside.folder / "file")),
    "a link to its content": _link_with_content,
    "a link to a folder": _replaced(lambda path, outside: path.symlink_to(outside.folder / "folder")),
    "a link to its folder": _folder_link_with_content,
    "a link to itself": _replaced(lambda path, _: path.symlink_to(path.name)),
    "a pipe": _replaced(lambda path, _: os.mkfifo(path)),
    "a socket": _replaced(_socket),
    "a device": _replaced(lambda path, _: path.symlink_to("/dev/zero")),
}
