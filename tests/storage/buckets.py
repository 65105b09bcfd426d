"""A bucket of the tests, what lies in it, and the command line run against it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any, Self

import boto3
import pytest
from botocore.config import Config

from tests.storage.servers import KEY, SECRET, Server

CONTRACT = """contract: calls
version: 1.2.0
columns:
  - {name: id, type: digits, unique: true}
  - {name: who, max_length: 8}
run: {log: {directory: logs, format: json}}
"""
HEADER = b"id,who\n"


def use_server(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> Any:
    """Point the environment at a server, by what AWS tools look at; give a client of the test's own."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "CALLCENTER_ETL_"))]:
        monkeypatch.delenv(name)
    variables = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    config = Config(request_checksum_calculation="when_required", retries={"total_max_attempts": 3})
    return boto3.client("s3", endpoint_url=endpoint, config=config)


class Drops:
    """A bucket on a server."""

    def __init__(self, client: Any, bucket: str, server: Server) -> None:
        self.client = client
        self.bucket = bucket
        self.server = server
        client.create_bucket(Bucket=bucket)

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def put(self, key: str, body: bytes) -> str:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)
        return self.uri(key)

    def get(self, key: str) -> bytes:
        with self.client.get_object(Bucket=self.bucket, Key=key)["Body"] as body:
            return bytes(body.read())

    def head(self, key: str) -> dict[str, Any]:
        return dict(self.client.head_object(Bucket=self.bucket, Key=key))

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str = "") -> list[str]:
        """Give what there is, without the records of the ledger."""
        return [key for key in self.everything(prefix) if "/runs/" not in key]

    def everything(self, prefix: str = "") -> list[str]:
        answer = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return sorted(each["Key"] for each in answer.get("Contents", []))

    def uploads(self) -> list[str]:
        answer = self.client.list_multipart_uploads(Bucket=self.bucket)
        return sorted(each["Key"] for each in answer.get("Uploads", []))


def records(count: int, *, width: int = 8, first: int = 0) -> bytes:
    """Give a source of `count` good records."""
    return HEADER + b"".join(b"%d,%s\n" % (first + n, b"x" * width) for n in range(count))


def cli(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environ}, timeout=120
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


class Seconds:
    """Measures how long its `with` took."""

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        return self

    def __exit__(self, *exc: object) -> None:
        self.taken = time.monotonic() - self._start
