"""A Graph API that answers exactly as a test says, also where a real one would be broken."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One answer; with `cut` the connection ends without one."""

    status: int = 200
    body: bytes = b""
    cut: bool = False
    after: threading.Event | None = None  # answer only once it is set


def accepted(wamid: str) -> Reply:
    return Reply(body=json.dumps({"messages": [{"id": wamid}]}).encode())


def refused(code: int, status: int = 400) -> Reply:
    return Reply(status, json.dumps({"error": {"message": "x", "code": code}}).encode())


CUT = Reply(cut=True)


@dataclass
class Meta:
    """What was asked of it, and how it answers: the replies in turn, then acceptance."""

    base_url: str = ""
    replies: list[Reply] = field(default_factory=list)
    decide: Callable[[Json], Reply] | None = None
    requests: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def texts(self) -> list[str]:
        return [body["text"]["body"] for body in self.requests if "text" in body]

    def answer(self, path: str, headers: dict[str, str], body: Json) -> Reply:
        with self.lock:
            self.requests.append(body)
            self.headers.append(headers)
            self.paths.append(path)
            if self.replies:
                return self.replies.pop(0)
            if self.decide:
                return self.decide(body)
            return accepted(f"wamid.{len(self.requests)}")


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # connections at the same moment; one too many is tried again in 1 s

    def handle_error(self, *_: object) -> None:
        """Say nothing when a connection that was cut on purpose ends."""


@contextmanager
def running() -> Iterator[Meta]:
    meta = Meta()
    server = _Server(("127.0.0.1", 0), _handler(meta))
    meta.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield meta
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(meta: Meta) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(json.loads(content))

        def do_GET(self) -> None:
            self._answer({})

        def _answer(self, body: Json) -> None:
            reply = meta.answer(self.path, dict(self.headers), body)
            if reply.after:
                reply.after.wait(60)
            if reply.cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
