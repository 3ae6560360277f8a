"""A small HTTP client on asyncio that keeps connections and sends the bytes it is given."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from urllib.parse import urlsplit

IDLE_SECONDS = 2.0
CLOSED = "close"


class TransportError(Exception):
    """Nothing usable came back."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes


@dataclass(slots=True)
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0.0

    def usable(self) -> bool:
        fresh = time.monotonic() - self.used < IDLE_SECONDS
        return fresh and not self.reader.at_eof() and not self.writer.is_closing()


class Transport:
    """Never repeats a request by itself: an attempt is what the receiver sees."""

    def __init__(self, timeout: float = 20.0) -> None:
        self._timeout = timeout
        self._idle: dict[tuple[str, str], deque[Connection]] = defaultdict(deque)

    async def request(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Raises TransportError if there is no whole answer in time."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(method, url, headers or {}, body)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError) as error:
            raise TransportError(type(error).__name__) from error

    async def _exchange(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        origin = (parts.scheme, parts.netloc)
        connection = await self._connect(origin)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.writer.write(_head(method, target, parts.netloc, headers, body) + body)
            reply, keep = await _read(connection.reader)
        except BaseException:
            connection.writer.close()
            raise
        self._release(origin, connection, keep)
        return reply

    async def _connect(self, origin: tuple[str, str]) -> Connection:
        idle = self._idle[origin]
        while idle:
            connection = idle.pop()
            if connection.usable():
                return connection
            connection.writer.close()
        secure = origin[0] == "https"
        parts = urlsplit(f"//{origin[1]}")
        context = ssl.create_default_context() if secure else None
        port = parts.port or (443 if secure else 80)
        return Connection(*await asyncio.open_connection(parts.hostname, port, ssl=context))

    def _release(self, origin: tuple[str, str], connection: Connection, keep: bool) -> None:
        if not keep:
            connection.writer.close()
            return
        connection.used = time.monotonic()
        self._idle[origin].append(connection)

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.writer.close()
        self._idle.clear()


def _head(method: str, target: str, host: str, headers: dict[str, str], body: bytes) -> bytes:
    fixed = {"Host": host, "User-Agent": "facebookexternalua", "Accept": "*/*"}
    lines = {**fixed, **headers, "Content-Length": str(len(body))}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{text}\r\n".encode("latin-1")


async def _read(reader: asyncio.StreamReader) -> tuple[Reply, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    pairs = (line.split(":", 1) for line in head[1:] if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    body, framed = await _body(reader, status, headers)
    keep = framed and headers.get("connection", "").lower() != CLOSED
    return Reply(status, body), keep


async def _body(
    reader: asyncio.StreamReader, status: int, headers: dict[str, str]
) -> tuple[bytes, bool]:
    if status in (204, 304):
        return b"", True
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader), True
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"])), True
    return await reader.read(), False


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass
    return b"".join(parts)
