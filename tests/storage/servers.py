"""Real S3 servers on loopback, started and stopped by process id: moto's, and Ceph's RADOS gateway."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

KEY, SECRET = "AKIATESTACCESS", "s3cr3t-that-nobody-may-see"
CEPH_PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    endpoint: str


def free_port() -> int:
    """Give a port below those that outgoing connections take, lest one of them takes it before the server does."""
    for _ in range(100):
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port found")


@contextmanager
def moto_server(folder: Path) -> Iterator[Server]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    with running(command, folder / "moto.log") as process:
        wait_for(f"http://127.0.0.1:{port}/moto-api/", process, folder / "moto.log")
        yield Server("moto", f"http://127.0.0.1:{port}")


def missing_ceph_programs() -> list[str]:
    return [program for program in CEPH_PROGRAMS if shutil.which(program) is None]


@contextmanager
def ceph_server(folder: Path) -> Iterator[Server]:
    """One monitor, one store in memory, one gateway; no authentication among them."""
    port, fsid, osd = free_port(), str(uuid.uuid4()), str(uuid.uuid4())
    monitor = f"v1:127.0.0.1:{free_port()}"
    conf = folder / "ceph.conf"
    conf.write_text(CEPH_CONF.format(folder=folder, fsid=fsid, monitor=monitor, port=port), encoding="utf-8")
    (folder / "run").mkdir()
    for name in ("mon", "osd", "rgw"):
        (folder / name).mkdir()

    def call(program: str, *words: str) -> str:
        command = [program, "-c", str(conf), *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=180)
        if done.returncode:
            raise RuntimeError(f"{command} failed: {done.stderr[-2000:]}")
        return done.stdout

    monmap = str(folder / "monmap")
    subprocess.run(
        ["monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[{monitor}]", monmap],
        check=True,
        capture_output=True,
    )
    call("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
    with ExitStack() as stack:
        stack.enter_context(running(["ceph-mon", "-c", str(conf), "-i", "a", "-f"], folder / "mon.out"))
        call("ceph", "osd", "new", osd)  # waits for the monitor
        call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        store = stack.enter_context(
            running(["ceph-osd", "-c", str(conf), "-i", "0", "-f"], folder / "osd.out")
        )
        gateway = ["radosgw", "-c", str(conf), "-n", "client.rgw", "-f"]
        process = stack.enter_context(running(gateway, folder / "rgw.out"))
        wait_for(f"http://127.0.0.1:{port}", process, folder / "rgw.out", needs=store)
        user = ("--uid=tests", "--display-name=tests", f"--access-key={KEY}", f"--secret-key={SECRET}")
        call("radosgw-admin", "-n", "client.rgw", "user", "create", *user)
        yield Server("ceph", f"http://127.0.0.1:{port}")


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    # The servers know no credentials of their own, and must not take the tests'.
    environment = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    if shutil.which("setpriv") is not None:  # so that a killed test run leaves no server behind
        command = ["setpriv", "--pdeathsig", "TERM", *command]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(
    url: str,
    process: subprocess.Popen[bytes],
    log: Path,
    *,
    needs: subprocess.Popen[bytes] | None = None,
    seconds: float = 180.0,
) -> None:
    """Wait until a server answers. Raises TimeoutError where it does not, or has ended, or what it needs has."""
    end = time.monotonic() + seconds
    both = [process] if needs is None else [process, needs]
    while time.monotonic() < end and all(each.poll() is None for each in both):
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310  loopback
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"{url} does not answer: {log.read_text(errors='replace')[-2000:]}")


CEPH_CONF = """[global]
fsid = {fsid}
mon host = {monitor}
ms bind msgr2 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon data avail crit = 1
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
log file = {folder}/$name.log
[mon.a]
mon data = {folder}/mon
mon addr = {monitor}
[osd.0]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 2147483648
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw data = {folder}/rgw
rgw enable ops log = false
"""
