"""The fan-out inside one process, on a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils import timezone

from sprechstunde.live import events, hub, stream

LATER = timezone.now() + timedelta(days=1)


def test_same_event_twice_is_told_once_in_the_order_of_the_first() -> None:
    listener = hub.Listener()
    listener.hear(["a", "b"])
    listener.hear(["c", "a"])

    assert async_to_sync(listener.heard)(1) == ["a", "b", "c"]


def test_silence_is_broken_by_a_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)

    async def scenario() -> list[str]:
        lines = stream._lines((1,), LATER)
        found = [await anext(lines), await anext(lines)]
        await _closed(lines)
        return found

    assert async_to_sync(scenario)() == [": listening\n\n", "event: beat\ndata:\n\n"]


def test_all_listeners_share_one_subscription_that_ends_with_the_last() -> None:
    async def scenario() -> tuple[list[list[str]], bool]:
        async with hub.hub().listening(1) as first, hub.hub().listening(1) as second:
            await asyncio.to_thread(events.publish, 1, "queue")
            heard = [await first.heard(30), await second.heard(30)]
        return heard, hub.hub()._task is None

    assert async_to_sync(scenario)() == ([["queue"], ["queue"]], True)


def test_without_redis_there_is_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:9/0")
    monkeypatch.setattr(hub, "CONNECT_WITHIN", 0.3)

    response = async_to_sync(stream.response)(1, until=LATER)

    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE


async def _closed(lines: AsyncIterator[str]) -> None:
    await lines.aclose()  # type: ignore[attr-defined]
