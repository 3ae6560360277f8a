"""A real HTTP server that receives webhooks, checks their signature and keeps them."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]


@dataclass(slots=True)
class Webhooks:
    """What arrived, in the order of arrival. `answers` are the next HTTP statuses, then 200."""

    url: str
    secret: str
    verify_token: str
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str | None] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: bytes, signature: str | None) -> int:
        with self.lock:
            self.bodies.append(body)
            self.signatures.append(signature)
            return self.answers.pop(0) if self.answers else 200

    def clear(self) -> None:
        with self.lock:
            self.bodies.clear()
            self.signatures.clear()
            self.answers.clear()

    def all_signed(self) -> bool:
        expected = [
            "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            for body in self.bodies
        ]
        return expected == self.signatures

    def values(self, field_name: str = "messages") -> list[Json]:
        """Every `value` of the field, unpacked from all batches."""
        return [
            change["value"]
            for body in self.bodies
            for entry in json.loads(body)["entry"]
            for change in entry["changes"]
            if change["field"] == field_name
        ]

    def messages(self) -> list[Json]:
        return [message for value in self.values() for message in value.get("messages", [])]

    def statuses(self) -> list[Json]:
        return [status for value in self.values() for status in value.get("statuses", [])]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def webhooks(self) -> Webhooks:
        return cast("Server", self.server).webhooks

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        right = query.get("hub.verify_token") == [self.webhooks.verify_token]
        challenge = query.get("hub.challenge", [""])[0]
        self._answer(200 if right else 403, challenge if right else "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.webhooks.take(body, self.headers["X-Hub-Signature-256"]), "")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments: object) -> None:
        """Tests are quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    webhooks: Webhooks


@contextmanager
def receiving(secret: str, verify_token: str) -> Iterator[Webhooks]:
    """A receiver for as long as the block runs."""
    with Server(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/webhooks/whatsapp/"
        server.webhooks = Webhooks(url, secret, verify_token)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.webhooks
        finally:
            server.shutdown()
            thread.join()
