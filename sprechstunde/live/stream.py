"""The server-sent events of one browser: names of what changed, a heartbeat, and a timely end."""

from collections.abc import AsyncIterator
from datetime import datetime

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from sprechstunde.live.events import Room
from sprechstunde.live.hub import ChannelAway, Listener, hub

HEARTBEAT = 15.0  # seconds; proxies cut what is silent for a minute
# After such an event the browser connects anew, which checks its access and the hour's end again.
ENDS_THE_STREAM = "session"
CLOSED = "closed"
# An event, because a comment never reaches the page's script, which could not tell silence from loss.
BEAT = "beat"


async def response(*rooms: Room, until: datetime) -> HttpResponseBase:
    """Stream the events of `rooms` until `until` (aware), then `closed`. 503 while Redis is away.

    The caller has checked access and given its database connection back: a stream lives for
    hours and must hold none.
    """
    stream = _lines(rooms, until)
    try:
        first = await anext(stream)
    except ChannelAway:
        return HttpResponse(status=503, headers={"Retry-After": "1"})
    return StreamingHttpResponse(
        _with(first, stream),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _with(first: str, stream: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for line in stream:
        yield line


async def _lines(rooms: tuple[Room, ...], until: datetime) -> AsyncIterator[str]:
    async with hub().listening(*rooms) as listener:
        yield ": listening\n\n"
        while not listener.cut:
            left = (until - timezone.now()).total_seconds()
            if left <= 0:
                yield _event(CLOSED)
                return
            yield await _next(listener, min(left, HEARTBEAT))


async def _next(listener: Listener, within: float) -> str:
    events = await listener.heard(within)
    if ENDS_THE_STREAM in events:
        listener.end()
    return "".join(map(_event, events or [BEAT]))


def _event(event: str) -> str:
    return f"event: {event}\ndata:\n\n"
