"""A Meta that keeps one file and fails as told: for what the simulator cannot be made to do on time."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass
class MediaPeer:
    """`lookups` and `downloads` are the statuses of the next answers, then 200."""

    url: str
    content: bytes = b""
    lookups: list[int] = field(default_factory=list)
    downloads: list[int] = field(default_factory=list)
    says: dict[str, Any] = field(default_factory=dict)
    asked: int = 0

    def description(self) -> dict[str, Any]:
        """What the media endpoint tells; `says` overrides it."""
        truth = {
            "messaging_product": "whatsapp",
            "url": f"{self.url}/file",
            "mime_type": "image/jpeg",
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "file_size": str(len(self.content)),
            "id": "77",
        }
        return truth | self.says


_CODES = {401: 190, 429: 4, 500: 131000, 503: 2, 400: 100, 404: 131052, 410: 131052}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        peer = cast("_Server", self.server).peer
        if self.path.endswith("/file"):
            self._answer(peer.downloads, peer.content)
        else:
            peer.asked += 1
            self._answer(peer.lookups, json.dumps(peer.description()).encode())

    def _answer(self, statuses: list[int], content: bytes) -> None:
        status = statuses.pop(0) if statuses else 200
        error = {"error": {"code": _CODES.get(status)}}
        body = content if status == 200 else json.dumps(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    peer: MediaPeer


@contextmanager
def media_peer() -> Iterator[MediaPeer]:
    """A peer for as long as the block runs."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.peer = MediaPeer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.peer
        finally:
            server.shutdown()
            thread.join()
