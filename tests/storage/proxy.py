"""A proxy in front of an S3 server that makes faults: statuses, resets, stalls, lost answers, flipped bits."""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

STALL_SECONDS = 10.0
_ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>made by the test</Message></Error>"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its number, from 1, among those of the same verb (`GET`, `PUT` ...)."""

    number: int
    verb: str
    path: str
    headers: dict[str, str]

    @property
    def range_start(self) -> int | None:
        """The first byte that a ranged GET asks for."""
        text = self.headers.get("range")
        return None if text is None else int(text.removeprefix("bytes=").split("-")[0])


# What is done to a request: "500", "503", "reset", "reset_body", "stall", "lost_answer", "flip", "flip_request",
# or None for nothing.
Plan = Callable[[Request], str | None]


@dataclass(slots=True)
class Proxy:
    """A running proxy; `plan` may be changed at any time."""

    endpoint: str
    plan: Plan
    requests: list[Request] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def of(self, verb: str, part: str = "") -> list[Request]:
        return [request for request in self.requests if request.verb == verb and part in request.path]


def often(share: float, *, seed: int, kinds: tuple[str, ...], most_in_a_row: int = 4) -> Plan:
    """Give a plan that makes a fault of a share of the requests, the same ones for the same seed."""
    chance, lock, in_a_row = random.Random(seed), threading.Lock(), 0

    def plan(request: Request) -> str | None:
        nonlocal in_a_row
        with lock:
            hit = chance.random() < share and in_a_row < most_in_a_row
            in_a_row = in_a_row + 1 if hit else 0
            return chance.choice(kinds) if hit else None

    return plan


@contextmanager
def proxied(upstream: str, plan: Plan = lambda request: None) -> Iterator[Proxy]:
    with _Listener(("127.0.0.1", 0), _Handler) as server:
        server.upstream = urlsplit(upstream).netloc
        server.lock = threading.Lock()
        server.proxy = proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}", plan)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 50
    upstream: str
    lock: threading.Lock
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  the base class's
        return

    def shutdown_request(self, request: Any) -> None:
        try:
            super().shutdown_request(request)
        except OSError:
            return


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client went away, as clients under faults do
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ARG002  the base class's
        return

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        proxy = self.server.proxy
        with self.server.lock:
            number = sum(1 for each in proxy.requests if each.verb == self.command) + 1
            headers = {name.lower(): text for name, text in self.headers.items()}
            request = Request(number, self.command, self.path, headers)
            proxy.requests.append(request)
        fault = proxy.plan(request)
        if fault is not None:
            proxy.faults.append(fault)
        if fault in ("500", "503"):
            code = {"500": "InternalError", "503": "SlowDown"}[fault]
            self.answer(int(fault), {"content-type": "application/xml"}, _ERROR.format(code).encode())
            return
        if fault == "reset":
            self.reset()
            return
        status, answer_headers, answer = self.forward(_flipped(body) if fault == "flip_request" else body)
        if fault == "lost_answer":
            self.reset()
            return
        self.answer(status, answer_headers, _flipped(answer) if fault == "flip" else answer, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do  # noqa: N815  names of the base class

    def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.server.upstream, timeout=30)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, text in self.headers.items():
                if name.lower() not in ("expect", "connection"):
                    connection.putheader(name, text)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def answer(self, status: int, headers: dict[str, str], body: bytes, fault: str | None = None) -> None:
        self.send_response_only(status)
        length = {name.lower(): text for name, text in headers.items()}.get("content-length")
        for name, text in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, text)
        self.send_header("content-length", length if self.command == "HEAD" and length else str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = len(body) // 2
        if fault in ("reset_body", "stall"):
            self.wfile.write(body[:cut])
            self.wfile.flush()
            time.sleep(STALL_SECONDS if fault == "stall" else 0.02)
            self.reset()
            return
        self.wfile.write(body)

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _flipped(body: bytes) -> bytes:
    if not body:
        return body
    at = len(body) // 2
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
