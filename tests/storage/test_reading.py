"""Sources, lookups and contracts on S3: read in ranges, pinned, found by globs and prefixes."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import tracemalloc
from pathlib import Path

import pytest

from callcenter_etl import SourceError, load_contract, validate
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store import access, s3_reads, s3_stream
from tests.published import names_in
from tests.storage.buckets import CONTRACT, Drops, cli, records
from tests.storage.proxy import Request, proxied

OPTIONS = StorageOptions()


@pytest.fixture
def contract(tmp_path: Path) -> str:
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    return "c.yaml"


def read_all(uri: str, options: StorageOptions = OPTIONS) -> bytes:
    return access.read_bytes(uri, options)


def test_a_run_from_s3_is_the_run_of_the_same_local_file(drops: Drops, contract: str) -> None:
    body = records(1000) + b"x,bad\n"
    Path("calls.csv").write_bytes(body)
    local = validate("calls.csv", contract, output="local").summary
    remote = validate(drops.put("in/calls.csv", body), contract, output="remote").summary
    for name in ("target.csv", "exceptions.csv", "rejected.csv"):
        assert Path("local", name).read_bytes() == Path("remote", name).read_bytes()
    assert remote["source"] == {**local["source"], "uri": drops.uri("in/calls.csv")}
    assert remote["records"] == local["records"]


def test_the_command_line_reads_and_writes_s3(drops: Drops, contract: str) -> None:
    drops.put("in/calls.csv", records(10) + b"x,bad\n")
    done = cli(
        "validate", drops.uri("in/calls.csv"), "-c", contract, "-o", drops.uri("out"), "--format", "json"
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout) == json.loads(drops.get("out/summary.json"))
    assert drops.get("out/target.csv") == records(10)
    good = cli(
        "validate", drops.put("in/good.csv", records(3)), "-c", contract, "-o", drops.uri("good"), "-q"
    )
    assert (good.returncode, good.stderr) == (0, "")


def test_ranges_are_read_ahead_and_never_asked_for_twice(
    drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_stream, "RANGE_BYTES", 2**18)
    body = records(100_000)
    drops.put("big.csv", body)
    with proxied(drops.server.endpoint) as proxy:
        options = StorageOptions(endpoint_url=proxy.endpoint)
        identity = access.identify(drops.uri("big.csv"), options)
        with access.open_stream(drops.uri("big.csv"), identity, options) as stream:
            first = stream.read(1000)
            for _ in range(200):
                if len(proxy.of("GET")) == 3:
                    break
                threading.Event().wait(0.01)
            assert len(proxy.of("GET")) == 3  # the first and two ahead, while nothing is asked for
            rest = b"".join(iter(lambda: stream.read(2**20), b""))
        assert first + rest == body
        gets = proxy.of("GET")
        assert len(gets) == -(-len(body) // 2**18)
        assert {request.headers["if-match"] for request in gets} == {f'"{identity.version}"'}
        assert len(proxy.of("HEAD")) == 1


def test_memory_does_not_grow_with_the_object(moto_drops: Drops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_stream, "RANGE_BYTES", 2**18)
    peaks = []
    for megabytes in (4, 24):
        uri = moto_drops.put("big.csv", b"x" * (megabytes << 20))
        identity = access.identify(uri)
        tracemalloc.start()
        with access.open_stream(uri, identity) as stream:
            while stream.read(2**18):
                pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2**20


@pytest.mark.parametrize("what", ["replaced", "replaced by a smaller one", "deleted"])
def test_an_object_that_changes_while_it_is_read_ends_the_run(
    drops: Drops, contract: str, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(s3_stream, "RANGE_BYTES", 2**16)
    body = records(40_000)
    uri = drops.put("calls.csv", body)

    def change(request: Request) -> None:
        if request.verb == "GET" and request.range_start == 4 * 2**16:
            if what == "deleted":
                drops.delete("calls.csv")
            else:
                drops.put("calls.csv", body[:1000] if "smaller" in what else body.replace(b"x", b"y"))

    with proxied(drops.server.endpoint, change) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        sentence = f"{uri}: was {what.split(maxsplit=1)[0]} while it was read"
        with pytest.raises(SourceError, match=sentence):
            validate(uri, contract, output="out")
    assert not names_in(Path("out"))


def test_an_object_replaced_after_its_last_byte_ends_the_run_too(
    drops: Drops, contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = drops.put("calls.csv", records(10))

    def change(request: Request) -> None:
        if request.verb == "HEAD" and request.number == 3:  # the ledger asks first, and the reader
            drops.put("calls.csv", records(11))

    with proxied(drops.server.endpoint, change) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        done = cli("validate", uri, "-c", contract, "-o", "out")
    assert done.returncode == 3
    assert "changed while it was read" in done.stderr
    assert not names_in(Path("out"))


def test_a_compressed_object_is_streamed(drops: Drops, contract: str) -> None:
    packed = gzip.compress(records(5000))
    summary = validate(drops.put("calls.csv.gz", packed), contract, output=drops.uri("out")).summary
    assert drops.get("out/target.csv") == records(5000)
    assert summary["source"]["sha256"] == hashlib.sha256(packed).hexdigest()


def test_globs_and_prefixes_name_objects(drops: Drops) -> None:
    for key in (
        *("2026-11-01/calls_a.csv.gz", "2026-11-02/calls_b.csv.gz", "2026-11-02/other.csv", "2026-11-02/"),
        *("2026-12-01/calls_c.csv.gz", "2026-11-03/deep/calls_d.csv.gz", "odd/[1].csv", "odd/1.csv"),
    ):
        drops.put(key, b"")

    def found(pattern: str) -> list[str]:
        return [uri.removeprefix(drops.uri("")) for uri in access.expand(drops.uri(pattern))]

    assert found("2026-11-*/calls_*.csv.gz") == ["2026-11-01/calls_a.csv.gz", "2026-11-02/calls_b.csv.gz"]
    assert found("2026-11-0?/**/*.gz")[-1] == "2026-11-03/deep/calls_d.csv.gz"
    assert found("2026-11-02/") == ["2026-11-02/calls_b.csv.gz", "2026-11-02/other.csv"]
    assert len(found("")) == 7
    assert found("odd/[1].csv") == ["odd/[1].csv"]
    assert found("plain.csv") == ["plain.csv"]
    with pytest.raises(SourceError, match="no object matches"):
        found("2027-*/x")


def test_more_objects_than_one_page_are_listed(drops: Drops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_reads, "PAGE_KEYS", 3)
    for number in range(10):
        drops.put(f"many/{number}", b"")
    assert access.expand(drops.uri("many/")) == tuple(drops.uri(f"many/{number}") for number in range(10))


def test_several_objects_get_a_prefix_each(drops: Drops, contract: str) -> None:
    drops.put("in/a.csv.gz", gzip.compress(records(2)))
    drops.put("in/b.csv", records(3))
    done = cli("validate", drops.uri("in/"), "-c", contract, "-o", drops.uri("out"), "-q", "--format", "json")
    assert (done.returncode, len(json.loads(done.stdout))) == (0, 2), done.stderr
    assert drops.get("out/a/target.csv") == records(2)
    assert drops.get("out/b/target.csv") == records(3)


def test_contracts_and_lookups_lie_on_s3_too(drops: Drops) -> None:
    text = "contract: c\ncolumns:\n  - {name: id, lookup: {file: ../lists/ids.csv, column: id}}\n"
    uri = drops.put("contracts/c.yaml", text.encode())
    drops.put("lists/ids.csv", b"id\n1\n2\n")
    Path("in.csv").write_text("id\n1\n3\n")
    result = validate("in.csv", uri, output="out")
    assert result.summary["records"] == {"read": 2, "accepted": 1, "rejected": 1, "malformed": 0, "warned": 0}
    drops.delete("lists/ids.csv")
    with pytest.raises(SourceError, match=r"lists/ids\.csv: no such object"):
        validate("in.csv", load_contract(uri), output="out")


def test_damaged_bytes_are_found_by_the_md5_of_the_store(
    drops: Drops, contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = drops.put("calls.csv", records(50_000))
    with proxied(drops.server.endpoint, lambda request: "flip" if request.verb == "GET" else None) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        with pytest.raises(SourceError, match="do not have the MD5 that the store gives"):
            validate(uri, contract, output="out")
    assert not names_in(Path("out"))


def test_an_empty_object_is_refused_as_an_empty_file_is(drops: Drops, contract: str) -> None:
    result = validate(drops.put("calls.csv", b""), contract, output=drops.uri("out"))
    assert (result.record.status, result.record.problems[0].rule) == ("refused", "file.empty")
    assert drops.keys("out") == ["out/summary.json"]
