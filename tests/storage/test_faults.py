"""Faults that pass are lived through; those that do not end the run at once, with the remedy."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter_etl import OutputError, SourceError, validate
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.source_patterns import resolve_sources
from callcenter_etl.store import access, s3_stream, s3_uploads
from tests.published import names_in
from tests.storage.buckets import CONTRACT, Drops, Seconds, cli, records
from tests.storage.proxy import STALL_SECONDS, Request, often, proxied
from tests.storage.servers import SECRET, free_port

PASSING = ("500", "503", "reset", "reset_body", "lost_answer")
MAX_PARALLEL = 5.0


@pytest.fixture(autouse=True)
def _contract(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")


def with_options(text: str) -> str:
    Path("o.yaml").write_text(CONTRACT.replace("run: {", "run: {storage_options: {" + text + "}, "))
    return "o.yaml"


def test_a_fifth_of_all_requests_may_fail(drops: Drops, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = {"moto": 1, "ceph": 2}[drops.server.name]
    monkeypatch.setattr(s3_stream, "RANGE_BYTES", 2**16)
    monkeypatch.setattr(s3_uploads, "PART_BYTES", 5 * 2**20)
    body = records(500_000) + b"x,bad\n"
    uri = drops.put("calls.csv", body)
    with proxied(drops.server.endpoint, often(0.2, seed=seed, kinds=PASSING)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        result = validate(uri, "c.yaml", output=drops.uri("out"))
    assert len(proxy.faults) > len(proxy.requests) // 8
    assert drops.get("out/target.csv") == body.removesuffix(b"x,bad\n")
    assert drops.get("out/rejected.csv") == b"id,who\nx,bad\n"
    assert json.loads(drops.get("out/summary.json")) == result.summary
    assert len(drops.keys("out")) == 4


def test_reading_goes_on_at_the_byte_reached(drops: Drops) -> None:
    body = records(200_000)
    uri = drops.put("calls.csv", body)

    def cut(request: Request) -> str | None:
        return "reset_body" if request.verb == "GET" and request.number % 2 else None

    with proxied(drops.server.endpoint, cut) as proxy:
        assert access.read_bytes(uri, StorageOptions(endpoint_url=proxy.endpoint)) == body
    starts = [request.range_start or 0 for request in proxy.of("GET")]
    assert starts == sorted(set(starts))
    assert len(starts) > 1


@pytest.mark.parametrize("stored", [b"some words of a note", None], ids=["there", "missing"])
def test_a_small_answer_that_ends_early_is_asked_for_again(moto_drops: Drops, stored: bytes | None) -> None:
    key = "note.json"
    if stored is not None:
        moto_drops.put("note.json", stored)

    def cut(request: Request) -> str | None:
        return "reset_body" if request.verb == "GET" and request.number <= 2 else None

    with proxied(moto_drops.server.endpoint, cut) as proxy:
        options = StorageOptions(endpoint_url=proxy.endpoint)
        found = s3_uploads.Bucket(moto_drops.bucket, options).read(key)
        assert (None if found is None else found["Body"]) == stored
        proxy.plan = lambda request: "reset_body"
        few = StorageOptions(endpoint_url=proxy.endpoint, retries=1)
        with pytest.raises(OutputError, match="lost in the middle of an answer; given up after 2 tries"):
            s3_uploads.Bucket(moto_drops.bucket, few).read(key)
    assert len(proxy.of("GET")) == 5


def test_a_stalled_read_is_tried_again(moto_drops: Drops) -> None:
    uri = moto_drops.put("calls.csv", records(1000))
    with proxied(
        moto_drops.server.endpoint, lambda request: "stall" if request.number == 1 else None
    ) as proxy:
        options = StorageOptions(endpoint_url=proxy.endpoint, timeout=1)
        with Seconds() as seconds:
            assert access.read_bytes(uri, options) == records(1000)
    assert "stall" in proxy.faults
    assert seconds.taken < STALL_SECONDS


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("503", "throttling"), ("reset_body", "the connection was lost"), ("500", "InternalError")],
)
def test_a_used_up_budget_names_the_object_and_the_cause(moto_drops: Drops, fault: str, cause: str) -> None:
    uri = moto_drops.put("calls.csv", b"id,who\n1,x\n")

    def always(request: Request) -> str | None:
        return fault if request.verb == "GET" else None

    with proxied(moto_drops.server.endpoint, always) as proxy:
        contract = with_options(f"retries: 2, endpoint_url: '{proxy.endpoint}'")
        done = cli("validate", uri, "-c", contract, "-o", "out", "-q")
    assert done.returncode == 3
    assert f"\nerror: {uri}: " in done.stderr
    assert cause in done.stderr
    assert "given up after" in done.stderr
    assert not names_in(Path("out"))


def test_a_budget_of_seconds_ends_the_tries_too(moto_drops: Drops) -> None:
    uri = moto_drops.put("calls.csv", records(1))
    with proxied(moto_drops.server.endpoint, lambda request: "503") as proxy:
        options = StorageOptions(endpoint_url=proxy.endpoint, retries=1000, retry_seconds=1)
        with Seconds() as seconds, pytest.raises(SourceError, match="given up after"):
            access.identify(uri, options)
    assert seconds.taken < 20


@pytest.mark.xdist_group("ceph")
@pytest.mark.parametrize(
    ("environ", "remedy"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no credentials found"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "credentials"),
        ({"AWS_PROFILE": "nobody"}, "no such profile (check AWS_PROFILE"),
        ({"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"}, "does not know the access key"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, "secret key does not fit"),
    ],
)
def test_credentials_that_cannot_do_end_the_run_at_once(
    ceph_drops: Drops, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], remedy: str
) -> None:
    uri, output = ceph_drops.put("calls.csv", records(1)), ceph_drops.uri("out")
    Path("calls.csv").write_bytes(records(1))
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    with Seconds() as seconds, pytest.raises(SourceError, match=re.escape(remedy)) as reading:
        validate(uri, "c.yaml", output="out")
    assert seconds.taken < MAX_PARALLEL
    with Seconds() as seconds, pytest.raises(OutputError, match=re.escape(remedy)) as writing:
        validate("calls.csv", "c.yaml", output=output)
    assert seconds.taken < MAX_PARALLEL
    said = f"{reading.value} {writing.value}"
    assert SECRET not in said
    assert "wrong-secret" not in said


def run_all(pattern: str, *, output: str) -> None:
    for source in resolve_sources([pattern]):
        validate(source, "c.yaml", output=output)


@pytest.mark.xdist_group("ceph")
def test_what_is_not_there_or_not_allowed_is_said_at_once(ceph_drops: Drops) -> None:
    Path("calls.csv").write_bytes(records(1))
    key = ceph_drops.put("calls.csv", records(1))
    for words, said in (
        (("s3://no-such-bucket-here/x.csv", "-o", "out"), "no such bucket"),
        (("s3://no-such-bucket-here/*.csv", "-o", "out"), "no such bucket"),
        ((ceph_drops.uri("none.csv"), "-o", "out"), "none.csv: no such object"),
        ((ceph_drops.uri("none/"), "-o", "out"), "no object matches"),
        (("calls.csv", "-o", "s3://no-such-bucket-here/out"), "no such bucket"),
    ):
        with Seconds() as seconds, pytest.raises((SourceError, OutputError), match=said):
            run_all(words[0], output=words[2])
        assert seconds.taken < MAX_PARALLEL
    anonymous = with_options("anonymous: true")
    for words in ((key, "-o", "out"), ("calls.csv", "-o", ceph_drops.uri("out"))):
        done = cli("validate", *words, "-c", anonymous, "-q")
        assert (done.returncode, "access denied" in done.stderr) == (3, True), done.stderr


class _Refusing(http.server.BaseHTTPRequestHandler):
    code = "ExpiredToken"

    def do(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = f"<Error><Code>{self.code}</Code><Message>no</Message></Error>".encode()
        self.send_response(400 if self.code == "ExpiredToken" else 403)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do  # noqa: N815  names of the base class

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002  same
        return


@pytest.fixture(
    params=[("ExpiredToken", "the credentials have expired"), ("RequestTimeTooSkewed", "clock is wrong")]
)
def refusing(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    handler = type("Refusing", (_Refusing,), {"code": request.param[0]})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", request.param[1]
        server.shutdown()
        thread.join()


def test_other_refusals_carry_their_remedy(moto_drops: Drops, refusing: tuple[str, str]) -> None:
    Path("calls.csv").write_bytes(records(1))
    contract = with_options(f"endpoint_url: '{refusing[0]}'")
    with Seconds() as seconds:
        with pytest.raises(SourceError, match=refusing[1]):
            validate("s3://b/x.csv", contract)
        with pytest.raises(OutputError, match=refusing[1]):
            validate("calls.csv", contract, output="s3://b/out")
    assert seconds.taken < MAX_PARALLEL


def test_a_store_that_cannot_be_reached_is_named(moto_drops: Drops) -> None:
    options = StorageOptions(endpoint_url=f"http://127.0.0.1:{free_port()}", retries=1)
    with pytest.raises(SourceError, match=r"s3://b/x: the store cannot be reached \(check the endpoint"):
        access.identify("s3://b/x", options)


def test_secrets_are_in_nothing_that_is_written(moto_drops: Drops, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "session-token-that-nobody-may-see"
    uri = moto_drops.put("calls.csv", records(3))
    words = ("-c", "c.yaml", "-o", moto_drops.uri("out"), "--log-level", "DEBUG")
    with proxied(moto_drops.server.endpoint, often(0.1, seed=3, kinds=PASSING)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        done = [cli("validate", uri, *words), cli("validate", uri, *words, AWS_SESSION_TOKEN=token)]
        with_user = proxy.endpoint.replace("//", "//user:pass-word@")
        done.append(cli("validate", uri, *words, AWS_ENDPOINT_URL=with_user))
    done.append(cli("validate", f"http://me:{token}@127.0.0.1:1/x.csv?X-Amz-Signature={token}", *words))
    assert [each.returncode for each in done[2:]] == [3, 3], done[3].stderr
    assert done[0].returncode == 0
    written = "".join(each.stdout + each.stderr for each in done)
    written += Path("logs/callcenter_etl.log").read_text()
    written += moto_drops.get("out/summary.json").decode() if moto_drops.keys("out/summary.json") else ""
    for secret in (SECRET, token, "pass-word"):
        assert secret not in written
