"""The short path of webhooks: a whole request in, a whole answer out."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpResponse

from sprechstunde.buffered import BufferedWSGI

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/x/",
    "root_path": "",
    "query_string": b"",
    "http_version": "1.1",
    "scheme": "http",
    "server": ("127.0.0.1", 80),
    "client": ("127.0.0.1", 1),
    "headers": [],
}
LIMIT = 10


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    body: BytesIO = environ["wsgi.input"]
    start("202 Accepted", [("X-Kind", "echo")])
    return HttpResponse(body.read())


def sent_for(*events: dict[str, Any]) -> list[dict[str, Any]]:
    coming, sent = iter(events), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        return next(coming)

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    async_to_sync(BufferedWSGI(echo, threads=1, limit=LIMIT))(SCOPE, receive, send)
    return sent


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_request_in_parts_gets_one_whole_answer() -> None:
    head, body = sent_for(part(b"01234", more=True), part(b"56789"))

    assert (head["status"], body["body"]) == (202, b"0123456789")
    assert head["headers"] == [(b"x-kind", b"echo"), (b"content-length", b"10")]


def test_request_above_the_limit_is_refused_without_reading_on() -> None:
    head, body = sent_for(part(b"0123456789", more=True), part(b"x", more=True))

    assert (head["status"], body["body"]) == (413, b"")


def test_caller_who_leaves_gets_nothing() -> None:
    assert sent_for(part(b"01", more=True), {"type": "http.disconnect"}) == []
