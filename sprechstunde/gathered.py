"""Answers small POSTs together: one thread takes all that are waiting, and nobody waits for more.

While it works, the next ones gather; a single one is taken at once. What costs as much for many as
for one (a commit, a publish) is then paid once (docs/adr/0006-webhooks-are-stored-together.md).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, NamedTuple

from django.db import close_old_connections

# More would keep others from the database for too long.
MOST_LETTERS = 64
MOST_BYTES = 256 * 1024  # a larger letter is the last of its round


class Letter(NamedTuple):
    """A request's body, and the value of the header by which it is judged."""

    body: bytes
    signature: str | None


class _Waiting(NamedTuple):
    letter: Letter
    answer: "asyncio.Future[int]"


class Gathered:
    """An ASGI application that answers each POST with the status which `answers` gives its letter.

    `answers` runs in one thread and never raises. Bodies above `limit` bytes are answered 413.
    """

    def __init__(
        self, answers: Callable[[Sequence[Letter]], Sequence[int]], *, signature: str, limit: int
    ) -> None:
        self._answers = answers
        self._signature = signature.lower().encode()
        self._limit = limit
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gathered")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one HTTP request; a caller who leaves in the middle gets none."""
        body = await self._whole(receive)
        if body is None:
            return
        status, headers = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [(b"connection", b"close")]
        if len(body) <= self._limit:
            letter = Letter(body, self._signature_in(scope["headers"]))
            status, headers = HTTPStatus(await self._answer(letter)), []
        headers.append((b"content-length", b"0"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body"})

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

    def _signature_in(self, headers: Sequence[tuple[bytes, bytes]]) -> str | None:
        return next((v.decode("latin-1") for name, v in headers if name == self._signature), None)

    def _answer(self, letter: Letter) -> "asyncio.Future[int]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()
        self._waiting.append(_Waiting(letter, answer))
        # Rung for each: whoever comes when all is taken finds nothing to do.
        self._thread.submit(self._work, loop)
        return answer

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        if taken := self._take():
            close_old_connections()  # as Django does before each request
            statuses = self._answers([each.letter for each in taken])
            loop.call_soon_threadsafe(_tell, taken, statuses)

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        size = 0
        while self._waiting and len(taken) < MOST_LETTERS and size < MOST_BYTES:
            taken.append(self._waiting.popleft())
            size += len(taken[-1].letter.body)
        return taken


def _tell(taken: Sequence[_Waiting], statuses: Sequence[int]) -> None:
    for each, status in zip(taken, statuses, strict=True):
        if not each.answer.done():  # cancelled while the server stops
            each.answer.set_result(status)
