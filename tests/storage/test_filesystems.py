"""Local files by the standard library, and every other filesystem that fsspec knows."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from callcenter_etl import OutputError, SourceError, validate
from callcenter_etl.store import access
from tests.published import names_in
from tests.storage.buckets import CONTRACT, cli, records


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONTRACT)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002  the base class's
            return

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_memory_is_a_storage(tmp_path: Path) -> None:
    fsspec.filesystem("memory").pipe({"/m/a.csv": records(5), "/m/b.csv": b"id,who\nx,y\n"})
    assert access.expand("memory://m/*.csv") == ("memory:///m/a.csv", "memory:///m/b.csv")
    result = validate("memory://m/a.csv", "c.yaml", output="out")
    assert Path("out/target.csv").read_bytes() == records(5)
    assert result.summary["source"]["uri"] == "memory://m/a.csv"
    with pytest.raises(SourceError, match=r"memory://m/none\.csv: no such file"):
        validate("memory://m/none.csv", "c.yaml", output="other")


def test_the_web_is_a_storage(web: str) -> None:
    Path("calls.csv").write_bytes(records(5))
    done = cli(
        "validate",
        f"{web}/calls.csv?token=hidden",
        "-c",
        f"{web}/c.yaml",
        "-o",
        "out",
        "-q",
        "--format",
        "json",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"]["uri"] == f"{web}/calls.csv?..."
    assert Path("out/target.csv").read_bytes() == records(5)
    done = cli("validate", f"{web}/none.csv", "-c", "c.yaml", "-o", "out", "-q")
    assert (done.returncode, "none.csv: no such file" in done.stderr) == (3, True)


def test_what_cannot_be_read_or_written_says_what_would_do() -> None:
    with pytest.raises(SourceError, match="Protocol not known: nosuch"):
        validate("nosuch://x/y.csv", "c.yaml", output="out")
    Path("calls.csv").write_bytes(records(5))
    with pytest.raises(OutputError, match="outputs can be local or s3://"):
        validate("calls.csv", "c.yaml", output="memory://out")
    with pytest.raises(OutputError, match="copies can be published to s3:// only"):
        validate("calls.csv", "c.yaml", output="out", publish_to="elsewhere")


def test_a_pipe_and_a_file_address_are_sources() -> None:
    os.mkfifo("pipe.csv")
    writer = threading.Thread(target=Path("pipe.csv").write_bytes, args=(records(5),))
    writer.start()
    assert validate("pipe.csv", "c.yaml", output="out").passed
    writer.join()
    Path("calls x.csv").write_bytes(records(6))
    address = Path("calls x.csv").resolve().as_uri()
    assert validate(address, "c.yaml", output=Path("other").resolve().as_uri()).passed
    assert Path("other/target.csv").read_bytes() == records(6)


def test_a_source_deleted_while_it_is_read_is_told() -> None:
    Path("calls.csv").write_bytes(records(100))
    with pytest.raises(SourceError, match=r"calls\.csv: was deleted while it was read"):
        validate(
            "calls.csv",
            "c.yaml",
            output="out",
            on_progress=lambda progress: Path("calls.csv").unlink(missing_ok=True),
        )
    assert not names_in(Path("out"))


def test_a_local_run_imports_no_client_of_any_store() -> None:
    Path("calls.csv").write_bytes(records(5))
    script = (
        "import sys\nfrom callcenter_etl import validate\nvalidate('calls.csv', 'c.yaml', output='out')\n"
        "heavy = ('fsspec', 's3fs', 'boto3', 'botocore', 'aiobotocore', 'aiohttp', 'tenacity')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
