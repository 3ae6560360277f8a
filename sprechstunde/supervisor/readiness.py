"""Asks the programs whether they are ready, with plain sockets: an HTTP client would cost memory."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

ANSWER_WITHIN = 2.0


def redis_answers(path: Path) -> bool:
    """Whether a Redis answers at this unix socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_WITHIN)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def http_status(url: str, host_header: str = "localhost") -> int | None:
    """The status code that `url` answers with; None if nothing does."""
    parts = urlsplit(url)
    # The portal may insist on HTTPS; its proxy is not here, so we speak as it would.
    request = (
        f"GET {parts.path} HTTP/1.1\r\nHost: {host_header}\r\n"
        "X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    )
    try:
        address = (parts.hostname, parts.port)
        with socket.create_connection(address, timeout=ANSWER_WITHIN) as connection:
            connection.sendall(request.encode())
            words = connection.makefile("rb").readline().split()
            return int(words[1])
    except (OSError, ValueError, IndexError):
        return None
