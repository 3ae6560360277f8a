"""One Redis subscription per process, fanned out to the streams of its event loop.

A connection per stream would die at the hundred-and-first: redis-py's pool ends there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from weakref import WeakKeyDictionary

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from sprechstunde.broker import name
from sprechstunde.live.events import SEPARATOR, Room, topic

log = logging.getLogger(__name__)

CONNECT_WITHIN = 2.0  # seconds
RECONNECT_AFTER = 0.2
HEALTH_CHECK = 10.0


class ChannelAway(Exception):
    """Redis cannot be heard, so a stream would promise what it cannot keep."""


class Listener:
    """What one stream has still to tell. The same event waiting twice is told once."""

    def __init__(self) -> None:
        self._pending: dict[str, None] = {}
        self._ring = asyncio.Event()
        self.cut = False

    def hear(self, events: Iterable[str]) -> None:
        """Take events in, to be told in the order in which they came first."""
        self._pending.update(dict.fromkeys(events))
        self._ring.set()

    def end(self) -> None:
        """Say that nothing more can be heard."""
        self.cut = True
        self._ring.set()

    async def heard(self, within: float) -> list[str]:
        """Return what came, waiting up to `within` seconds; empty if nothing did."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ring.wait(), max(within, 0))
        self._ring.clear()
        events, self._pending = list(self._pending), {}
        return events


class Hub:
    """Keeps the subscription for as long as somebody listens."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self._told: set[Listener] = set()  # those to whom it was said that they hear everything
        self._subscribed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listening(self, *rooms: Room) -> AsyncIterator[Listener]:
        """Hear the rooms' events; those after entering are not missed. Raises ChannelAway."""
        topics, listener = {topic(room) for room in rooms}, Listener()
        for each in topics:
            self._listeners.setdefault(each, set()).add(listener)
        try:
            await self._connected()
            self._told.add(listener)
            yield listener
        finally:
            self._leave(topics, listener)

    async def _connected(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            await asyncio.wait_for(self._subscribed.wait(), CONNECT_WITHIN)
        except TimeoutError as nobody_answers:
            raise ChannelAway from nobody_answers

    def _leave(self, topics: set[str], listener: Listener) -> None:
        self._told.discard(listener)
        for each in topics:
            self._listeners[each].discard(listener)
            if not self._listeners[each]:
                del self._listeners[each]
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None
            self._subscribed.clear()

    async def _run(self) -> None:
        while True:
            try:
                await self._subscribe()
            except (RedisError, OSError):
                self._cut_off()
            await asyncio.sleep(RECONNECT_AFTER)

    async def _subscribe(self) -> None:
        client = Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2, health_check_interval=HEALTH_CHECK
        )
        async with client, client.pubsub() as pubsub:
            await pubsub.psubscribe(name("live", "*"))
            while True:
                await self._take(pubsub)

    async def _take(self, pubsub: PubSub) -> None:
        message = await pubsub.get_message(timeout=HEALTH_CHECK)
        if message is None:
            return
        if message["type"] == "psubscribe":
            self._end_all()  # the client connected anew by itself: something may have been missed
            self._subscribed.set()
        elif message["type"] == "pmessage":
            events = _worth_telling(message["data"].decode().split(SEPARATOR))
            for listener in self._listeners.get(message["channel"].decode(), ()):
                listener.hear(events)

    def _cut_off(self) -> None:
        """End every stream, so that each browser sees that it hears nothing and comes again."""
        if self._subscribed.is_set():
            log.warning("live channel away: streams end and come again")
        self._subscribed.clear()
        self._end_all()

    def _end_all(self) -> None:
        for listener in self._told:
            listener.end()


def _worth_telling(events: list[str]) -> list[str]:
    """Leave `queue` out where the same commit names the conversations: their rows are enough."""
    named = any(event.startswith("conversation-") for event in events)
    return [event for event in events if event != "queue"] if named else events


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
