"""Tells open browser pages that a phone has changed; carries ids, never content."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress

OVERVIEW = "overview"
HEARTBEAT_SECONDS = 15.0


class Hub:
    """Topics with a wake-up flag per listener: many changes at once are one event."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._closed = False

    def publish(self, topic: str) -> None:
        for name in (topic, OVERVIEW):
            for flag in self._listeners.get(name, ()):
                flag.set()

    def close(self) -> None:
        """End every open stream, so that the process can stop at once."""
        self._closed = True
        for flags in self._listeners.values():
            for flag in flags:
                flag.set()

    async def stream(self, topic: str) -> AsyncIterator[bytes]:
        """Server-sent events: `changed` now and after every change, comments in between."""
        flag = asyncio.Event()
        self._listeners[topic].add(flag)
        flag.set()
        try:
            while not self._closed:
                yield await self._next(flag)
        finally:
            self._listeners[topic].discard(flag)

    async def _next(self, flag: asyncio.Event) -> bytes:
        with suppress(TimeoutError):
            await asyncio.wait_for(flag.wait(), HEARTBEAT_SECONDS)
            flag.clear()
            return b"event: changed\ndata: 1\n\n"
        return b": still here\n\n"
