"""Runs a WSGI application for small requests: one hop into a thread and one back.

a2wsgi passes every part of a body and an answer between thread and loop; under load these hops cost
more than storing a message (docs/adr/0006-the-webhooks-short-path.md).
"""

import asyncio
import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, NamedTuple

from a2wsgi.wsgi import build_environ

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


class BufferedWSGI:
    """An ASGI application around a WSGI one; bodies above `limit` bytes are answered 413."""

    def __init__(self, application: Application, *, threads: int, limit: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="buffered")
        self._limit = limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one HTTP request; a caller who leaves in the middle gets none."""
        body = await self._whole(receive)
        if body is None:
            return
        answer = await self._answer(scope, body)
        length = (b"content-length", str(len(answer.body)).encode())
        head = {"status": answer.status, "headers": [*answer.headers, length]}
        await send({"type": "http.response.start", **head})
        await send({"type": "http.response.body", "body": answer.body})

    async def _whole(self, receive: Any) -> bytes | None:
        """Return the body, at most one part beyond the limit; None if the caller left."""
        body, more = b"", True
        while more and len(body) <= self._limit:
            event = await receive()
            if event["type"] != "http.request":
                return None
            body += event.get("body", b"")
            more = event.get("more_body", False)
        return body

    async def _answer(self, scope: Any, body: bytes) -> _Answer:
        if len(body) > self._limit:
            return _Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [(b"connection", b"close")])
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._run, scope, body)

    def _run(self, scope: Any, body: bytes) -> _Answer:
        heads: list[_Answer] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            lines = [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ]
            heads.append(_Answer(int(status[:3]), lines))

        parts: Any = self._application(build_environ(scope, io.BytesIO(body)), start)  # type: ignore[arg-type]
        try:
            return heads[0]._replace(body=b"".join(parts))
        finally:
            parts.close()
